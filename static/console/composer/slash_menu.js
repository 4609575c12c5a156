// @ts-check
/** What `/` offers at the beginning of a word: the same tools as the toolbar, chosen by their first letters. */
import { html, render } from "lit";
import { Plugin } from "prosemirror-state";
import { word } from "../words.js";
import { TOOLS } from "./tools.js";

/** @typedef {import("prosemirror-view").EditorView} View */
/** @typedef {import("./tools.js").Tool} Tool */

const TYPED = /(?:^|\s)\/(\p{L}*)$/u;
const OFFERED = TOOLS.filter((tool) => tool.slash);

class SlashMenu {
  #chosen = 0;
  /** @type {Tool[]} */
  #found = [];
  #typed = "";
  /** A `/` that Escape closed stays closed until the next one. */
  #closedAt = -1;
  #use;

  /** @param {View} view @param {(tool: Tool) => void} use */
  constructor(view, use) {
    this.#use = use;
    this.view = view;
    this.dom = document.createElement("div");
    this.dom.className = "slash";
    this.dom.id = "slash";
    this.dom.setAttribute("role", "listbox");
    this.dom.setAttribute("aria-label", word("slash"));
    this.dom.hidden = true;
    view.dom.parentElement?.append(this.dom);
  }

  update() {
    const { $from, empty } = this.view.state.selection;
    const before = $from.parent.isTextblock ? $from.parent.textBetween(0, $from.parentOffset, " ", "\ufffc") : "";
    const match = empty && !$from.parent.type.spec.code && this.view.hasFocus() ? TYPED.exec(before) : null;
    const at = match ? $from.pos - (match[1] ?? "").length - 1 : -1;
    if (!match || at === this.#closedAt) {
      if (!match) this.#closedAt = -1;
      this.close();
      return;
    }
    const typed = (match[1] ?? "").toLocaleLowerCase();
    this.#found = OFFERED.filter((tool) => word(tool.name).toLocaleLowerCase().startsWith(typed) || tool.name.startsWith(typed));
    if (typed !== this.#typed) this.#chosen = 0;
    this.#typed = typed;
    this.dom.hidden = this.#found.length === 0;
    this.#draw();
    if (!this.dom.hidden) this.#place($from.pos);
  }

  close() {
    this.dom.hidden = true;
    this.view.dom.removeAttribute("aria-activedescendant");
    this.view.dom.removeAttribute("aria-controls");
  }

  #draw() {
    render(this.#found.map((tool, index) => html`<div class="slash__item" role="option" id=${`slash-${tool.name}`}
      aria-selected=${index === this.#chosen ? "true" : "false"}
      @mousedown=${(/** @type {Event} */ event) => { event.preventDefault(); this.#take(tool); }}>
      <b>${word(tool.name)}</b> <span>${word(`${tool.name}_hint`)}</span></div>`), this.dom);
    const tool = this.#found[this.#chosen];
    if (!tool) return;
    this.view.dom.setAttribute("aria-controls", "slash");
    this.view.dom.setAttribute("aria-activedescendant", `slash-${tool.name}`);
  }

  /** @param {number} at */
  #place(at) {
    const cursor = this.view.coordsAtPos(at);
    const box = /** @type {HTMLElement} */ (this.dom.offsetParent ?? document.body).getBoundingClientRect();
    this.dom.style.insetBlockStart = `${cursor.bottom - box.top}px`;
    const start = Math.min(cursor.left - box.left, box.width - this.dom.offsetWidth);
    this.dom.style.left = `${Math.max(0, start)}px`;
  }

  /** @param {Tool} tool */
  #take(tool) {
    const { $from } = this.view.state.selection;
    this.close();
    this.view.dispatch(this.view.state.tr.delete($from.pos - this.#typed.length - 1, $from.pos));
    this.#use(tool);
  }

  /** @param {KeyboardEvent} event @returns {boolean} */
  keydown(event) {
    if (this.dom.hidden || event.ctrlKey || event.metaKey || event.isComposing) return false;
    const count = this.#found.length;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const tool = this.#found[this.#chosen];
    if (step) {
      this.#chosen = (this.#chosen + step + count) % count;
      this.#draw();
      return true;
    }
    if ((event.key === "Enter" || event.key === "Tab") && tool) {
      this.#take(tool);
      return true;
    }
    if (event.key === "Escape") {
      event.stopPropagation();
      this.#closedAt = this.view.state.selection.$from.pos - this.#typed.length - 1;
      this.close();
      return true;
    }
    return false;
  }
}

/** @param {(tool: Tool) => void} use @returns {Plugin} */
export function slashMenu(use) {
  /** @type {SlashMenu | null} */
  let menu = null;
  return new Plugin({
    view: (view) => {
      const made = new SlashMenu(view, use);
      menu = made;
      return { update: () => made.update(), destroy: () => made.dom.remove() };
    },
    props: {
      handleKeyDown: (_view, event) => menu?.keydown(event) ?? false,
      handleDOMEvents: { blur: () => { menu?.close(); } },
    },
  });
}
