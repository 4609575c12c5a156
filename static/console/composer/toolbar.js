// @ts-check
/** The toolbar: one stop for Tab, arrows between its buttons (WAI-ARIA Authoring Practices, toolbar). */
import { html, nothing, render } from "lit";
import { word } from "../words.js";
import { TOOLS } from "./tools.js";

/** @typedef {import("./tools.js").Tool} Tool */
/** @typedef {import("./composer.js").Composer} Composer */

const BAR = TOOLS.filter((tool) => tool.bar);
/** The tools before which a line stands. */
const GROUPS = new Set(["heading"]);

export class Toolbar {
  #composer;
  #current = 0;

  /** @param {Composer} composer */
  constructor(composer) {
    this.#composer = composer;
    this.dom = document.createElement("div");
    this.dom.className = "tools";
    this.dom.setAttribute("role", "toolbar");
    this.dom.setAttribute("aria-label", word("toolbar"));
    this.dom.setAttribute("aria-controls", "words");
    this.dom.addEventListener("keydown", (event) => this.#keydown(event));
    this.dom.addEventListener("focusin", (event) => {
      const index = this.#buttons().indexOf(/** @type {HTMLButtonElement} */ (event.target));
      if (index >= 0) this.#current = index;
      this.update();
    });
  }

  update() {
    const { view } = this.#composer;
    render(BAR.map((tool, index) => {
      const able = !tool.command || tool.command(view.state, undefined, view);
      return html`<button type="button" class=${`tool tool--${tool.name}`} tabindex=${index === this.#current ? 0 : -1}
        aria-pressed=${tool.on ? String(tool.on(view.state)) : nothing} aria-disabled=${able ? nothing : "true"}
        data-group=${GROUPS.has(tool.name) ? "" : nothing} title=${tool.key ?? nothing}
        @mousedown=${(/** @type {Event} */ event) => event.preventDefault()}
        @click=${() => this.#composer.use(tool)}>${word(tool.name)}</button>`;
    }), this.dom);
  }

  /** @returns {HTMLButtonElement[]} */
  #buttons() {
    return [...this.dom.querySelectorAll("button")];
  }

  /** @param {KeyboardEvent} event */
  #keydown(event) {
    const buttons = this.#buttons();
    const forward = getComputedStyle(this.dom).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
    const back = forward === "ArrowRight" ? "ArrowLeft" : "ArrowRight";
    const to = { [forward]: this.#current + 1, [back]: this.#current - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (event.key === "Escape") this.#composer.view.focus();
    if (to === undefined) return;
    event.preventDefault();
    this.#current = (to + buttons.length) % buttons.length;
    buttons[this.#current]?.focus();
  }
}
