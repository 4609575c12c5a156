/**
 * What to do with an entry that is new: show it at once to a reader who is at the top, and count it in a pill
 * for everybody else. Nothing is ever inserted above somebody who reads further down.
 */

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
    this.#pill.addEventListener("click", () => this.#toTop());
    this.#pauseButton.addEventListener("click", () => this.#pause(!this.paused));
    this.#pause(remembered(), true);
    this.#top = topOf(find(".pill-place"));
    new IntersectionObserver(() => this.#settle()).observe(this.#top);
    document.addEventListener("visibilitychange", () => this.#settle());
  }

  get paused() {
    return this.#pauseButton.getAttribute("aria-pressed") === "true";
  }

  /** @param {HTMLElement} article an entry that was just inserted */
  add(article) {
    article.hidden = true;
    this.#waiting.add(article);
    this.#announce();
    this.#settle();
  }

  /** Entries were replaced or removed: forget those that are not here any more, or are tombstones now. */
  recount() {
    for (const article of this.#waiting) {
      if (article.isConnected) continue;
      this.#waiting.delete(article);
      const now = this.#list.querySelector(`:scope > [data-id="${article.dataset["id"]}"]`);
      if (!(now instanceof HTMLElement)) continue;
      if (now.hasAttribute("data-gone")) now.hidden = false;
      else if (now.hidden) this.#waiting.add(now);
    }
    this.#settle();
  }

  /**
   * The page is called something else now.
   * @param {string} title
   */
  rename(title) {
    this.#title = title;
    this.#settle();
  }

  get title() {
    return this.#title;
  }

  #settle() {
    // measured now: an observer would tell of a scroll a moment too late
    const atTop = this.#top.getBoundingClientRect().top >= 0;
    const watching = atTop && document.visibilityState === "visible" && !this.paused;
    if (watching) this.#reveal();
    const count = this.#waiting.size;
    this.#pill.hidden = count === 0;
    this.#pill.textContent = words(count);
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

  #toTop() {
    this.#reveal();
    this.#settle();
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
  #pause(paused, quiet = false) {
    this.#pauseButton.setAttribute("aria-pressed", String(paused));
    this.#pauseButton.textContent = paused ? "Resume updates" : "Pause updates";
    if (quiet) return;
    try {
      localStorage.setItem(PAUSED, paused ? "1" : "");
    } catch {
      // a browser that keeps nothing forgets this too
    }
    this.#settle();
  }

  #announce() {
    this.#unannounced += 1;
    clearTimeout(this.#announcing);
    const wait = Math.max(0, this.#announcedAt + ANNOUNCE_EVERY_MS - performance.now());
    this.#announcing = window.setTimeout(() => {
      this.#status.textContent = words(this.#unannounced);
      this.#unannounced = 0;
      this.#announcedAt = performance.now();
    }, wait);
  }
}

/**
 * An element without height at the very place where the list begins: the pill's own place is sticky, and so
 * always in view.
 * @param {HTMLElement} place
 */
function topOf(place) {
  const mark = document.createElement("div");
  place.before(mark);
  return mark;
}

/** @param {number} count */
function words(count) {
  return count === 0 ? "" : count === 1 ? "1 new update" : `${count} new updates`;
}

function remembered() {
  try {
    return localStorage.getItem(PAUSED) === "1";
  } catch {
    return false;
  }
}
