/**
 * The connections of a page of ours: one for all tabs of the browser through a SharedWorker, or where there is none, one
 * of its own while the page is visible.
 */

import { Follower } from "./follower.js";

/** @typedef {import("./transports.js").Addresses} Addresses */
/** @typedef {import("./transports.js").Transport} Transport */
/** @typedef {import("./connection.js").Line} Line */
/** @typedef {import("./connection.js").Callbacks} Callbacks */

/** A SharedWorker that has not answered by then does not run here, or was ended by the browser. */
const WORKER_MS = 4_000;
/** How often it is asked whether it is still there: nothing else tells that it was ended. */
const ASK_MS = 20_000;
/** Without a SharedWorker, a page in the background gives its connection up and asks from time to time. */
const RELEASE_MS = 60_000;

/**
 * @param {Transport | null} forced use only this transport and no worker, for tests and debugging
 * @returns {import("./connection.js").OpenLine}
 */
export function openLine(forced) {
  return (addresses, on, replace) => {
    const own = () => new OwnLine(addresses, on, forced);
    const isShared = forced === null && "SharedWorker" in window && window.origin !== "null";
    return isShared ? new SharedLine(addresses, on, () => replace(own())) : own();
  };
}

/** @implements {Line} */
class SharedLine {
  #addresses;
  #on;
  #fail;
  #position = "";
  /** @type {MessagePort | null} */
  #port = null;
  #waiting = 0;
  #asking = 0;

  /**
   * @param {Addresses} addresses
   * @param {Callbacks} on
   * @param {() => void} fail called if there is no worker here
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
      if (this.#port !== port) return;
      this.leave();
      this.#fail();
    };
    this.#position = position;
    this.#waiting = setTimeout(fail, WORKER_MS);
    worker.addEventListener("error", fail);
    port.addEventListener("message", ({ data }) => {
      if (this.#port !== port) return;
      clearTimeout(this.#waiting);
      this.#waiting = 0;
      if (data.change) this.#on.change(data.change);
      else if (data.reset) this.#on.reset();
      else this.#on.live(data.live, data.transport);
    });
    port.start();
    const visible = document.visibilityState === "visible";
    port.postMessage({ join: { addresses: this.#addresses, position }, visible });
    this.#asking = setInterval(() => this.#ask({ ask: true }), ASK_MS);
  }

  /** @param {string} position */
  check(position) {
    this.#position = position;
    this.#ask({ check: position });
  }

  /** @param {{ check: string } | { ask: true }} what is answered at once */
  #ask(what) {
    this.#port?.postMessage(what);
    // Another worker is made; what the page has already it ignores.
    this.#waiting ||= setTimeout(() => this.join(this.#position), WORKER_MS);
  }

  online() {
    this.#port?.postMessage({ online: true });
  }

  /** @param {boolean} visible */
  show(visible) {
    this.#port?.postMessage({ visible });
  }

  leave() {
    clearInterval(this.#asking);
    clearTimeout(this.#waiting);
    this.#waiting = 0;
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
