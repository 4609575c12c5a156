/**
 * New entries: revealed at once if the reader is at the top of the page, otherwise counted in a "new updates" pill, so
 * that nothing is inserted above a reader who has scrolled down.
 */

import { counted, word } from "./words.js";

const ANNOUNCE_EVERY_MS = 25_000;
const PAUSED = "stoppress.paused";

export class Arrivals {
  /** @type {Set<HTMLElement>} */
  #waiting = new Set();
  #title = document.title;
  #announcedAt = -ANNOUNCE_EVERY_MS;
  #announcing = 0;
  #unannounced = 0;
  #list;
  #top;
  #pill;
  #status;
  #pauseButton;
  #shown;

  /**
   * @param {HTMLElement} root
   * @param {(article: HTMLElement) => void} shown
   */
  constructor(root, shown) {
    const find = (/** @type {string} */ what) => /** @type {HTMLElement} */ (root.querySelector(what));
    this.#list = find("[data-entries]");
    this.#pill = find("[data-pill]");
    this.#status = find("[data-announce]");
    this.#pauseButton = find("[data-pause]");
    this.#shown = shown;
    this.#pill.addEventListener("click", () => this.#scrollToTop());
    this.#pauseButton.addEventListener("click", () => this.#setPaused(!this.paused));
    this.#setPaused(wasPaused(), true);
    this.#top = topOf(find(".pill-place"));
    new IntersectionObserver(() => this.#update()).observe(this.#top);
    document.addEventListener("visibilitychange", () => this.#update());
  }

  get paused() {
    return this.#pauseButton.getAttribute("aria-pressed") === "true";
  }

  /** @param {HTMLElement} article a newly inserted entry */
  add(article) {
    article.hidden = true;
    this.#waiting.add(article);
    this.#announce();
    this.#update();
  }

  /** Update the count after entries were replaced, removed or retracted. */
  recount() {
    for (const article of this.#waiting) {
      if (article.isConnected) continue;
      this.#waiting.delete(article);
      const now = this.#list.querySelector(`:scope > [data-id="${article.dataset["id"]}"]`);
      if (!(now instanceof HTMLElement)) continue;
      if (now.hasAttribute("data-gone")) now.hidden = false;
      else if (now.hidden) this.#waiting.add(now);
    }
    this.#update();
  }

  /**
   * Set a new page title.
   * @param {string} title
   */
  rename(title) {
    this.#title = title;
    this.#update();
  }

  get title() {
    return this.#title;
  }

  #update() {
    // Measured here because an IntersectionObserver reports scrolling with a delay.
    const atTop = this.#top.getBoundingClientRect().top >= 0;
    const watching = atTop && document.visibilityState === "visible" && !this.paused;
    if (watching) this.#reveal();
    const count = this.#waiting.size;
    this.#pill.hidden = count === 0;
    this.#pill.textContent = countText(count);
    document.title = count > 0 ? `(${count}) ${this.#title}` : this.#title;
  }

  #reveal() {
    for (const article of this.#waiting) {
      article.hidden = false;
      article.classList.add("entry--new");
      this.#shown(article);
    }
    this.#waiting.clear();
  }

  #scrollToTop() {
    this.#reveal();
    this.#update();
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.#list.parentElement?.scrollIntoView({ behavior: calm ? "auto" : "smooth" });
    const first = this.#list.firstElementChild;
    if (first instanceof HTMLElement) {
      first.tabIndex = -1;
      first.focus({ preventScroll: true });
    }
  }

  /**
   * @param {boolean} paused
   * @param {boolean} quiet
   */
  #setPaused(paused, quiet = false) {
    this.#pauseButton.setAttribute("aria-pressed", String(paused));
    this.#pauseButton.textContent = word(paused ? "resume" : "pause");
    if (quiet) return;
    try {
      localStorage.setItem(PAUSED, paused ? "1" : "");
    } catch {
      // Storage is blocked: the choice is not remembered.
    }
    this.#update();
  }

  #announce() {
    this.#unannounced += 1;
    clearTimeout(this.#announcing);
    const wait = Math.max(0, this.#announcedAt + ANNOUNCE_EVERY_MS - performance.now());
    this.#announcing = window.setTimeout(() => {
      this.#status.textContent = countText(this.#unannounced);
      this.#unannounced = 0;
      this.#announcedAt = performance.now();
    }, wait);
  }
}

/**
 * An element of no height at the start of the list. The pill's container is sticky and therefore always in view.
 * @param {HTMLElement} place
 */
function topOf(place) {
  const mark = document.createElement("div");
  place.before(mark);
  return mark;
}

/** @param {number} count */
function countText(count) {
  return count === 0 ? "" : counted("new_updates", count);
}

function wasPaused() {
  try {
    return localStorage.getItem(PAUSED) === "1";
  } catch {
    return false;
  }
}
