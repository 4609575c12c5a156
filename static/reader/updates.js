/**
 * Applies changes to the page. The server renders the HTML; this script inserts, changes or removes it. Applying a
 * change twice, or one that does not affect this page, is harmless.
 */

import { elements } from "./markup.js";
import { morph } from "./morph.js";
import { numberOf } from "./page_filter.js";
import { changesHeight, isMidPage, isOnScreen, keepHeight, keepList, keepPlace } from "./scroll_anchor.js";

/** @typedef {import("./transports.js").Change} Change */

export class Updates {
  #root;
  #scope;
  #entries;
  #keyEvents;
  #words;
  #on;
  #parse;
  /**
   * Entries that were changed while the reader looked at them, with the version that they get when they are off screen,
   * or null if they have it and only stand at the wrong place.
   * @type {Map<HTMLElement, HTMLElement | null>}
   */
  #waiting = new Map();
  /** @type {Set<HTMLElement>} */
  #changed = new Set();

  /**
   * @param {HTMLElement} root the live blog's element
   * @param {object} given
   * @param {import("./page_filter.js").Scope} given.scope
   * @param {import("./words.js").Words} [given.words] without them no edit waits
   * @param {(article: HTMLElement) => void} [given.arrived] called for an entry that is new on the page
   * @param {() => void} [given.settled] called after what waited was put on the page
   * @param {() => void} [given.retracted] called for a retraction
   * @param {(html: string) => HTMLElement[]} [given.parse]
   * @param {AbortSignal} [given.signal] ends it
   */
  constructor(root, { scope, words, arrived = () => {}, settled = () => {}, retracted = forgetDescriptions, parse = elements, signal }) {
    this.#root = root;
    this.#scope = scope;
    this.#entries = /** @type {HTMLElement} */ (root.querySelector("[data-entries]"));
    this.#changed.add(this.#entries);
    this.#keyEvents = /** @type {HTMLElement | null} */ (root.querySelector("[data-key-events]"));
    this.#words = words;
    this.#on = { arrived, settled, retracted };
    this.#parse = parse;
    addEventListener("scrollend", () => this.#scrolled(), signal ? { signal } : {});
  }

  /** @param {Change} change */
  apply(change) {
    if (change.kind === "blog") this.#furnish(change);
    else if (change.html !== undefined) {
      if (change.kind === "gone") this.#on.retracted();
      this.#place(change);
      this.#mark(change);
    }
  }

  /**
   * Append the entries of an older page.
   * @param {Iterable<HTMLElement>} articles
   * @param {number} first the lowest entry number now on the page
   */
  extend(articles, first) {
    for (const article of articles) {
      if (this.#entry(article.dataset["id"]) === null) this.#insert(article);
    }
    this.#scope.extend(first);
  }

  /**
   * What was put on the page or changed since the last call: the rest of a page of thousands need not be looked at. The
   * list is among it at first, and after an entry left its place.
   */
  takeChanged() {
    const changed = this.#changed;
    this.#changed = new Set();
    return changed;
  }

  #scrolled() {
    keepPlace(this.#entries, () => {
      if (this.settle()) this.#on.settled();
    });
  }

  /**
   * Show edits that waited, and move or remove entries that are at the wrong place, unless they are in view.
   * @returns whether something changed
   */
  settle() {
    let isChanged = false;
    for (const [article, wanted] of this.#waiting) {
      const isLeaving = !this.#belongs(wanted ?? article);
      const stays = isLeaving || isMidPage() || held(article) !== null;
      if (article.isConnected && !article.hidden && stays && isOnScreen(article)) continue;
      this.#waiting.delete(article);
      if (wanted) this.#become(article, wanted);
      this.#changed.add(this.#entries);
      if (isLeaving) article.remove();
      else if (article.isConnected) this.#insert(article);
      isChanged = true;
    }
    return isChanged;
  }

  /** @param {Change} change */
  #place(change) {
    const [article] = this.#parse(change.html ?? "");
    const here = this.#entry(change.id);
    if (!article || Number(here?.dataset["revision"] ?? -1) >= (change.revision ?? 0)) return;
    if (here === null) {
      if (!this.#scope.takes(article)) return;
      this.#insert(article);
      if (change.kind === "entry") this.#on.arrived(article);
    } else this.#change(here, article);
    const empty = /** @type {HTMLElement | null} */ (this.#root.querySelector("[data-empty]"));
    if (empty) empty.hidden = this.#entries.querySelector(":scope > article") !== null;
  }

  /** @param {HTMLElement} article an entry that is on the page */
  #belongs(article) {
    return this.#scope.isOlder ? this.#scope.fits(article) : this.#scope.takes(article);
  }

