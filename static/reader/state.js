/**
 * Says honestly whether the page is connected: `connecting`, `live`, `reconnecting` or `closed`.
 */

import { pageWords } from "./words.js";

export class State {
  #root;
  #place;
  #word;
  #words;
  #isLive = false;

  /**
   * @param {HTMLElement} root
   * @param {import("./words.js").Words} [words]
   */
  constructor(root, words = pageWords()) {
    this.#root = root;
    this.#place = /** @type {HTMLElement} */ (root.querySelector("[data-connection]"));
    this.#word = /** @type {HTMLElement} */ (root.querySelector("[data-connection-word]"));
    this.#words = words;
  }

  /**
   * @param {boolean} live
   * @param {string} by the transport
   */
  show(live, by) {
    this.#isLive = live;
    // Until it has been live once, the page goes on saying "Connecting".
    if (!live && this.#place.dataset["state"] === "connecting") return;
    this.#place.dataset["transport"] = by;
    this.update();
  }

  /** After the status of the blog changed. */
  update() {
    if (this.#place.dataset["transport"] === undefined) return;
    const state = this.#root.dataset["status"] === "closed" ? "closed" : this.#isLive ? "live" : "reconnecting";
    if (this.#place.dataset["state"] === state) return;
    this.#place.dataset["state"] = state;
    this.#word.textContent = this.#words.word(state);
  }
}
