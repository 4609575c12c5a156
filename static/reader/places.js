/**
 * Where the reader was: after a reload, and for those who read from the beginning also on the next visit.
 */

import { PAGE_SIZE } from "./load_more.js";
import { recall, remember } from "./saved_choices.js";
import { numberOf, shownIn } from "./page_filter.js";

const OLDEST = "?order=oldest";
/** Of the height of the screen: what ends above has been read. */
const READ_PART = 0.2;

/** How the page was opened: `navigate`, `reload` or `back_forward`. */
export function entered() {
  const [entry] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
  return entry?.type ?? "navigate";
}

/** @param {HTMLElement} root */
function orderKey(root) {
  return `order.${root.dataset["blog"]}`;
}

/**
 * Go on where somebody who reads from the beginning stopped. Returns whether the page is left for that.
 * @param {HTMLElement} root
 */
export function resume(root) {
  const place = recall(orderKey(root));
  const isPlain = location.pathname === `/live/${root.dataset["slug"]}` && !location.search && !location.hash;
  if (entered() !== "navigate" || !isPlain || !place.startsWith(OLDEST)) return false;
  location.replace(place);
  return true;
}

/**
 * @param {HTMLElement} root
 * @param {HTMLElement} list
 * @param {import("./page_filter.js").Scope} scope
 */
export function rememberPlaces(root, list, scope) {
  if (entered() !== "navigate") restore(list);
  const link = root.querySelector(".filters__order a");
  let isChosen = scope.isWholeOldestFirst;
  link?.addEventListener("click", () => {
    isChosen = false;
    remember(orderKey(root), "");
  });
  const save = () => {
    const article = topmost(list);
    const top = Math.round(article?.getBoundingClientRect().top ?? 0);
    remember("place", article && scrollY > 0 ? `${location.pathname}${location.search} ${article.id} ${top}` : "", "sessionStorage");
    if (isChosen) remember(orderKey(root), article ? address(article) : OLDEST);
  };
  addEventListener("pagehide", save);
  document.addEventListener("visibilitychange", save);
}

/**
 * Where an entry stands in the order from the beginning.
 * @param {HTMLElement} article
 */
function address(article) {
  const after = Math.floor((numberOf(article) - 1) / PAGE_SIZE) * PAGE_SIZE;
  return `${OLDEST}${after ? `&after=${after}` : ""}#${article.id}`;
}

/** Browsers restore the distance from the top, where other entries may stand by now. @param {HTMLElement} list */
function restore(list) {
  const [page, id = "", top] = recall("place", "sessionStorage").split(" ");
  const article = page === location.pathname + location.search ? document.getElementById(id) : null;
  if (!article || !list.contains(article)) return;
  history.scrollRestoration = "manual";
  scrollBy({ top: article.getBoundingClientRect().top - Number(top), behavior: "instant" });
}

/** The uppermost entry that the reader has not read to its end. @param {HTMLElement} list */
function topmost(list) {
  return shownIn(list).find((article) => article.getBoundingClientRect().bottom > innerHeight * READ_PART);
}
