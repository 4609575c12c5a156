/**
 * The pause control (WCAG 2.2.2): while paused, new entries are counted and not shown. Remembered. A closed blog has none.
 */

import { recall, remember } from "./saved_choices.js";
import { pageWords } from "./words.js";

const PAUSED = "paused";

export class Pause {
  #root;
  #button;
  #changed;
  #words;

  /**
   * @param {HTMLElement} root
   * @param {() => void} changed
   * @param {import("./words.js").Words} [words]
   */
  constructor(root, changed, words = pageWords()) {
    this.#root = root;
    this.#button = /** @type {HTMLElement} */ (root.querySelector("[data-pause]"));
    this.#changed = changed;
    this.#words = words;
    this.#button.addEventListener("click", () => {
      remember(PAUSED, this.isOn ? "" : "1");
      this.#set(!this.isOn);
      this.#changed();
    });
    this.#set(recall(PAUSED) === "1");
    this.update();
  }

  get isOn() {
    return this.#button.hasAttribute("data-on") && !this.#button.hidden;
  }

  /** After the status of the blog changed. */
  update() {
    this.#button.hidden = this.#root.dataset["status"] === "closed";
  }

  /** @param {boolean} on */
  #set(on) {
    // no aria-pressed: the words say what the button does, and "Resume, pressed" would say the opposite
    this.#button.toggleAttribute("data-on", on);
    this.#button.textContent = this.#words.word(on ? "resume" : "pause");
  }
}
