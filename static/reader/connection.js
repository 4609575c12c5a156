/**
 * The page's connection: one for all tabs of the browser through a SharedWorker, or where there is none, one of its own
 * while the page is visible. It is closed when the page is hidden for good or kept in the back-forward cache, and the
 * position is checked whenever the page may have missed something.
 */

import { Follower } from "./follower.js";
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
 * @typedef {object} Callbacks
 * @property {(change: Change) => void} change
 * @property {() => void} reset
 * @property {(live: boolean, transport: Transport) => void} live
 */

/** A SharedWorker that has not answered by then does not run here. */
const WORKER_MS = 4_000;
/** Without a SharedWorker, a page in the background gives its connection up and asks from time to time. */
const RELEASE_MS = 60_000;

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
   * @param {Transport | null} given.forced use only this transport and no worker, for tests and debugging
   * @param {Callbacks} given.on
   */
  constructor({ addresses, position, forced, on }) {
    this.#addresses = /** @type {Addresses} */ (
      Object.fromEntries(Object.entries(addresses).map(([name, path]) => [name, new URL(path, location.href).href]))
    );
    this.#position = position;
    this.#on = on;
    this.#open(forced === null && "SharedWorker" in window && window.origin !== "null", forced);
    this.#watch();
  }

  get position() {
    return this.#position;
  }

  /**
   * @param {boolean} shared
   * @param {Transport | null} forced
   */
  #open(shared, forced) {
    const on = {
      change: (/** @type {Change} */ change) => this.#receive(change),
      reset: () => this.#reset(),
      live: this.#on.live,
    };
    this.#line = shared
      ? new SharedLine(this.#addresses, on, () => this.#open(false, forced))
      : new OwnLine(this.#addresses, on, forced);
    this.#line.join(this.#position);
  }

  #watch() {
    document.addEventListener("visibilitychange", () => {
      const visible = document.visibilityState === "visible";
      this.#line?.show(visible);
      if (visible) this.#line?.check(this.#position);
    });
    addEventListener("online", () => {
      this.#line?.online();
      this.#line?.check(this.#position);
    });
    addEventListener("offline", () => this.#on.live(false, "sse"));
    addEventListener("pagehide", () => this.#line?.leave());
    document.addEventListener("freeze", () => this.#line?.leave());
    document.addEventListener("resume", () => this.#rejoin());
    addEventListener("pageshow", (event) => {
      if (event.persisted) this.#rejoin();
    });
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
    this.#isOver = true;
    this.#line?.leave();
    this.#on.reset();
  }
}

/** @implements {Line} */
class SharedLine {
  #addresses;
  #on;
  #fail;
  /** @type {MessagePort | null} */
  #port = null;

  /**
   * @param {Addresses} addresses
   * @param {Callbacks} on
   * @param {() => void} fail
   */
  constructor(addresses, on, fail) {
    this.#addresses = addresses;
    this.#on = on;
    this.#fail = fail;
  }

  /** @param {string} position */
  join(position) {
    this.leave();
    const worker = new SharedWorker(new URL("./shared_connection.js", import.meta.url), { type: "module" });
    const port = (this.#port = worker.port);
    const fail = () => {
      clearTimeout(timer);
      if (this.#port !== port) return;
      this.#port = null;
      this.#fail();
    };
    const timer = setTimeout(fail, WORKER_MS);
    worker.addEventListener("error", fail);
    port.addEventListener("message", ({ data }) => {
      clearTimeout(timer);
      if (this.#port !== port) return;
      if (data.change) this.#on.change(data.change);
      else if (data.reset) this.#on.reset();
      else this.#on.live(data.live, data.transport);
    });
    port.start();
    const visible = document.visibilityState === "visible";
    port.postMessage({ join: { addresses: this.#addresses, position }, visible });
  }

  /** @param {string} position */
  check(position) {
    this.#port?.postMessage({ check: position });
  }

  online() {
    this.#port?.postMessage({ online: true });
  }

  /** @param {boolean} visible */
  show(visible) {
    this.#port?.postMessage({ visible });
  }

  leave() {
    this.#port?.postMessage({ leave: true });
    this.#port?.close();
    this.#port = null;
  }
}

/** @implements {Line} */
class OwnLine {
  #follower;
  #released = false;
  #releasing = 0;
  #asking = 0;

  /**
   * @param {Addresses} addresses
   * @param {Callbacks} on
   * @param {Transport | null} forced
   */
  constructor(addresses, on, forced) {
    this.#follower = new Follower({
      addresses,
      position: "",
      forced,
      isVisible: () => document.visibilityState === "visible",
      on: {
        change: on.change,
        reset: on.reset,
        live: (live) => on.live(live, this.#follower.transport),
      },
    });
  }

  /** @param {string} position */
  join(position) {
    this.#released = false;
    this.#follower.connect(position);
  }

  check() {
    void this.#follower.check();
  }

  online() {
    this.#follower.forgive();
  }

  /** @param {boolean} visible */
  show(visible) {
    clearTimeout(this.#releasing);
    clearInterval(this.#asking);
    if (!visible) this.#releasing = setTimeout(() => this.#release(), RELEASE_MS);
    else if (this.#released) this.join(this.#follower.position);
  }

  #release() {
    this.#released = true;
    this.#follower.stop();
    this.#asking = setInterval(() => void this.#follower.catchUp(), RELEASE_MS);
  }

  leave() {
    clearTimeout(this.#releasing);
    clearInterval(this.#asking);
    this.#follower.stop();
  }
}
