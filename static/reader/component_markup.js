/**
 * What our server sends, made fit for another site's page: addresses with our origin, headings at the level that the page
 * has room for, and no lead picture, which the page around it has of its own.
 */

import { documentOf, elements } from "./markup.js";
import { localeOf } from "./words.js";

const ADDRESSES = ["href", "src", "poster"];
const DEEPEST = 6;

export class ComponentMarkup {
  #origin;
  #level;

  /**
   * @param {string} origin of the live blog
   * @param {number} level of its headline, 1 to 6
   */
  constructor(origin, level) {
    this.#origin = origin;
    this.#level = level;
  }

  /** @param {string} html the server's page for components */
  page(html) {
    const page = documentOf(html);
    const root = /** @type {HTMLElement | null} */ (page.querySelector("[data-stream]"));
    const style = page.querySelector('link[rel="stylesheet"]')?.getAttribute("href");
    if (root === null || !style) throw new Error("this is no live blog");
    this.#adapt(page.body);
    return {
      root: document.adoptNode(root),
      style: new URL(style, this.#origin).href,
      words: page.querySelector("script[data-words]")?.textContent,
      locale: localeOf(page.documentElement),
    };
  }

  /** @param {string} html of a change */
  parse = (html) => {
    const found = elements(html);
    for (const each of found) this.#adapt(each);
    return found;
  };

  /** @param {HTMLElement} root */
  #adapt(root) {
    for (const lead of root.querySelectorAll("[data-lead]")) lead.remove();
    for (const element of [root, ...root.querySelectorAll("*")]) {
      for (const name of ADDRESSES) {
        const value = element.getAttribute(name);
        if (value?.startsWith("/")) element.setAttribute(name, new URL(value, this.#origin).href);
      }
      // A picture must not take the place of the page around the blog.
      if (element.matches("a[data-zoom]")) element.setAttribute("target", "_blank");
      const sources = element.getAttribute("srcset");
      if (sources) element.setAttribute("srcset", sources.replace(/(^|,\s*)\/(?!\/)/g, `$1${this.#origin}/`));
      const level = /^h([1-6])$/.exec(element.localName)?.[1] ?? element.getAttribute("aria-level");
      if (level) element.setAttribute("aria-level", String(this.#levelOf(Number(level))));
    }
  }

  /** Our pages have a heading of the second level between headline and entries. @param {number} ours */
  #levelOf(ours) {
    return Math.min(DEEPEST, this.#level + Math.max(0, ours - (ours > 1 ? 2 : 1)));
  }
}
