/**
 * Lines between entries of different days, in the reader's time zone; without scripts those of the newsroom. They take no
 * room (css/marks.css), so that nothing moves when one comes or goes.
 */

import { timeOf } from "./page_filter.js";

/**
 * Bring the lines of a list in order.
 * @param {HTMLElement} list
 * @param {boolean} isOlder on older pages a pinned entry stands among the others
 */
export function divideDays(list, isOlder) {
  const left = new Set(list.querySelectorAll(":scope > [data-day]"));
  const among = `:scope > article:not([hidden]${isOlder ? "" : ", [data-pinned]"})`;
  let above = "";
  for (const article of /** @type {NodeListOf<HTMLElement>} */ (list.querySelectorAll(among))) {
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
  let line = article.previousElementSibling;
  if (!line?.matches("[data-day]")) {
    line = document.createElement("p");
    line.className = "mark mark--day";
    line.toggleAttribute("data-day", true);
    line.append(document.createElement("time"));
    article.before(line);
  }
  const time = /** @type {HTMLTimeElement} */ (line.firstElementChild);
  time.dataset["time"] = "day";
  time.dateTime = dateTime;
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
