/**
 * One connection for all who follow a blog: the tabs of a browser, or several blogs inside one page. A tab joins with the
 * position of its page and ignores what it has already, so a tab that is behind only makes the stream start earlier.
 */

import { Follower } from "./follower.js";
import { isAfter, sameEpoch } from "./position.js";

/**
 * @typedef {object} Join
 * @property {import("./transports.js").Addresses} addresses
 * @property {string} position
 *
 * @typedef {{ join?: Join, visible?: boolean, check?: string, ask?: true, online?: boolean, leave?: boolean }} FromTab
 * @typedef {{ position: string, visible: boolean }} Tab
 * @typedef {{ postMessage: (message: ToTab) => void }} Port
 * @typedef {{ change?: import("./transports.js").Change, reset?: boolean, live?: boolean, transport?: import("./transports.js").Transport }} ToTab
 */

export class Channel {
  /** @type {Map<Port, Tab>} */
  #tabs = new Map();
  /** @type {Follower | null} */
  #follower = null;
  #addresses;
  #transports;

  /**
   * @param {import("./transports.js").Addresses} addresses
   * @param {readonly import("./transports.js").Transport[]} [transports] those to use, the best first
   */
  constructor(addresses, transports) {
    this.#addresses = addresses;
    this.#transports = transports;
  }

  get isEmpty() {
    return this.#tabs.size === 0;
  }

  /**
   * @param {Port} port
   * @param {string} position
   * @param {boolean} visible
   */
  join(port, position, visible) {
    this.#tabs.set(port, { position, visible });
    this.#reach(position);
    this.#tell(port);
  }

  /** @param {Port} port */
  leave(port) {
    this.#tabs.delete(port);
    if (this.#tabs.size > 0) return;
    this.#follower?.stop();
    this.#follower = null;
  }

  /**
   * @param {Port} port
   * @param {FromTab} message
   */
  hear(port, message) {
    const tab = this.#tabs.get(port);
    if (tab === undefined) return;
    if (message.visible !== undefined) tab.visible = message.visible;
    if (message.online) this.#follower?.forgive();
    if (message.ask || message.check !== undefined) this.#tell(port);
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
      transports: this.#transports,
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

  /** @param {Port} port */
  #tell(port) {
    port.postMessage({ live: this.#follower?.isLive ?? false, transport: this.#follower?.transport ?? "sse" });
  }
}