  /**
   * What is retracted goes at once. An edit waits while it would move what the reader looks at; the entry says so.
   * @param {HTMLElement} here
   * @param {HTMLElement} article
   */
  #change(here, article) {
    const isRead = this.#words && !article.hasAttribute("data-gone") && isMidPage() && isOnScreen(here);
    const moves = here.dataset["pinned"] !== article.dataset["pinned"] && !this.#scope.isOlder;
    const next = moves && isRead ? asUnmoved(article, here) : article;
    this.#waiting.delete(here);
    if (isRead && changesHeight(here, next)) {
      this.#offer(here);
      this.#waiting.set(here, article);
      return;
    }
    keepHeight(here, () => this.#become(here, next));
    if (!moves && this.#belongs(here)) return;
    this.#waiting.set(here, moves && isRead ? article : null);
    this.settle();
  }

  /**
   * Let the reader see an edit that waits.
   * @param {HTMLElement} here
   */
  #offer(here) {
    if (held(here)) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "entry__held";
    button.textContent = this.#words?.word("held") ?? "";
    button.addEventListener("click", () => this.#show(here));
    here.append(button);
  }

  /** @param {HTMLElement} here an entry whose edit waits */
  #show(here) {
    const article = this.#waiting.get(here);
    if (!article) return;
    keepPlace(this.#entries, () => this.#become(here, asUnmoved(article, here)));
    here.tabIndex = -1;
    here.focus({ preventScroll: true });
    this.#on.settled();
  }

  /**
   * Change an entry on the page into a new version of it.
   * @param {HTMLElement} here
   * @param {HTMLElement} article
   */
  #become(here, article) {
    const isHidden = here.hidden;
    morph(here, article);
    here.hidden = isHidden;
    here.classList.toggle("entry--edited", here.querySelector(".entry__edited") !== null);
    this.#changed.add(here);
  }

  /** @param {HTMLElement} article */
  #insert(article) {
    this.#changed.add(article);
    for (const other of this.#entries.children) {
      if (other === article || other.localName !== "article") continue;
      if (!this.#scope.comesBefore(article, /** @type {HTMLElement} */ (other))) continue;
      if (article.nextElementSibling !== other) move(this.#entries, article, other);
      return;
    }
    move(this.#entries, article, null);
  }

  /** @param {Change} change */
  #mark(change) {
    if (!this.#keyEvents) return;
    const here = [...this.#keyEvents.children].find((item) => /** @type {HTMLElement} */ (item).dataset["id"] === change.id);
    const [item] = change.key_html ? this.#parse(change.key_html) : [];
    const shown = /** @type {HTMLElement | undefined} */ (here && item ? here : item);
    if (shown) this.#changed.add(shown);
    if (here && item) morph(here, item);
    else here?.remove();
    if (item && !here) {
      const next = [...this.#keyEvents.children].find((other) => numberOf(item) > numberOf(other));
      if (next) next.before(item);
      else this.#keyEvents.append(item);
    }
    const section = /** @type {HTMLElement | null} */ (this.#keyEvents.closest("[data-part]"));
    if (section) section.hidden = this.#keyEvents.children.length === 0;
  }

  /** @param {Change} change */
  #furnish(change) {
    keepList(this.#entries, () => this.#parse(change.html ?? "").forEach((part) => this.#refurnish(part)));
    if (!change.status) return;
    this.#root.dataset["status"] = change.status;
    const heading = /** @type {HTMLElement | null} */ (this.#root.querySelector("[data-heading]"));
    if (heading) heading.textContent = heading.dataset[change.status] ?? heading.textContent;
  }

  /** @param {HTMLElement} part */
  #refurnish(part) {
    const here = /** @type {HTMLElement | null} */ (this.#root.querySelector(`[data-part="${part.dataset["part"]}"]`));
    if (!here) return;
    // The server does not know which page the change is for.
    const current = here.querySelector("a[aria-current]")?.getAttribute("href") ?? "";
    keepHeight(here, () => morph(here, part), true);
    this.#changed.add(here);
    here.querySelector(`a[href="${CSS.escape(current)}"]`)?.setAttribute("aria-current", "page");
  }

  /** An entry on the page, found by its id, however many there are. @param {string | undefined} id */
  #entry(id) {
    const tree = /** @type {Document | ShadowRoot} */ (this.#entries.getRootNode());
    const found = tree.getElementById(`entry-${id}`);
    return found?.parentElement === this.#entries ? found : null;
  }
}

/** The sign of an entry that an edit waits. @param {HTMLElement} article */
function held(article) {
  return article.querySelector(":scope > .entry__held");
}

/**
 * A new version of an entry without the looks of its new place: they would move what stands below.
 * @param {HTMLElement} article
 * @param {HTMLElement} here the entry on the page
 */
function asUnmoved(article, here) {
  const copy = /** @type {HTMLElement} */ (article.cloneNode(true));
  const pinned = here.getAttribute("data-pinned");
  copy.classList.toggle("entry--pinned", pinned !== null);
  copy.toggleAttribute("data-pinned", false);
  if (pinned !== null) copy.setAttribute("data-pinned", pinned);
  const labels = here.querySelector(".entry__labels")?.cloneNode(true);
  copy.querySelector(".entry__labels")?.remove();
  if (labels) copy.querySelector(".entry__body")?.prepend(labels);
  return copy;
}

/** Remove structured data, which was rendered with the page and may contain the retracted text. */
function forgetDescriptions() {
  const written = 'script[type="application/ld+json"], meta[property^="og:image"]';
  for (const each of document.querySelectorAll(written)) each.remove();
}

/**
 * Insert an element, or move it without stopping what plays in it, where browsers can (`moveBefore` of the DOM standard).
 * @param {Element & { moveBefore?: (node: Element, next: Element | null) => void }} parent
 * @param {Element} element
 * @param {Element | null} next
 */
function move(parent, element, next) {
  if (element.parentElement === parent && parent.moveBefore) parent.moveBefore(element, next);
  else parent.insertBefore(element, next);
}
