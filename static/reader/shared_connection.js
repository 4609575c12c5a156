/**
 * SharedWorker of all tabs of a browser: one connection for each blog, however many tabs show it. A tab joins with the
 * position of its page and ignores what it has already, so a tab that is behind only makes the stream start earlier.
 */

import { Follower } from "./follower.js";
import { isAfter, sameEpoch } from "./position.js";

/**
 * @typedef {object} Join
 * @property {import("./transports.js").Addresses} addresses
 * @property {string} position
 *
 * @typedef {{ join?: Join, visible?: boolean, check?: string, online?: boolean, leave?: boolean }} FromTab
 * @typedef {{ position: string, visible: boolean }} Tab
 */

class Channel {
  /** @type {Map<MessagePort, Tab>} */
  #tabs = new Map();
  /** @type {Follower | null} */
  #follower = null;
  #addresses;

  /** @param {import("./transports.js").Addresses} addresses */
  constructor(addresses) {
    this.#addresses = addresses;
  }

  get isEmpty() {
    return this.#tabs.size === 0;
  }

  /**
   * @param {MessagePort} port
   * @param {string} position
   * @param {boolean} visible
   */
  join(port, position, visible) {
    this.#tabs.set(port, { position, visible });
    this.#reach(position);
    this.#tell(port);
  }

  /** @param {MessagePort} port */
  leave(port) {
    this.#tabs.delete(port);
    if (this.#tabs.size > 0) return;
    this.#follower?.stop();
    this.#follower = null;
  }

  /**
   * @param {MessagePort} port
   * @param {FromTab} message
   */
  hear(port, message) {
    const tab = this.#tabs.get(port);
    if (tab === undefined) return;
    if (message.visible !== undefined) tab.visible = message.visible;
    if (message.online) this.#follower?.forgive();
    if (message.check === undefined) return;
    tab.position = message.check;
    if (!this.#reach(message.check)) void this.#follower?.check();
  }

  /**
   * Make the stream begin at or before a position. Returns whether it was opened for that.
   * @param {string} position
   */
  #reach(position) {
    if (this.#follower === null) this.#follower = this.#follow(position);
    else if (sameEpoch(position, this.#follower.position) && !isAfter(this.#follower.position, position)) return false;
    this.#follower.connect(position);
    return true;
  }

  /** @param {string} position */
  #follow(position) {
    return new Follower({
      addresses: this.#addresses,
      position,
      forced: null,
      isVisible: () => [...this.#tabs.values()].some((tab) => tab.visible),
      on: {
        change: (change) => this.#tabs.forEach((_, port) => port.postMessage({ change })),
        live: () => this.#tabs.forEach((_, port) => this.#tell(port)),
        reset: () => this.#reset(),
      },
    });
  }

  /** Only the tabs of the history that ended have to load afresh. */
  #reset() {
    const ended = this.#follower?.position;
    this.#follower = null;
    for (const [port, tab] of this.#tabs) {
      if (!sameEpoch(tab.position, ended)) continue;
      this.#tabs.delete(port);
      port.postMessage({ reset: true });
    }
    for (const tab of this.#tabs.values()) this.#reach(tab.position);
  }

  /** @param {MessagePort} port */
  #tell(port) {
    port.postMessage({ live: this.#follower?.isLive ?? false, transport: this.#follower?.transport ?? "sse" });
  }
}

/** @type {Map<string, Channel>} */
const channels = new Map();

/** @param {MessagePort} port */
function serve(port) {
  let stream = "";
  port.addEventListener("message", (/** @type {MessageEvent<FromTab>} */ { data }) => {
    if (data.join) {
      stream = data.join.addresses.stream;
      const channel = channels.get(stream) ?? new Channel(data.join.addresses);
      channels.set(stream, channel);
      channel.join(port, data.join.position, data.visible ?? true);
    } else channels.get(stream)?.hear(port, data);
    if (!data.leave) return;
    channels.get(stream)?.leave(port);
    if (channels.get(stream)?.isEmpty) channels.delete(stream);
  });
  port.start();
}

self.addEventListener("connect", (event) => serve(/** @type {MessagePort} */ (/** @type {MessageEvent} */ (event).ports[0])));
