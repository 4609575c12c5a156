/**
 * New entries. One is revealed at once if that moves nothing that the reader looks at, or if its place is in view at the
 * top of the page; it counts as new until it has been on screen. The pill says how many there are and leads to the first.
 */

import { numberOf } from "./page_filter.js";
import { keepPlace } from "./scroll_anchor.js";
import { pageWords } from "./words.js";

/** An entry whose place is at most so far above the screen is revealed, so that scrolling up leads into it. */
const NEAR_PX = 300;
const ANNOUNCE_EVERY_MS = 25_000;

export class Arrivals {
  /** @type {Set<HTMLElement>} not seen yet */
  #unseen = new Set();
  /** @type {Set<HTMLElement>} unseen, but the reader has been led to them */
  #offered = new Set();
  #title;
  #words;
  #announcedAt = -ANNOUNCE_EVERY_MS;
  #announcing = 0;
  #unannounced = 0;
  #updating = 0;
  #list;
  #pill;
  #status;
  #isPaused;
  #seen;
  #shown;

  /**
   * @param {HTMLElement} root
   * @param {object} given
   * @param {() => boolean} given.isPaused
   * @param {import("./seen.js").Seen} given.seen
   * @param {(articles: HTMLElement[]) => void} given.shown called when entries are revealed
   * @param {import("./words.js").Words} [given.words]
   * @param {string | null} [given.title] of the page, which counts what is new; null if the page is another site's
   * @param {AbortSignal} [given.signal] ends it
   */
  constructor(root, { isPaused, seen, shown, words = pageWords(), title = document.title, signal }) {
    const find = (/** @type {string} */ what) => /** @type {HTMLElement} */ (root.querySelector(what));
    this.#list = find("[data-entries]");
    this.#pill = find("[data-pill]");
    this.#status = find("[data-announce]");
    this.#isPaused = isPaused;
    this.#seen = seen;
    this.#shown = shown;
    this.#words = words;
    this.#title = title;
    const until = signal ? { signal } : {};
    this.#pill.addEventListener("click", () => this.#lead());
    document.addEventListener("visibilitychange", () => this.update(), until);
    addEventListener("scroll", () => this.#soon(), { passive: true, ...until });
    addEventListener("resize", () => this.#soon(), { passive: true, ...until });
  }

  get title() {
    return this.#title ?? "";
  }

  set title(title) {
    this.#title = title;
    this.update();
  }

  /** @param {HTMLElement} article a newly inserted entry */
  add(article) {
    article.hidden = true;
    this.#unseen.add(article);
    this.#announce();
  }

  /** Update what is revealed and counted, after entries or the view changed. */
  update() {
    if (document.visibilityState === "visible" && !this.#isPaused()) this.#reveal((article) => this.#mayShow(article));
    for (const article of this.#unseen) {
      if (article.isConnected && !article.hasAttribute("data-gone")) continue;
      this.#forget(article);
    }
    const waiting = [...this.#unseen].filter((article) => !this.#offered.has(article));
    this.#pill.hidden = waiting.length === 0;
    if (waiting.length > 0) {
      const text = this.#text(waiting);
      if (this.#pill.textContent !== text) this.#pill.textContent = text;
      this.#pill.toggleAttribute("data-below", this.#first(waiting).getBoundingClientRect().top >= innerHeight);
    }
    if (this.#title === null) return;
    const title = this.#unseen.size > 0 ? `(${this.#unseen.size}) ${this.#title}` : this.#title;
    if (document.title !== title) document.title = title;
  }

  /**
   * Reveal an entry that the reader asked for.
   * @param {HTMLElement} article
   */
  show(article) {
    if (article.hidden) this.#reveal((one) => one === article);
  }

  /** @param {HTMLElement} article */
  isNew(article) {
    return this.#unseen.has(article);
  }

  #soon() {
    if (this.#unseen.size === 0 || this.#updating) return;
    this.#updating = requestAnimationFrame(() => {
      this.#updating = 0;
      this.update();
    });
  }

  /** @param {(article: HTMLElement) => boolean} may */
  #reveal(may) {
    const articles = [...this.#unseen].filter((article) => article.hidden && may(article));
    if (articles.length === 0) return;
    keepPlace(this.#list, () => {
      for (const article of articles) {
        article.hidden = false;
        if (article.hasAttribute("data-gone")) continue;
        article.classList.add("entry--new");
      }
      this.#shown(articles);
    });
    for (const article of articles) this.#seen.watch(article, () => this.#see(article));
  }

  /**
   * Whether the place of a hidden entry is in view, below it, or just above it.
   * @param {HTMLElement} article
   */
  #mayShow(article) {
    let below = article.nextElementSibling;
    while (below instanceof HTMLElement && below.hidden) below = below.nextElementSibling;
    const place = below ? below.getBoundingClientRect().top : this.#list.getBoundingClientRect().bottom;
    return place >= -NEAR_PX;
  }

  /** @param {HTMLElement} article */
  #see(article) {
    this.#forget(article);
    this.update();
  }

  /** @param {HTMLElement} article */
  #forget(article) {
    this.#unseen.delete(article);
    this.#offered.delete(article);
    this.#seen.forget(article);
    if (article.hasAttribute("data-gone")) article.hidden = false;
  }

  /** The uppermost of some entries. @param {HTMLElement[]} articles */
  #first(articles) {
    return articles.reduce((a, b) => (a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_PRECEDING ? b : a));
  }

  #lead() {
    const waiting = [...this.#unseen].filter((article) => !this.#offered.has(article));
    if (waiting.length === 0) return;
    this.#reveal(() => true);
    for (const article of waiting) this.#offered.add(article);
    this.update();
    lead(this.#first(waiting));
  }

  /** @param {HTMLElement[]} articles */
  #text(articles) {
    const count = this.#words.counted("new_updates", articles.length);
    const [breaking] = articles.filter((one) => one.matches(".entry--breaking")).sort((a, b) => numberOf(b) - numberOf(a));
    const title = breaking?.querySelector("h3")?.textContent?.trim();
    if (!title) return count;
    const named = this.#words.word("breaking", { title });
    return articles.length === 1 ? named : `${named} · ${count}`;
  }

  #announce() {
    this.#unannounced += 1;
    clearTimeout(this.#announcing);
    const wait = Math.max(0, this.#announcedAt + ANNOUNCE_EVERY_MS - performance.now());
    this.#announcing = setTimeout(() => {
      this.#status.textContent = this.#unseen.size > 0 ? this.#text([...this.#unseen]) : this.#words.counted("new_updates", this.#unannounced);
      this.#unannounced = 0;
      this.#announcedAt = performance.now();
    }, wait);
  }
}

/**
 * Scroll to an entry and let the keyboard go on from there.
 * @param {HTMLElement} article
 */
export function lead(article) {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  article.scrollIntoView({ behavior: calm ? "instant" : "smooth", block: "start" });
  article.tabIndex = -1;
  article.focus({ preventScroll: true });
}
