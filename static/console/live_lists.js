// @ts-check
/**
 * Keeps the lists of entries fresh without taking a row from under somebody's hands. Editors follow the newsroom feed;
 * contributors, who may not read it, ask again at an interval while the page is visible.
 */
import { updateBlog } from "./blog_state.js";
import { sayLoggedOut } from "./notice.js";
import { word } from "./words.js";

const REFRESH_AFTER_MS = 300;
const POLL_MS = 5_000;
/** Rows stay where they are for so long after the pointer moved over them. */
const POINTER_REST_MS = 1_500;
const KINDS = ["entry", "gone", "blog", "reset"];
/** Parts that are replaced as a whole; the rows are compared one by one. */
const WHOLE = ["#filter", "#none", "#older", "#held-title", "#waiting-title"];

export class Lists {
  #root;
  #etag = "";
  #timer = 0;
  #moved = -Infinity;
  #loggedOut = false;
  #asked = 0;
  #shown = 0;

  /** @param {HTMLElement} root with `data-lists`, and `data-feed` for editors */
  constructor(root) {
    this.#root = root;
    root.addEventListener("pointermove", () => (this.#moved = performance.now()));
    document.addEventListener("visibilitychange", () => document.hidden || this.#soon(0));
    window.addEventListener("offline", () => connected(false));
    window.addEventListener("online", () => this.#soon(0));
    if (root.dataset.feed) this.#follow(root.dataset.feed);
    else this.#poll();
  }

  /** @param {string} feed */
  #follow(feed) {
    const source = new EventSource(feed);
    for (const kind of KINDS) source.addEventListener(kind, () => this.#soon(REFRESH_AFTER_MS));
    source.addEventListener("open", () => this.#soon(REFRESH_AFTER_MS));
    source.addEventListener("error", () => {
      connected(false);
      if (source.readyState === EventSource.CLOSED) this.#poll();
    });
  }

  #poll() {
    window.setInterval(() => document.hidden || this.#loggedOut || void this.refresh(), POLL_MS);
  }

  /** @param {number} wait milliseconds */
  #soon(wait) {
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => void this.refresh(), wait);
  }

  /**
   * @param {string} [own] the id of a row that was just acted on, which is replaced even under the pointer
   * @param {{ asked?: boolean }} [more] `asked`: somebody wants another list, so that no row has to stay
   */
  async refresh(own, { asked = false } = {}) {
    const rest = this.#moved + POINTER_REST_MS - performance.now();
    if (!own && !asked && rest > 0) {
      this.#soon(rest);
      return;
    }
    const headers = { Accept: "text/html", ...(this.#etag && !own && { "If-None-Match": this.#etag }) };
    const turn = this.#asked += 1;
    const url = this.#root.dataset.lists + location.search;
    const answer = await fetch(url, { headers, cache: "no-store" }).catch(() => null);
    if (answer?.redirected && !this.#loggedOut) {
      this.#loggedOut = true;
      sayLoggedOut();
    }
    connected(answer !== null);
    if (!answer?.ok || answer.redirected) return;
    this.#loggedOut = false;
    const text = await answer.text().catch(() => null);
    // an answer that was overtaken by a newer one is of no use
    if (text === null || turn < this.#shown) return;
    this.#shown = turn;
    this.#etag = answer.headers.get("ETag") ?? "";
    const fresh = new DOMParser().parseFromString(text, "text/html").body;
    updateBlog(fresh);
    for (const section of fresh.querySelectorAll("section")) this.#update(section, own);
  }

  /** @param {HTMLElement} fresh @param {string | undefined} own */
  #update(fresh, own) {
    const section = document.getElementById(fresh.id);
    if (!section) return;
    section.hidden = fresh.hidden;
    const [count, counted] = [section.querySelector("#found"), fresh.querySelector("#found")];
    if (count && counted && count.textContent !== counted.textContent) count.textContent = counted.textContent;
    for (const selector of WHOLE) {
      const [old, made] = [section.querySelector(selector), fresh.querySelector(selector)];
      if (!old || !made || old.outerHTML === made.outerHTML) continue;
      const next = document.importNode(made, true);
      const focused = old.contains(document.activeElement);
      // of the tabs, the focus stays on the one that was chosen
      const chosen = /** @type {HTMLElement | null} */ (focused ? next.querySelector("[aria-current]") : null);
      if (focused && !chosen) continue;
      old.replaceWith(next);
      chosen?.focus();
    }
    const rows = section.querySelector("[data-rows]");
    const wanted = fresh.querySelector("[data-rows]");
    if (rows && wanted) this.#updateRows(rows, [...wanted.children], own);
  }

  /** @param {Element} rows @param {Element[]} wanted @param {string | undefined} own */
  #updateRows(rows, wanted, own) {
    const ids = new Set(wanted.map((row) => row.id));
    for (const row of [...rows.children]) if (!ids.has(row.id)) row.remove();
    wanted.forEach((made, index) => {
      let row = [...rows.children].find((r) => r.id === made.id);
      const writers = row?.getAttribute("data-writers");
      if (writers) made.setAttribute("data-writers", writers);
      const until = made.querySelector("[data-until]");
      if (until) until.textContent = row?.querySelector("[data-until]")?.textContent ?? "";
      if (row?.hasAttribute("data-editing")) made.setAttribute("data-editing", "");
      if (row?.querySelector("details[open]")) made.querySelector("details")?.setAttribute("open", "");
      if (row && row.outerHTML !== made.outerHTML && this.#free(row, own)) {
        row = replace(row, document.importNode(made, true));
      }
      row ??= document.importNode(made, true);
      if (rows.children[index] !== row) rows.insertBefore(row, rows.children[index] ?? null);
    });
  }

  /** Whether nobody is on this row, and its menu is closed; otherwise look again once they left. @param {Element} row @param {string | undefined} own */
  #free(row, own) {
    const menu = row.querySelector("details[open]");
    if ((!menu && !row.contains(document.activeElement)) || (own && row.id.endsWith(own))) return true;
    this.#etag = "";
    row.addEventListener("focusout", () => this.#soon(REFRESH_AFTER_MS), { once: true });
    menu?.addEventListener("toggle", () => this.#soon(REFRESH_AFTER_MS), { once: true });
    return false;
  }
}

/** @param {boolean} is whether the list hears of what others do */
function connected(is) {
  const sign = /** @type {HTMLElement | null} */ (document.querySelector("[data-connected]"));
  if (!sign) return;
  const words = word(is ? "connected" : "reconnecting");
  if (sign.textContent !== words) sign.textContent = words;
  sign.dataset.connected = String(is);
}

/** Put one state of a row in place of another, with the focus where it was. @param {Element} row @param {Element} next @returns {Element} */
function replace(row, next) {
  const focused = row.contains(document.activeElement) ? document.activeElement : null;
  row.replaceWith(next);
  if (!focused) return next;
  const same = focused === row ? null : [...next.querySelectorAll("a, button, summary")].find((one) => one.textContent === focused.textContent);
  const target = /** @type {HTMLElement} */ (same ?? next);
  if (target === next) target.tabIndex = -1;
  target.focus({ preventScroll: true });
  return next;
}
