// @ts-check
/** Times as the lists of the server have them: of the blog's zone, by 24 hours. */

/** @param {number} at @param {string | undefined} zone IANA name; else that of the browser @returns {string} `21:44` */
export function clock(at, zone) {
  return new Date(at).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: zone });
}

/** The same, with its day where that is not today. @param {number} at @param {string | undefined} zone @returns {string} */
export function clockAndDay(at, zone) {
  /** @param {number} moment */
  const day = (moment) => new Date(moment).toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: zone });
  return day(at) === day(Date.now()) ? clock(at, zone) : `${day(at)} ${clock(at, zone)}`;
}
