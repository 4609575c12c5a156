/**
 * Shows times in the reader's time zone, and as "5 min ago"; with the day where that is not today, with the year where
 * that is another one. Without scripts the newsroom's time zone is shown.
 */

import { format, localeOf } from "./words.js";

/** @typedef {import("./words.js").Locale} Locale */

const EVERY_MS = 20_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/**
 * The reader's regional variant of the page's language: on an English page a reader in Leeds expects 21:44, one in
 * Chicago 9:44 PM.
 * @param {string} page
 */
function preferred(page) {
  const base = (/** @type {string} */ tag) => tag.split("-")[0]?.toLowerCase();
  return navigator.languages.find((own) => base(own) === base(page)) ?? page;
}

/** The clock of the page where newsrooms of its language use another than the reader's browser would. @param {Locale} locale */
function hours({ hourCycle }) {
  return hourCycle === "h23" ? { hourCycle: /** @type {"h23"} */ (hourCycle) } : {};
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
 * @param {Element | null} element
 * @param {string} words
 */
function write(element, words) {
  if (element && element.textContent !== words) element.textContent = words;
}

export class Times {
  #clock;
  #day;
  #dayOfYear;
  #weekday;
  #weekdayOfYear;
  #ago;

  /** @param {Locale} locale */
  constructor(locale) {
    const own = { ...locale, language: preferred(locale.language) };
    const dates = (/** @type {Intl.DateTimeFormatOptions} */ options) => format(Intl.DateTimeFormat, own, options);
    this.#clock = dates({ timeStyle: "short", ...hours(locale) });
    this.#day = dates({ day: "numeric", month: "short" });
    this.#dayOfYear = dates({ day: "numeric", month: "short", year: "numeric" });
    this.#weekday = dates({ weekday: "long", day: "numeric", month: "long" });
    this.#weekdayOfYear = dates({ weekday: "long", day: "numeric", month: "long", year: "numeric" });
    this.#ago = format(Intl.RelativeTimeFormat, own, { numeric: "auto", style: "short" });
  }

  /** Show all times below `root` in the reader's time zone. @param {ParentNode} root */
  show(root) {
    const now = new Date();
    for (const element of root.querySelectorAll("time[data-time]")) {
      this.#show(/** @type {HTMLTimeElement} */ (element), now);
    }
  }

  /**
   * Update all times below `root` regularly, so that they stay right across midnight and after sleep.
   * @param {ParentNode} root
   * @param {AbortSignal} [signal] ends it
   */
  keep(root, signal) {
    this.show(root);
    const timer = setInterval(() => this.show(root), EVERY_MS);
    signal?.addEventListener("abort", () => clearInterval(timer));
    const shown = () => document.visibilityState === "visible" && this.show(root);
    document.addEventListener("visibilitychange", shown, signal ? { signal } : {});
  }

  /**
   * "Tuesday 24 November".
   * @param {Date} moment
   * @param {Date} now
   */
  #dayName(moment, now) {
    return (moment.getFullYear() === now.getFullYear() ? this.#weekday : this.#weekdayOfYear).format(moment);
  }

  /**
   * "13:05", or "24 Nov, 13:05" if that was not today.
   * @param {Date} moment
   */
  timeName(moment, now = new Date()) {
    const time = this.#clock.format(moment);
    return sameDay(moment, now) ? time : `${this.#date(moment, now)}, ${time}`;
  }

  /**
   * @param {Date} moment
   * @param {Date} now
   */
  #date(moment, now) {
    return (moment.getFullYear() === now.getFullYear() ? this.#day : this.#dayOfYear).format(moment);
  }

  /**
   * @param {Date} moment
   * @param {Date} now
   */
  #distance(moment, now) {
    const past = now.getTime() - moment.getTime();
    if (past < MINUTE_MS) return this.#ago.format(0, "second");
    if (past < HOUR_MS) return this.#ago.format(-Math.floor(past / MINUTE_MS), "minute");
    return sameDay(moment, now) ? this.#ago.format(-Math.floor(past / HOUR_MS), "hour") : this.#date(moment, now);
  }

  /**
   * @param {HTMLTimeElement} element
   * @param {Date} now
   */
  #show(element, now) {
    const known = checks.get(element);
    if (known?.of === element.dateTime && now.getTime() < known.due) return;
    const moment = new Date(element.dateTime);
    if (Number.isNaN(moment.getTime())) return;
    checks.set(element, { of: element.dateTime, due: dueAfter(moment, now) });
    const { time } = element.dataset;
    if (time === "day") return write(element, this.#dayName(moment, now));
    if (time !== "entry") return write(element, this.timeName(moment, now));
    write(element.querySelector("b"), this.#clock.format(moment));
    write(element.querySelector("span"), this.#distance(moment, now));
  }
}

/** @type {Times | undefined} */
let known;

/** Those of the page that is a blog's. */
function pageTimes() {
  return (known ??= new Times(localeOf(document.documentElement)));
}

/** @type {Times["timeName"]} */
export const timeName = (moment, now) => pageTimes().timeName(moment, now);

/** Show all times below `root` in the reader's time zone. */
export function showTimes(/** @type {ParentNode} */ root = document) {
  pageTimes().show(root);
}

/** Update all times of the page regularly. */
export function keepTimes() {
  pageTimes().keep(document);
}
