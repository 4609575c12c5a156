/**
 * The connection of blogs inside another site's page: one for all of the page that follow the same blog. There is no
 * SharedWorker for another site's script, so a page in the background gives its connection up after a while.
 *
 * No WebSocket: unlike the other two it would send cookies.
 */

import { Channel } from "./channel.js";

/** @typedef {import("./transports.js").Addresses} Addresses */
/** @typedef {import("./channel.js").ToTab} ToTab */
/** @typedef {import("./connection.js").Callbacks} Callbacks */
/** @typedef {import("./connection.js").Line} Line */

/** @type {readonly import("./transports.js").Transport[]} */
const TRANSPORTS = ["sse", "poll"];
const RELEASE_MS = 60_000;
/** @type {Map<string, Channel>} */
const channels = new Map();

/** @implements {Line} */
class JointLine {
  #addresses;
  #on;
  /** @type {Channel | null} */
  #channel = null;
  #releasing = 0;

  /**
   * @param {Addresses} addresses
   * @param {Callbacks} on
   */
  constructor(addresses, on) {
    this.#addresses = addresses;
    this.#on = on;
  }

  /** @param {ToTab} message */
  postMessage({ change, reset, live, transport }) {
    if (this.#channel === null) return;
    if (change) this.#on.change(change);
    else if (reset) this.#on.reset();
    else this.#on.live(live ?? false, transport ?? "sse");
  }

  /** @param {string} position */
  join(position) {
    this.leave();
    const { stream } = this.#addresses;
    this.#channel = channels.get(stream) ?? new Channel(this.#addresses, TRANSPORTS);
    channels.set(stream, this.#channel);
    this.#channel.join(this, position, document.visibilityState === "visible");
  }

  /** @param {string} position */
  check(position) {
    if (this.#channel === null) this.join(position);
    else this.#channel.hear(this, { check: position });
  }

  online() {
    this.#channel?.hear(this, { online: true });
  }

  /** @param {boolean} visible */
  show(visible) {
    clearTimeout(this.#releasing);
    this.#channel?.hear(this, { visible });
    if (!visible) this.#releasing = setTimeout(() => this.leave(), RELEASE_MS);
  }

  leave() {
    clearTimeout(this.#releasing);
    const channel = this.#channel;
    this.#channel = null;
    channel?.leave(this);
    if (channel?.isEmpty && channels.get(this.#addresses.stream) === channel) channels.delete(this.#addresses.stream);
  }
}

/** @type {import("./connection.js").OpenLine} */
export const openJointLine = (addresses, on) => new JointLine(addresses, on);
