/**
 * Which entries this page shows: the newest page from its first number on, an older page only its own, a page by topic,
 * by key events or by search only what fits.
 */

/** @typedef {{ number: number, pinned: boolean }} Place */

export class Scope {
  #root;

  /** @param {HTMLElement} root */
  constructor(root) {
    this.#root = root;
  }

  get isOldestFirst() {
    return this.#root.dataset["order"] === "oldest";
  }

  /** Whether the page is one of the older ones, to which nothing new is added. */
  get isOlder() {
    return this.#root.hasAttribute("data-older");
  }

  /** Whether the page is the newest one of the blog itself: all entries, newest first. */
  get isPlain() {
    return !this.isOlder && !this.isOldestFirst && !this.#isFiltered;
  }

  /** Whether the page is the blog from its beginning, or an older page of that. */
  get isWholeOldestFirst() {
    return this.isOldestFirst && !this.#isFiltered;
  }

  /** The lowest entry number of the page. */
  get first() {
    return Number(this.#root.dataset["first"] || "1");
  }

  /** @param {number} first */
  extend(first) {
    this.#root.dataset["first"] = String(Math.min(first, this.first));
  }

  /** @param {HTMLElement} article an entry that is not on the page yet */
  takes(article) {
    if (this.isOlder || !this.fits(article)) return false;
    if (article.hasAttribute("data-pinned") && !this.#isFiltered) return true;
    const number = Number(article.dataset["number"]);
    if (this.isOldestFirst) return number > this.#last ? !this.#hasMore : number >= this.first;
    return number >= this.first || !this.#hasMore;
  }

  /** @param {HTMLElement} article whether topics, key event and search of the page fit an entry */
  fits(article) {
    const { topic, key, query } = this.#root.dataset;
    if (!this.#isFiltered) return true;
    if (article.hasAttribute("data-gone")) return false;
    if (topic && !(article.dataset["topics"] ?? "").split(" ").includes(topic)) return false;
    if (key !== undefined && !article.hasAttribute("data-key")) return false;
    const text = plain(wordsOf(article));
    return plain(query ?? "").split(/\s+/).every((part) => text.includes(part));
  }

  get #isFiltered() {
    const { topic, key, query } = this.#root.dataset;
    return Boolean(topic) || key !== undefined || Boolean(query);
  }

  get #last() {
    return Number(this.#root.dataset["last"] || "0");
  }

  get #hasMore() {
    return this.#root.querySelector("[data-more]") !== null;
  }

  /**
   * Whether one entry stands above another: pinned ones first and by their own order, then in the order of the page.
   * @param {HTMLElement} a
   * @param {HTMLElement} b
   */
  comesBefore(a, b) {
    const pinned = Number(a.hasAttribute("data-pinned")) - Number(b.hasAttribute("data-pinned"));
    if (pinned !== 0 && !this.isOlder) return pinned > 0;
    const order = Number(a.dataset["pinned"] ?? 0) - Number(b.dataset["pinned"] ?? 0);
    if (order !== 0 && !this.isOlder) return order < 0;
    const numbers = numberOf(a) - numberOf(b);
    return this.isOldestFirst ? numbers < 0 : numbers > 0;
  }
}

/** @param {Element} item */
export function numberOf(item) {
  return Number(/** @type {HTMLElement} */ (item).dataset["number"]);
}

/** The entries of a list that are shown. By its children: a selector would look at all that is in them. @param {Element} list */
export function shownIn(list) {
  const children = /** @type {HTMLElement[]} */ ([...list.children]);
  return children.filter((child) => child.localName === "article" && !child.hidden);
}

/** When an entry was published, RFC 3339. @param {Element} article */
export function timeOf(article) {
  return article.querySelector(".entry__when time")?.getAttribute("datetime") ?? "";
}

/**
 * What of an entry is searched, as on the server (server/text/search.py): no labels and no links of our own.
 * @param {Element} article
 */
function wordsOf(article) {
  const body = /** @type {Element | undefined} */ (article.querySelector(".entry__body")?.cloneNode(true));
  const ours = ".entry__labels, .entry__edited, .entry__share, .visually-hidden, .cover__show";
  for (const each of body?.querySelectorAll(ours) ?? []) each.remove();
  return body?.textContent ?? "";
}

/** @param {string} text without accents and case, as the server searches */
function plain(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().trim();
}
