/**
 * Whether entries have been on screen. The scroll position does not tell: a long head or a pinned entry may stand above.
 */

/** An entry has been seen once so much of it, or half of it, was on screen. */
const SEEN_PX = 120;
const SEEN_PART = 0.5;

export class Seen {
  #observer;
  /** @type {Map<Element, () => void>} */
  #waiting = new Map();

  constructor() {
    this.#observer = new IntersectionObserver((entries) => entries.forEach((entry) => this.#look(entry)), {
      threshold: [0, 0.1, 0.25, SEEN_PART, 0.75, 1],
    });
  }

  /**
   * Call `seen` once the entry has been on screen.
   * @param {Element} article
   * @param {() => void} seen
   */
  watch(article, seen) {
    this.#waiting.set(article, seen);
    this.#observer.observe(article);
  }

  /** @param {Element} article */
  forget(article) {
    this.#waiting.delete(article);
    this.#observer.unobserve(article);
  }

  /** @param {IntersectionObserverEntry} entry */
  #look({ target, isIntersecting, intersectionRatio, intersectionRect }) {
    if (!isIntersecting || document.visibilityState !== "visible") return;
    if (intersectionRatio < SEEN_PART && intersectionRect.height < SEEN_PX) return;
    const seen = this.#waiting.get(target);
    this.forget(target);
    seen?.();
  }
}
