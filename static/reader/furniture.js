/**
 * Keeps what surrounds the updates right while they arrive: the date in the masthead, "Updated 14:32" at the head,
 * and the newest key event on the line that opens their list on phones.
 */

import { showTimes } from "./times.js";
import { format, localeOf } from "./words.js";

const CHANGES = { childList: true, subtree: true };

/** Show today's date in the masthead, in the reader's time zone; a cached page cannot know it. */
function showToday() {
  const place = document.querySelector("[data-today]");
  if (!place) return;
  const locale = localeOf(document.documentElement);
  const own = { ...locale, language: locale.language === "en" ? "en-GB" : locale.language };
  const options = { weekday: "long", day: "numeric", month: "long", year: "numeric" };
  place.textContent = format(Intl.DateTimeFormat, own, options).format();
}

/** @param {HTMLElement} root */
function keepFurniture(root) {
  const entries = root.querySelector("[data-entries]");
  const keyEvents = root.querySelector("[data-key-events]");
  if (entries) new MutationObserver((changes) => showUpdated(root, changes)).observe(entries, CHANGES);
  if (!keyEvents) return;
  showLatest(root, keyEvents);
  new MutationObserver(() => showLatest(root, keyEvents)).observe(keyEvents, CHANGES);
}

/**
 * @param {HTMLElement} root
 * @param {MutationRecord[]} changes
 */
function showUpdated(root, changes) {
  const stamp = /** @type {HTMLTimeElement | null} */ (root.querySelector("[data-updated] time"));
  if (!stamp) return;
  const before = stamp.dateTime;
  for (const part of changes.flatMap(changedParts)) {
    for (const { dateTime } of part.querySelectorAll("time")) if (dateTime > stamp.dateTime) stamp.dateTime = dateTime;
  }
  if (stamp.dateTime === before) return;
  stamp.removeAttribute("title");
  showTimes(/** @type {Element} */ (stamp.parentElement));
}

/** The entries that a change is in, or consists of. @param {MutationRecord} change */
function changedParts({ target, addedNodes }) {
  const around = /** @type {Element} */ (target).closest("article");
  return around ? [around] : [...addedNodes].filter((node) => node instanceof Element);
}

/**
 * @param {HTMLElement} root
 * @param {Element} keyEvents
 */
function showLatest(root, keyEvents) {
  const line = root.querySelector("[data-latest-key]");
  const text = keyEvents.firstElementChild?.textContent ?? "";
  if (line && line.textContent !== text) line.textContent = text;
}

showToday();
showTimes(); // here, because the script of the page comes later
document.documentElement.dataset["times"] = "shown";
const root = document.querySelector(".live");
if (root instanceof HTMLElement) keepFurniture(root);
