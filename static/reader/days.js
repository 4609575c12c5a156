/**
 * Lines between entries of different days, in the reader's time zone; without scripts those of the newsroom. They take no
 * room (css/marks.css), so that nothing moves when one comes or goes.
 */

import { timeOf } from "./page_filter.js";
import { showTimes } from "./times.js";

/**
 * Bring the lines of a list in order.
 * @param {HTMLElement} list
 * @param {boolean} isOlder on older pages a pinned entry stands among the others
 */
export function divideDays(list, isOlder) {
  const children = /** @type {HTMLElement[]} */ ([...list.children]);
  const left = new Set(children.filter((child) => child.hasAttribute("data-day")));
  let above = "";
  for (const article of children) {
    if (article.localName !== "article" || article.hidden || (!isOlder && article.hasAttribute("data-pinned"))) continue;
    const dateTime = timeOf(article);
    if (!dateTime) continue;
    const day = dayOf(dateTime);
    if (above && day !== above) left.delete(divide(article, dateTime));
    above = day;
  }
  for (const line of left) line.remove();
}

/**
 * The line above an entry, made if there is none.
 * @param {HTMLElement} article
 * @param {string} dateTime
 */
function divide(article, dateTime) {
  let line = /** @type {HTMLElement | null} */ (article.previousElementSibling);
  if (!line?.matches("[data-day]")) {
    line = document.createElement("p");
    line.className = "mark mark--day";
    line.toggleAttribute("data-day", true);
    line.append(document.createElement("time"));
    article.before(line);
  }
  const time = /** @type {HTMLTimeElement} */ (line.firstElementChild);
  if (time.dateTime === dateTime && time.dataset["time"]) return line;
  time.dataset["time"] = "day";
  time.dateTime = dateTime;
  showTimes(line);
  return line;
}

/** The days of moments, because a page may hold thousands. @type {Map<string, string>} */
const days = new Map();

/** @param {string} dateTime */
function dayOf(dateTime) {
  const day = days.get(dateTime) ?? new Date(dateTime).toDateString();
  days.set(dateTime, day);
  return day;
}
