/**
 * Lines between entries of different days, in the reader's time zone; without scripts those of the newsroom. They take no
 * room (css/marks.css), so that nothing moves when one comes or goes.
 */

import { timeOf } from "./page_filter.js";
import { showTimes } from "./times.js";

/**
 * Bring the lines of a list in order, as far down as something changed: a page may hold thousands of entries.
 * @param {HTMLElement} list
 * @param {boolean} isOlder on older pages a pinned entry stands among the others
 * @param {ReadonlySet<Element>} changed what was put on the page, shown or changed; all is looked at if the list is among it
 */
export function divideDays(list, isOlder, changed) {
  const isWhole = changed.has(list);
  let left = [...changed].filter((each) => each.parentElement === list).length;
  let above = "";
  /** @type {Element | null} a line that no entry has needed yet */
  let line = null;
  for (let each = list.firstElementChild; each; each = each.nextElementSibling) {
    if (each.hasAttribute("data-day")) {
      line?.remove();
      line = each;
    }
    const dateTime = divides(each, isOlder) ? timeOf(each) : "";
    if (dateTime) {
      const day = new Date(dateTime).toDateString();
      const kept = above && day !== above ? divide(/** @type {HTMLElement} */ (each), dateTime) : null;
      if (line !== kept) line?.remove();
      line = null;
      above = day;
    }
    if (changed.has(each)) left -= 1;
    else if (!isWhole && left === 0 && dateTime) return;
  }
  line?.remove();
}

/**
 * @param {Element} each
 * @param {boolean} isOlder
 */
function divides(each, isOlder) {
  return each.localName === "article" && !each.hasAttribute("hidden") && (isOlder || !each.hasAttribute("data-pinned"));
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
