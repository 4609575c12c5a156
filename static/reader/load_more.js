/**
 * "Load more updates" without a page load. The link works without scripts.
 */

import { isPlain } from "./clicks.js";

/** How many entries an older page holds (server/web/reader/pagination.py). */
export const PAGE_SIZE = 20;

/**
 * @param {HTMLElement} root
 * @param {(articles: HTMLElement[], first: number) => void} extend
 * @returns {() => Promise<HTMLElement | null>} loads the next older page, to its first entry; null if there is none, or if
 *   it is being loaded. Rejects if it cannot be loaded.
 */
export function loadMore(root, extend) {
  const link = /** @type {HTMLAnchorElement | null} */ (root.querySelector("[data-more]"));
  if (!link || root.hasAttribute("data-older")) return async () => null;
  const load = async () => {
    if (!link.isConnected || link.getAttribute("aria-busy") === "true") return null;
    link.setAttribute("aria-busy", "true");
    try {
      const { page } = await pageAt(link.href);
      const articles = /** @type {HTMLElement[]} */ ([...page.querySelectorAll("[data-entries] > article")]);
      extend(articles, firstOf(page));
      const next = /** @type {HTMLAnchorElement | null} */ (page.querySelector("[data-more]"));
      if (next) link.href = next.href;
      else link.remove();
      return document.getElementById(articles[0]?.id ?? "");
    } finally {
      link.removeAttribute("aria-busy");
    }
  };
  link.addEventListener("click", async (event) => {
    if (!isPlain(event)) return;
    event.preventDefault();
    try {
      const first = await load();
      if (!first) return;
      first.tabIndex = -1;
      first.focus({ preventScroll: true });
    } catch {
      location.href = link.href;
    }
  });
  return load;
}

/**
 * A page of this blog, and where it is found in the end. Rejects if there is none.
 * @param {string} address
 */
export async function pageAt(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(String(answer.status));
  return { page: new DOMParser().parseFromString(await answer.text(), "text/html"), url: answer.url };
}

/** The lowest entry number of a page. @param {Document} page */
export function firstOf(page) {
  const root = /** @type {HTMLElement | null} */ (page.querySelector(".live"));
  return Number(root?.dataset["first"] ?? "1");
}
