// @ts-check
/**
 * What was typed and not yet sent, in localStorage: by user, blog and entry, and by the form's idempotency key, so
 * that two tabs that write different things keep both. Other users of the browser never see them.
 */
import { keysFrom, load, store } from "./storage.js";

/** @typedef {Record<string, string | boolean>} Fields */
/** @typedef {{ fields: Fields, pieces: { type: string, src: string }[], file: string, revision: string, at: number }} Draft */
/** @typedef {{ slot: string, key: string, fields: Fields }} Sent */
/** @typedef {{ key: string, digest: number }} Spent */

const PREFIX = "stoppress:draft:";
const SPENT = "stoppress:spent";
const SENT = "stoppress:sent";
/** Told to all tabs when a draft was published or thrown away. */
export const ENDED = "stoppress:ended";
const SPENT_KEPT = 200;
const KEY_CHARACTERS = 16;
const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

/** The drafts of one user for one thing: a blog's composer, an entry, a blog's own form. */
export class Drafts {
  /** @param {string} user @param {string} thing `BLOG/new`, `BLOG/ENTRY` … */
  constructor(user, thing) {
    this.slot = `${PREFIX}${user}:${thing}:`;
  }

  /** @returns {{ key: string, draft: Draft }[]} the newest first */
  all() {
    const found = keysFrom(this.slot).flatMap((name) => {
      const draft = /** @type {Draft | null} */ (load(localStorage, name));
      return draft?.fields ? [{ key: name.slice(this.slot.length), draft }] : [];
    });
    return found.sort((a, b) => b.draft.at - a.draft.at);
  }

  /** @param {string} key @returns {Draft | null} */
  get(key) {
    return load(localStorage, this.slot + key);
  }

  /** @param {string} key @param {Draft} draft */
  put(key, draft) {
    store(localStorage, this.slot + key, draft);
  }

  /** @param {string} key */
  remove(key) {
    store(localStorage, this.slot + key, null);
  }

  /** Throw a draft away, in every tab that shows the same. @param {string} key @param {Fields} fields */
  end(key, fields) {
    tell(key, fields);
    this.remove(key);
  }

  /** Remember what this tab sends, until the answer says that it was taken. @param {string} key @param {Fields} fields */
  sending(key, fields) {
    store(sessionStorage, SENT, { slot: this.slot, key, fields });
  }

  /** The key that this tab sent last from this thing. @returns {string} */
  lastSent() {
    const sent = /** @type {Sent | null} */ (load(sessionStorage, SENT));
    return sent?.slot === this.slot ? sent.key : "";
  }
}

/**
 * The form with this key was taken: drop exactly the draft that was sent. What another tab wrote since under the same
 * key is kept.
 * @param {string} user @param {string} key
 * @returns {string} the slot that this tab sent it from, or an empty text
 */
export function taken(user, key) {
  const last = /** @type {Sent | null} */ (load(sessionStorage, SENT));
  const sent = last?.key === key ? last : null;
  const names = keysFrom(`${PREFIX}${user}:`).filter((name) => name.endsWith(`:${key}`));
  const fields = sent?.fields ?? (names[0] && load(localStorage, names[0])?.fields) ?? {};
  spend(key, fields);
  tell(key, fields);
  for (const name of names) {
    const draft = /** @type {Draft | null} */ (load(localStorage, name));
    if (!draft || same(draft.fields, fields)) store(localStorage, name, null);
  }
  if (sent) store(sessionStorage, SENT, null);
  return sent?.slot ?? "";
}

/** Tell the other tabs; the words do not stay. @param {string} key @param {Fields} fields */
function tell(key, fields) {
  store(localStorage, ENDED, { key, fields });
  store(localStorage, ENDED, null);
}

/** Remember that a key is used up, and by what. @param {string} key @param {Fields} fields */
export function spend(key, fields) {
  const spent = /** @type {Spent[]} */ (load(localStorage, SPENT) ?? []);
  const others = spent.filter((s) => s.key !== key);
  store(localStorage, SPENT, [{ key, digest: digest(fields) }, ...others].slice(0, SPENT_KEPT));
}

/** Whether a form with this key was taken before. @param {string} key @returns {boolean} */
export function isSpent(key) {
  return /** @type {Spent[]} */ (load(localStorage, SPENT) ?? []).some((s) => s.key === key);
}

/** Whether exactly this was taken before. @param {string} key @param {Fields} fields @returns {boolean} */
export function wasTaken(key, fields) {
  return /** @type {Spent[]} */ (load(localStorage, SPENT) ?? []).some(
    (s) => s.key === key && s.digest === digest(fields),
  );
}

/** Tells one content from another without keeping it (FNV-1a). @param {Fields} fields @returns {number} */
export function digest(fields) {
  let hash = 0x811c9dc5;
  for (const character of JSON.stringify(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)))) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  }
  return hash >>> 0;
}

/** @returns {string} a new idempotency key */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(KEY_CHARACTERS));
  return Array.from(bytes, (byte) => ALPHABET[byte % ALPHABET.length]).join("");
}

/** @param {Fields} one @param {Fields} other @returns {boolean} */
export function same(one, other) {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name]);
}
