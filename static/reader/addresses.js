/**
 * Addresses of entries: `#entry-ID` and the links of key events lead to the entry in this page, or load the older pages
 * up to it, or the page that it stands on by now.
 */

import { lead } from "./arrivals.js";
import { onLink } from "./clicks.js";
import { firstOf, PAGE_SIZE, pageAt } from "./load_more.js";
import { entered } from "./places.js";

/** So many older pages are loaded into this one; what is older is read on a page of its own. */
const MOST_PAGES = 3;
const HASH = /^#entry-(\w+)$/;

export class Addresses {
  #path;
  #scope;
  #more;
  #show;

  /**
   * @param {object} given
   * @param {string} given.path of the blog
   * @param {import("./page_filter.js").Scope} given.scope
   * @param {() => Promise<HTMLElement | null>} given.more loads an older page into this one
   * @param {(article: HTMLElement) => void} given.show reveals an entry
   */
  constructor({ path, scope, more, show }) {
    this.#path = path;
    this.#scope = scope;
    this.#more = more;
    this.#show = show;
    onLink("a[data-entry]", (link) => this.#go(link.dataset["entry"] ?? "").catch(() => (location.href = link.href)));
    addEventListener("hashchange", () => this.#follow(false));
    const isHere = document.querySelector(":target") !== null;
    // Browsers restore the place after going back, and after a reload.
    if (entered() === "navigate" || (entered() === "reload" && !isHere)) this.#follow(true);
  }

  /** @param {boolean} isLoading whether the page has just been loaded, for this address */
  #follow(isLoading) {
    const id = HASH.exec(location.hash)?.[1];
    // What does not exist, or cannot be loaded now, leaves the reader where they are.
    if (id) this.#go(id, isLoading).catch(() => {});
  }

  /**
   * @param {string} id
   * @param {boolean} isLoading
   */
  async #go(id, isLoading = false) {
    const hash = `entry-${id}`;
    let article = document.getElementById(hash);
    if (article === null) {
      const { page, url } = await pageAt(`${this.#path}?entry=${id}`);
      const first = firstOf(page);
      const isNear = this.#scope.isPlain && this.#scope.first - first <= MOST_PAGES * PAGE_SIZE;
      while (isNear && this.#scope.first > first && (await this.#more()));
      article = document.getElementById(hash);
      const isElsewhere = url !== location.href.split("#")[0];
      if (article === null && isElsewhere) return location[isLoading ? "replace" : "assign"](`${url}#${hash}`);
    }
    if (article === null) return;
    this.#show(article);
    if (location.hash === `#${hash}`) lead(article);
    else location.hash = hash; // goes on in `#follow`
  }
}
