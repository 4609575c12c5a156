// @ts-check
/**
 * Keeps the lists of entries fresh without taking a row from under somebody's hands. Editors follow the newsroom feed;
 * contributors, who may not read it, ask again at an interval while the page is visible.
 */
import { sayLoggedOut } from "./notice.js";

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

  /** @param {HTMLElement} root with `data-lists`, and `data-feed` for editors */
  constructor(root) {
    this.#root = root;
    root.addEventListener("pointermove", () => (this.#moved = performance.now()));
    document.addEventListener("visibilitychange", () => document.hidden || this.#soon(0));
    if (root.dataset.feed) this.#follow(root.dataset.feed);
    else this.#poll();
  }

  /** @param {string} feed */
  #follow(feed) {
    const source = new EventSource(feed);
    for (const kind of KINDS) source.addEventListener(kind, () => this.#soon(REFRESH_AFTER_MS));
    source.addEventListener("open", () => this.#soon(REFRESH_AFTER_MS));
    source.addEventListener("error", () => {
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

  /** @param {string} [own] the id of a row that was just acted on, which is replaced even under the pointer */
  async refresh(own) {
    const rest = this.#moved + POINTER_REST_MS - performance.now();
    if (!own && rest > 0) {
      this.#soon(rest);
      return;
    }
    const headers = { Accept: "text/html", ...(this.#etag && !own && { "If-None-Match": this.#etag }) };
    const url = this.#root.dataset.lists + location.search;
    const answer = await fetch(url, { headers, cache: "no-store" }).catch(() => null);
    if (answer?.redirected && !this.#loggedOut) {
      this.#loggedOut = true;
      sayLoggedOut();
    }
    if (!answer?.ok || answer.redirected) return;
    this.#loggedOut = false;
    const text = await answer.text().catch(() => null);
    if (text === null) return;
    this.#etag = answer.headers.get("ETag") ?? "";
    const fresh = new DOMParser().parseFromString(text, "text/html").body;
    for (const section of fresh.querySelectorAll("section")) this.#update(section, own);
  }

  /** @param {HTMLElement} fresh @param {string | undefined} own */
  #update(fresh, own) {
    const section = document.getElementById(fresh.id);
    if (!section) return;
    section.hidden = fresh.hidden;
    for (const selector of WHOLE) {
      const [old, made] = [section.querySelector(selector), fresh.querySelector(selector)];
      if (old && made && old.outerHTML !== made.outerHTML && !old.contains(document.activeElement)) {
        old.replaceWith(document.importNode(made, true));
      }
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
      if (row?.hasAttribute("data-editing")) made.setAttribute("data-editing", "");
      if (row?.querySelector("details[open]")) made.querySelector("details")?.setAttribute("open", "");
      if (row && row.outerHTML !== made.outerHTML && this.#free(row, own)) {
        const next = document.importNode(made, true);
        row.replaceWith(next);
        row = next;
      }
      row ??= document.importNode(made, true);
      if (rows.children[index] !== row) rows.insertBefore(row, rows.children[index] ?? null);
    });
  }

  /** Whether nobody is on this row with the keyboard; if somebody is, look again once they left. @param {Element} row @param {string | undefined} own */
  #free(row, own) {
    if (!row.contains(document.activeElement) || (own && row.id.endsWith(own))) return true;
    this.#etag = "";
    row.addEventListener("focusout", () => this.#soon(REFRESH_AFTER_MS), { once: true });
    return false;
  }
}
