/**
 * Shows times in the reader's time zone, and as "5 min ago". Without scripts the newsroom's time zone is shown.
 */

import { digits } from "./words.js";

const EVERY_MS = 20_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const language = preferred(document.documentElement.lang);
const clock = formatter({ hour: "2-digit", minute: "2-digit", ...hours() });
const day = formatter({ day: "numeric", month: "short" });
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
function distance(moment, now) {
  const past = now.getTime() - moment.getTime();
  if (past < MINUTE_MS) return ago.format(0, "second");
  if (past < HOUR_MS) return ago.format(-Math.floor(past / MINUTE_MS), "minute");
  return sameDay(moment, now) ? ago.format(-Math.floor(past / HOUR_MS), "hour") : day.format(moment);
}

/**
 * @param {HTMLTimeElement} element
 * @param {Date} now
 */
function show(element, now) {
  const moment = new Date(element.dateTime);
  if (Number.isNaN(moment.getTime())) return;
  const kind = element.dataset["time"];
  const time = clock.format(moment);
  if (kind === "entry") {
    const [strong, span] = [element.querySelector("b"), element.querySelector("span")];
    if (strong && strong.textContent !== time) strong.textContent = time;
    const words = distance(moment, now);
    if (span && span.textContent !== words) span.textContent = words;
    return;
  }
  const words = kind === "short" && !sameDay(moment, now) ? `${day.format(moment)}, ${time}` : time;
  if (element.textContent !== words) element.textContent = words;
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
