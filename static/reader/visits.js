/**
 * What happened while the reader was away: a line "6 updates since 13:05" where they stopped. Kept in this browser only.
 */

import { recall, remember } from "./saved_choices.js";
import { numberOf, shownIn } from "./page_filter.js";
import { timeName } from "./times.js";
import { counted } from "./words.js";

/** A tab that was in the background for less is no absence. */
const AWAY_MS = 60_000;

export class Visits {
  #key;
  #list;
  #scope;
  #isNew;
  #line = document.createElement("p");
  /** The number of the newest entry that the reader knew, and when they left. */
  #stopped = { number: 0, at: 0 };
  #hiddenAt = 0;
  #wasSeen = false;

  /**
   * @param {HTMLElement} list
   * @param {object} given
   * @param {string} given.blog its id
   * @param {import("./page_filter.js").Scope} given.scope
   * @param {(article: HTMLElement) => boolean} given.isNew whether an entry has not been on screen yet
   */
  constructor(list, { blog, scope, isNew }) {
    this.#key = `stopped.${blog}`;
    this.#list = list;
    this.#scope = scope;
    this.#isNew = isNew;
    this.#line.className = "mark mark--stop";
    this.#line.append(document.createElement("span"));
    if (!scope.isPlain) return;
    this.#stopped = this.#recalled;
    this.#wasSeen = document.visibilityState === "visible";
    document.addEventListener("visibilitychange", () => this.#look());
    addEventListener("pagehide", () => {
      if (document.visibilityState === "visible") this.#leave();
    });
  }

  get #recalled() {
    const [number = 0, at = 0] = recall(this.#key).split(" ").map(Number);
    return { number, at };
  }

  #look() {
    if (document.visibilityState !== "visible") return this.#leave();
    this.#wasSeen = true;
    if (!this.#hiddenAt || Date.now() - this.#hiddenAt < AWAY_MS) return;
    this.#stopped = this.#recalled;
    this.update();
  }

  #leave() {
    if (!this.#wasSeen) return;
    this.#hiddenAt = Date.now();
    const newest = Math.max(0, ...shownIn(this.#list).filter((article) => !this.#isNew(article)).map(numberOf));
    // Another tab may have shown more.
    if (newest >= this.#recalled.number) remember(this.#key, `${newest} ${this.#hiddenAt}`);
  }

  /** Show the line where it belongs by now. It takes no room (css/marks.css). */
  update() {
    const { number, at } = this.#stopped;
    if (!number) return;
    let here = 0;
    let each = this.#list.firstElementChild;
    // The page is newest first, pinned entries above: it ends at the first that the reader knew.
    for (; each; each = each.nextElementSibling) {
      if (each.localName !== "article" || each.hasAttribute("hidden")) continue;
      const isAfter = numberOf(each) > number;
      if (!isAfter && !each.hasAttribute("data-pinned")) break;
      if (isAfter && !each.hasAttribute("data-gone")) here += 1;
    }
    const count = here + Math.max(0, this.#scope.first - 1 - number);
    if (count === 0) return this.#line.remove();
    const words = counted("updates_since", count, { time: timeName(new Date(at)) });
    const place = /** @type {HTMLElement} */ (this.#line.firstElementChild);
    if (place.textContent !== words) place.textContent = words;
    this.#place(each);
  }

  /** @param {Element | null} known the uppermost entry that the reader knew; it may stand on an older page */
  #place(known) {
    const day = known?.previousElementSibling;
    const below = (day?.matches("[data-day]") ? day : known) ?? null;
    const above = below ? below.previousElementSibling : this.#list.lastElementChild;
    if (above !== this.#line) this.#list.insertBefore(this.#line, below);
  }
}
