/**
 * Keeps what the reader looks at where it is while the page changes. Browsers anchor the scroll position by themselves,
 * but not all of them, and not if the anchor was replaced or its ancestors changed; so it is measured and corrected.
 */

import { morph } from "./morph.js";

/** Heights in px of the viewport at which something is taken as an anchor; the first that survives counts. */
const LOOK_AT = [8, 64, 140, 240, 380, 560];
/** So many in the list are enough. */
const ANCHORS = 2;

/** Whether the reader is in the middle of the page: further down than its top. */
export function isMidPage() {
  return scrollY > 0;
}

/** @param {Element} element */
export function isOnScreen(element) {
  const { top, bottom } = element.getBoundingClientRect();
  return bottom > 0 && top < innerHeight && bottom > top;
}

/**
 * Run a change of the page so that what is in view does not move.
 * @param {Element} list where the reader reads
 * @param {() => void} change
 */
export function keepPlace(list, change) {
  if (!isMidPage()) return change();
  const anchors = anchorsIn(list);
  change();
  const anchor = anchors.find(({ element }) => element.isConnected);
  if (!anchor) return;
  const moved = anchor.element.getBoundingClientRect().top - anchor.top;
  if (Math.abs(moved) >= 1) scrollBy({ top: moved, behavior: "instant" });
}

/** @param {Element} list */
function anchorsIn(list) {
  const { left, width } = list.getBoundingClientRect();
  const tree = /** @type {Document | ShadowRoot} */ (list.getRootNode());
  /** @type {Set<Element>} */
  const read = new Set();
  /** @type {Set<Element>} */
  const other = new Set();
  for (const y of LOOK_AT) {
    // On a long page it takes the browser ms to find what is under a point.
    const found = y < innerHeight && read.size < ANCHORS ? tree.elementFromPoint(left + width / 2, y) : null;
    if (found !== null && found !== list && !found.contains(list)) (list.contains(found) ? read : other).add(found);
  }
  // First what is read: an entry that is inserted at the top of a list in view then pushes the head up, not the others down.
  return [...read, ...other].map((element) => ({ element, top: element.getBoundingClientRect().top }));
}

/**
 * Run a change of what stands above or beside the list so that the list does not move, also for a reader at the top.
 * @param {HTMLElement} list
 * @param {() => void} change
 */
export function keepList(list, change) {
  const before = list.getBoundingClientRect().top;
  change();
  const moved = list.getBoundingClientRect().top - before;
  if (before < innerHeight && moved >= 1) scrollBy({ top: moved, behavior: "instant" });
}

/**
 * Whether a new version of an entry would be of another height, and so move what stands below. Tried on a copy, with what
 * the reader has opened in it.
 * @param {HTMLElement} here
 * @param {HTMLElement} article
 */
export function changesHeight(here, article) {
  const copy = /** @type {HTMLElement} */ (here.cloneNode(true));
  for (const frame of copy.querySelectorAll("iframe")) frame.removeAttribute("src");
  morph(copy, /** @type {HTMLElement} */ (article.cloneNode(true)));
  const { width, height } = here.getBoundingClientRect();
  Object.assign(copy.style, { position: "absolute", visibility: "hidden", inlineSize: `${width}px` });
  here.before(copy);
  const changed = copy.getBoundingClientRect().height - height;
  copy.remove();
  return Math.abs(changed) >= 1;
}

const released = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (isIntersecting) continue;
    released.unobserve(target);
    const list = target.parentElement;
    if (list) keepPlace(list, () => (/** @type {HTMLElement} */ (target).style.minBlockSize = ""));
  }
});

/**
 * Change an element that is in view without moving what is below it: it keeps its height until it is off screen.
 * @param {HTMLElement} element
 * @param {() => void} change
 * @param {boolean} always also for a reader at the top of the page
 */
export function keepHeight(element, change, always = false) {
  const isKept = (always || isMidPage()) && isOnScreen(element);
  const height = isKept ? element.getBoundingClientRect().height : 0;
  change();
  if (height === 0 || element.getBoundingClientRect().height >= height) return;
  element.style.minBlockSize = `${height}px`;
  released.observe(element);
}
