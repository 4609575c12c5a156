// @ts-check
/** Asks for the address of a link, under the toolbar. */
import { html, nothing, render } from "lit";
import { word } from "../words.js";
import { markType } from "./commands.js";
import { schema } from "./schema.js";

/** @typedef {import("./composer.js").Composer} Composer */

export class LinkBar {
  #composer;
  #wrong = "";

  /** @param {Composer} composer */
  constructor(composer) {
    this.#composer = composer;
    this.dom = document.createElement("div");
    this.dom.className = "link-bar";
    this.dom.hidden = true;
    this.dom.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.#close();
      if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      event.stopPropagation();
      if (event.target instanceof HTMLInputElement) this.#apply();
      else if (event.target instanceof HTMLButtonElement) event.target.click();
    });
  }

  open() {
    this.#wrong = "";
    this.dom.hidden = false;
    this.#draw(this.#current()?.attrs.href ?? "");
    this.#field?.select();
  }

  get #field() {
    return this.dom.querySelector("input");
  }

  #current() {
    const { $from, from, to } = this.#composer.view.state.selection;
    let found = markType("link").isInSet($from.marks());
    this.#composer.view.state.doc.nodesBetween(from, to, (node) => {
      found ??= markType("link").isInSet(node.marks);
    });
    return found;
  }

  /** @param {string} href */
  #draw(href) {
    render(html`<label for="link-address">${word("link_address")}</label>
      <input id="link-address" type="url" .value=${href} aria-invalid=${this.#wrong ? "true" : nothing}
        aria-describedby=${this.#wrong ? "link-wrong" : nothing}>
      ${this.#wrong ? html`<p id="link-wrong" class="field__wrong" role="alert">${this.#wrong}</p>` : nothing}
      <button type="button" class="act" @click=${() => this.#apply()}>${word("link_apply")}</button>
      ${this.#current() ? html`<button type="button" class="act" @click=${() => this.#remove()}>${word("link_remove")}</button>` : nothing}
      <button type="button" class="act" @click=${() => this.#close()}>${word("cancel")}</button>`, this.dom);
  }

  #apply() {
    const typed = this.#field?.value.trim() ?? "";
    const href = /^[\w.-]+\.[a-z]{2,}([/?#]|$)/i.test(typed) ? `https://${typed}` : typed;
    if (!/^(https?:\/\/|mailto:|tel:)\S+$/i.test(href)) {
      this.#wrong = word("link_wrong");
      this.#draw(typed);
      return;
    }
    const { view } = this.#composer;
    const { from, to, empty } = view.state.selection;
    const mark = markType("link").create({ href });
    const [start, end] = empty ? this.#around() : [from, to];
    view.dispatch(start === end
      ? view.state.tr.insert(from, schema.text(typed, [mark]))
      : view.state.tr.removeMark(start, end, markType("link")).addMark(start, end, mark));
    this.#close();
  }

  #remove() {
    const { view } = this.#composer;
    const { from, to, empty } = view.state.selection;
    const [start, end] = empty ? this.#around() : [from, to];
    view.dispatch(view.state.tr.removeMark(start, end, markType("link")));
    this.#close();
  }

  /** The link that the cursor stands in. @returns {[number, number]} */
  #around() {
    const { $from, from } = this.#composer.view.state.selection;
    const mark = this.#current();
    if (!mark) return [from, from];
    let start = from;
    let end = from;
    $from.parent.forEach((child, offset) => {
      const at = $from.start() + offset;
      if (mark.isInSet(child.marks) && at <= from && at + child.nodeSize >= from) {
        start = at;
        end = at + child.nodeSize;
      }
    });
    return [start, end];
  }

  #close() {
    this.dom.hidden = true;
    this.#composer.focus();
  }
}
