/**
 * The page's connection, on a line of lines.js or, inside another site's page, of joint_line.js. It is closed when the page is hidden for good
 * or kept in the back-forward cache, and the position is checked whenever the page may have missed something.
 */

import { isAfter, sameEpoch } from "./position.js";

/** @typedef {import("./transports.js").Change} Change */
/** @typedef {import("./transports.js").Addresses} Addresses */
/** @typedef {import("./transports.js").Transport} Transport */
/**
 * @typedef {object} Line what the page needs of either kind of connection
 * @property {(position: string) => void} join
 * @property {(position: string) => void} check
 * @property {() => void} online
 * @property {(visible: boolean) => void} show
 * @property {() => void} leave
 *
 * @typedef {(addresses: Addresses, on: Callbacks, replace: (line: Line) => void) => Line} OpenLine makes the line;
 *   `replace` puts another in its place if it fails
 *
 * @typedef {object} Callbacks
 * @property {(change: Change) => void} change
 * @property {() => void} reset
 * @property {(live: boolean, transport: Transport) => void} live
 */

export class Connection {
  #position;
  #addresses;
  #on;
  /** @type {Line | null} */
  #line = null;
  #isOver = false;

  /**
   * @param {object} given
   * @param {Addresses} given.addresses
   * @param {string} given.position the position at which the page was rendered
   * @param {OpenLine} given.open
   * @param {AbortSignal} [given.signal] ends the connection
   * @param {Callbacks} given.on
   */
  constructor({ addresses, position, open, signal, on }) {
    this.#addresses = /** @type {Addresses} */ (
      Object.fromEntries(Object.entries(addresses).map(([name, path]) => [name, new URL(path, location.href).href]))
    );
    this.#position = position;
    this.#on = on;
    const callbacks = {
      change: (/** @type {Change} */ change) => this.#receive(change),
      reset: () => this.#reset(),
      live: on.live,
    };
    this.#use(open(this.#addresses, callbacks, (line) => this.#use(line)));
    this.#watch(signal ? { signal } : {});
    signal?.addEventListener("abort", () => this.#end());
  }

  get position() {
    return this.#position;
  }

  /** @param {Line} line */
  #use(line) {
    this.#line = line;
    line.join(this.#position);
  }

  /** @param {AddEventListenerOptions} until */
  #watch(until) {
    document.addEventListener(
      "visibilitychange",
      () => {
        const visible = document.visibilityState === "visible";
        this.#line?.show(visible);
        if (visible) this.#line?.check(this.#position);
      },
      until,
    );
    addEventListener(
      "online",
      () => {
        this.#line?.online();
        this.#line?.check(this.#position);
      },
      until,
    );
    addEventListener("offline", () => this.#on.live(false, "sse"), until);
    addEventListener("pagehide", () => this.#line?.leave(), until);
    document.addEventListener("freeze", () => this.#line?.leave(), until);
    document.addEventListener("resume", () => this.#rejoin(), until);
    addEventListener(
      "pageshow",
      (event) => {
        if (event.persisted) this.#rejoin();
      },
      until,
    );
  }

  #rejoin() {
    if (!this.#isOver) this.#line?.join(this.#position);
  }

  /** @param {Change} change */
  #receive(change) {
    if (change.position === undefined || this.#isOver) return;
    // Another tab that was loaded later made the shared connection go on with a new history.
    if (!sameEpoch(change.position, this.#position)) return this.#reset();
    if (change.kind === "hello" || !isAfter(change.position, this.#position)) return;
    this.#position = change.position;
    this.#on.change(change);
  }

  #reset() {
    this.#end();
    this.#on.reset();
  }

  #end() {
    this.#isOver = true;
    this.#line?.leave();
  }
}
