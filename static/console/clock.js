// @ts-check
/** Times as the lists of the server have them: of the blog's zone, by 24 hours, in the digits of the page. */
import { pageLocale } from "./words.js";

/** @param {number} at @param {string | undefined} zone IANA name; else that of the browser @returns {string} `21:44` */
export function clock(at, zone) {
  const { tag, options } = pageLocale();
  return new Date(at).toLocaleTimeString(tag, { ...options, hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone });
}

/** The same, with its day where that is not today. @param {number} at @param {string | undefined} zone @returns {string} */
export function clockAndDay(at, zone) {
  const { tag, options } = pageLocale();
  /** @param {number} moment */
  const day = (moment) => new Date(moment).toLocaleDateString(tag, { ...options, day: "numeric", month: "short", timeZone: zone });
  return day(at) === day(Date.now()) ? clock(at, zone) : `${day(at)} ${clock(at, zone)}`;
}
