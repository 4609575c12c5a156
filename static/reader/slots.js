/**
 * A theme's places between entries, every so many: they stand at the same numbers on every page (reader/slots.py), so none
 * moves when entries arrive.
 */

import { numberOf } from "./page_filter.js";

export class Slots {
  #list;
  #every;
  #content;

  /** @param {HTMLElement} list */
  constructor(list) {
    this.#list = list;
    this.#every = Number(list.dataset["slotEvery"] ?? "0");
    const template = /** @type {HTMLTemplateElement | null} */ (document.querySelector("template[data-slot-template]"));
    this.#content = template?.content.firstElementChild ?? null;
  }

  /** After entries arrived, were shown, moved or removed. Nothing that stands right is touched. */
  update() {
    if (!this.#every || !this.#content) return;
    /** @type {HTMLElement | null} */
    let above = null;
    /** @type {HTMLElement | null} the slot since the entry above */
    let slot = null;
    for (const each of /** @type {HTMLElement[]} */ ([...this.#list.children])) {
      if (each.hasAttribute("data-slot")) {
        if (slot) each.remove();
        else slot = each;
      } else if (each.localName === "article" && !each.hasAttribute("data-pinned")) {
        this.#between(above, each, slot);
        [above, slot] = [each, null];
      }
    }
    slot?.remove();
  }

  /**
   * @param {HTMLElement | null} above
   * @param {HTMLElement} below
   * @param {HTMLElement | null} slot what stands between the two
   */
  #between(above, below, slot) {
    if (above === null || this.#part(above) === this.#part(below)) return slot?.remove();
    const here = slot ?? /** @type {HTMLElement} */ (document.importNode(/** @type {Element} */ (this.#content), true));
    here.hidden = above.hidden || below.hidden;
    if (slot === null) below.before(here);
  }

  /** @param {HTMLElement} article */
  #part(article) {
    return Math.floor((numberOf(article) - 1) / this.#every);
  }
}
