// @ts-check
/** A local time of a zone as a moment, by the same rules as the server's (console/entry_form.py). */

const MINUTE = 60_000;

/**
 * @param {string} local as `<input type=datetime-local>` has it
 * @param {string} zone IANA name
 * @returns {string | null} RFC 3339; of a time that comes twice when clocks go back, the first; null for a time that
 *   clocks skip when they go forward
 */
export function instantOf(local, zone) {
  const asUtc = Date.parse(`${local}Z`);
  if (Number.isNaN(asUtc)) return null;
  const offsets = [-24, 24].map((hours) => offset(asUtc + hours * 60 * MINUTE, zone));
  const found = offsets.map((minutes) => asUtc - minutes * MINUTE)
    .filter((moment) => offset(moment, zone) * MINUTE === asUtc - moment);
  return found.length ? new Date(Math.min(...found)).toISOString() : null;
}

/** @param {number} moment @param {string} zone @returns {number} minutes east of UTC */
function offset(moment, zone) {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit",
  }).formatToParts(moment);
  const part = Object.fromEntries(parts.map(({ type, value }) => [type, value]));
  const shown = Date.parse(`${part.year}-${part.month}-${part.day}T${part.hour}:${part.minute}Z`);
  return Math.round((shown - Math.floor(moment / MINUTE) * MINUTE) / MINUTE);
}
