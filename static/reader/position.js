/**
 * Positions in the feed: `EPOCH.SEQ`.
 */

/** @typedef {{ epoch: string, seq: number }} Position */

/**
 * @param {string | undefined} text
 * @returns {Position | null}
 */
export function parsePosition(text) {
  const match = /^([a-z0-9]{1,16})\.(\d{1,16})$/.exec(text ?? "");
  return match ? { epoch: /** @type {string} */ (match[1]), seq: Number(match[2]) } : null;
}

/**
 * Whether both positions belong to the same history.
 * @param {string | undefined} one
 * @param {string | undefined} other
 */
export function sameEpoch(one, other) {
  return parsePosition(one)?.epoch === parsePosition(other)?.epoch;
}

/**
 * Whether `next` is after `known` in the same epoch.
 * @param {string} next
 * @param {string} known
 */
export function isAfter(next, known) {
  const a = parsePosition(next);
  const b = parsePosition(known);
  return a !== null && b !== null && a.epoch === b.epoch && a.seq > b.seq;
}
