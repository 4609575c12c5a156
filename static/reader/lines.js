/**
 * The connections of a page of ours: one for all tabs of the browser through a SharedWorker, or where there is none, one
 * of its own while the page is visible.
 */

import { Follower } from "./follower.js";

/** @typedef {import("./transports.js").Addresses} Addresses */
/** @typedef {import("./transports.js").Transport} Transport */
/** @typedef {import("./connection.js").Line} Line */
/** @typedef {import("./connection.js").Callbacks} Callbacks */

/** A SharedWorker that has not answered by then does not run here. */
const WORKER_MS = 4_000;
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
