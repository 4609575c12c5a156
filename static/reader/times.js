/**
 * Shows times in the reader's time zone, and as "5 min ago"; with the day where that is not today, with the year where
 * that is another one. Without scripts the newsroom's time zone is shown.
 */

import { digits } from "./words.js";

const EVERY_MS = 20_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const language = preferred(document.documentElement.lang);
const clock = formatter({ hour: "2-digit", minute: "2-digit", ...hours() });
const day = formatter({ day: "numeric", month: "short" });
const dayOfYear = formatter({ day: "numeric", month: "short", year: "numeric" });
const weekday = formatter({ weekday: "long", day: "numeric", month: "long" });
const weekdayOfYear = formatter({ weekday: "long", day: "numeric", month: "long", year: "numeric" });
const ago = relative();

/**
 * The reader's regional variant of the page's language: on an English page a reader in Leeds expects 21:44, one in
 * Chicago 9:44 PM.
 * @param {string} page
 */
function preferred(page) {
  const base = (/** @type {string} */ tag) => tag.split("-")[0]?.toLowerCase();
  return navigator.languages.find((own) => base(own) === base(page)) ?? (page || undefined);
}

/** The clock of the page where newsrooms of its language use another than the reader's browser would. */
function hours() {
  const hourCycle = document.documentElement.dataset["hourCycle"];
  return hourCycle === "h23" ? { hourCycle: /** @type {"h23"} */ (hourCycle) } : {};
}

/** @param {Intl.DateTimeFormatOptions} options */
function formatter(options) {
  const chosen = { ...options, ...digits() };
  try {
    return new Intl.DateTimeFormat(language, chosen);
  } catch {
    return new Intl.DateTimeFormat(undefined, chosen);
  }
}

function relative() {
  /** @type {Intl.RelativeTimeFormatOptions} */
  const options = { numeric: "auto", style: "short", ...digits() };
  try {
    return new Intl.RelativeTimeFormat(language, options);
  } catch {
    return new Intl.RelativeTimeFormat(undefined, options);
  }
}

/** When the words of a time have to be looked at again. @type {WeakMap<HTMLTimeElement, { of: string, due: number }>} */
const checks = new WeakMap();

/**
 * @param {Date} moment
 * @param {Date} now
 */
function sameDay(moment, now) {
  return moment.toDateString() === now.toDateString();
}

/**
 * @param {Date} moment
 * @param {Date} now
 */
function date(moment, now) {
  return (moment.getFullYear() === now.getFullYear() ? day : dayOfYear).format(moment);
}

/**
 * "Tuesday 24 November".
 * @param {Date} moment
 */
export function dayName(moment) {
  return (moment.getFullYear() === new Date().getFullYear() ? weekday : weekdayOfYear).format(moment);
}

/**
 * "13:05", or "24 Nov, 13:05" if that was not today.
 * @param {Date} moment
 */
export function timeName(moment, now = new Date()) {
  const time = clock.format(moment);
  return sameDay(moment, now) ? time : `${date(moment, now)}, ${time}`;
}

/**
 * @param {Date} moment
 * @param {Date} now
 */
function distance(moment, now) {
  const past = now.getTime() - moment.getTime();
  if (past < MINUTE_MS) return ago.format(0, "second");
  if (past < HOUR_MS) return ago.format(-Math.floor(past / MINUTE_MS), "minute");
  return sameDay(moment, now) ? ago.format(-Math.floor(past / HOUR_MS), "hour") : date(moment, now);
}

/**
 * @param {Date} moment
 * @param {Date} now
 * @returns {number} ms since 1970 until which the words are right
 */
function dueAfter(moment, now) {
  const midnight = new Date(now).setHours(24, 0, 0, 0);
  if (!sameDay(moment, now)) return midnight;
  const past = now.getTime() - moment.getTime();
  const unit = past < HOUR_MS ? MINUTE_MS : HOUR_MS;
  return Math.min(midnight, now.getTime() + unit - (((past % unit) + unit) % unit));
}

/**
 * @param {HTMLTimeElement} element
 * @param {Date} now
 */
function show(element, now) {
  const known = checks.get(element);
  if (known?.of === element.dateTime && now.getTime() < known.due) return;
  const moment = new Date(element.dateTime);
  if (Number.isNaN(moment.getTime())) return;
  checks.set(element, { of: element.dateTime, due: dueAfter(moment, now) });
  if (element.dataset["time"] !== "entry") return write(element, timeName(moment, now));
  write(element.querySelector("b"), clock.format(moment));
  write(element.querySelector("span"), distance(moment, now));
}

/**
 * @param {Element | null} element
 * @param {string} words
 */
function write(element, words) {
  if (element && element.textContent !== words) element.textContent = words;
}

/** Show all times below `root` in the reader's time zone. */
export function showTimes(/** @type {ParentNode} */ root = document) {
  const now = new Date();
  for (const element of root.querySelectorAll("time[data-time]")) {
    show(/** @type {HTMLTimeElement} */ (element), now);
  }
}

/** Update all times regularly, so that they stay right across midnight and after sleep. */
export function keepTimes() {
  showTimes();
  setInterval(() => showTimes(), EVERY_MS);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") showTimes();
  });
}
