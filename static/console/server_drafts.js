// @ts-check
/**
 * What stands in the forms is kept on the server too, at every pause, so that it can be finished in another browser.
 * One request at a time, none for what the server has; what cannot be sent now is sent later. A draft that another
 * browser wrote meanwhile is never written over: the form is told, and both stay.
 */
import { digest, newKey } from "./drafts.js";
import { keysFrom, load, store } from "./storage.js";

/** @typedef {import("./drafts.js").Draft} Draft */
/** @typedef {Omit<Draft, "at">} Kept */
/** @typedef {{ key: string, version: number, at: string, browser: string, form: Kept }} ServerDraft */
/** @typedef {{ blog: string, entry: string, form: Kept, overtaken: (other: ServerDraft | null) => void }} Waiting */
/** @typedef {{ version: number, digest: number }} Known the version that this browser has, and what it held */

const ADDRESS = "/console/drafts";
const BROWSER = "stoppress:browser";
const KNOWN = "stoppress:known-draft:";
const ENDING = "stoppress:ending-draft:";
/** Somebody paused: nothing was typed for so long. */
const PAUSE_MS = 2_000;
/** The longest that words wait while somebody types on. */
const LONGEST_MS = 10_000;
const RETRY_MS = 15_000;
const ANSWER_MS = 20_000;
/** Below what browsers let a page send while it is being left: 64 KiB (Fetch standard, keepalive). */
const LEAVING_BYTES = 60_000;
const OVERTAKEN = 409;
/** Answers that say nothing about the draft: it is sent again. */
const AGAIN = new Set([401, 408, 425, 429, 500, 502, 503, 504]);

class ServerDrafts {
  #user;
  /** What is to be sent, by the key of its form. @type {Map<string, Waiting>} */
  #waiting = new Map();
  #busy = false;
  #timer = 0;
  #latest = Infinity;

  /** @param {string} user */
  constructor(user) {
    this.#user = user;
    window.addEventListener("online", () => void this.#send());
    window.addEventListener("pagehide", () => this.#leave());
    document.addEventListener("visibilitychange", () => document.hidden && void this.#send());
    if (this.#endings().length) void this.#send();
  }

  /** @param {string} key @param {Waiting} waiting */
  put(key, waiting) {
    this.#waiting.set(key, waiting);
    const now = performance.now();
    this.#latest = Math.min(this.#latest, now + LONGEST_MS);
    this.#later(Math.min(PAUSE_MS, this.#latest - now));
  }

  /** The form is being sent: its draft need not be kept meanwhile. @param {string} key */
  hold(key) {
    this.#waiting.delete(key);
  }

  /** The draft was sent or thrown away: remove it, unless another browser has written more of it. @param {string} key */
  end(key) {
    this.#waiting.delete(key);
    const known = this.known(key);
    store(localStorage, KNOWN + key, null);
    if (known) this.#endLater(key, known.version);
  }

  /** @param {string} key @returns {Known | null} */
  known(key) {
    return load(localStorage, KNOWN + key);
  }

  /** This browser goes on from what the server has. @param {ServerDraft} draft */
  adopt({ key, version, form }) {
    store(localStorage, KNOWN + key, { version, digest: digest(form.fields) });
  }

  /** The drafts of an entry, or of new ones (empty). @param {string} blog @param {string} entry @returns {Promise<ServerDraft[]>} */
  async listed(blog, entry) {
    const address = `${ADDRESS}?${new URLSearchParams({ blog, entry })}`;
    const answer = await fetch(address, { headers: { Accept: "application/json" }, cache: "no-store" }).catch(() => null);
    const found = answer?.ok ? await answer.json().catch(() => null) : null;
    const ending = new Set(this.#endings().map(({ key }) => key));
    return /** @type {ServerDraft[]} */ (found?.drafts ?? []).filter(({ key, form }) => form.fields && !ending.has(key));
  }

  /** @returns {{ key: string, version: number }[]} drafts whose end the server has not heard of */
  #endings() {
    return keysFrom(`${ENDING}${this.#user}:`).flatMap((name) => load(localStorage, name) ?? []);
  }

  /** @param {string} key @param {number} version */
  #endLater(key, version) {
    store(localStorage, `${ENDING}${this.#user}:${key}`, { key, version });
    this.#later(0);
  }

  /** @param {number} wait milliseconds */
  #later(wait) {
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => void this.#send(), Math.max(0, wait));
  }

  async #send() {
    if (this.#busy) return;
    this.#busy = true;
    this.#latest = Infinity;
    const answered = await this.#sendEndings() && await this.#sendWaiting();
    this.#busy = false;
    if (!answered) this.#later(RETRY_MS);
    else if (this.#endings().length) this.#later(0);
    else if (this.#waiting.size) this.#later(PAUSE_MS);
  }

  /** @returns {Promise<boolean>} whether the server has spoken, so that the next can go */
  async #sendEndings() {
    for (const { key, version } of this.#endings()) {
      const answer = await post({ blog: "", key, version, end: true });
      if (!answer || AGAIN.has(answer.status)) return false;
      store(localStorage, `${ENDING}${this.#user}:${key}`, null);
    }
    return true;
  }

  /** @returns {Promise<boolean>} as above */
  async #sendWaiting() {
    for (const [key, waiting] of [...this.#waiting]) {
      const body = this.#bodyOf(key, waiting);
      const answer = body && await post(body);
      if (body && (!answer || AGAIN.has(answer.status))) return false;
      if (answer) this.#answered(key, waiting, answer.status, await answer.json().catch(() => null));
      if (this.#waiting.get(key) === waiting) this.#waiting.delete(key);
    }
    return true;
  }

  /** What is sent of a draft; null where the server has it. @param {string} key @param {Waiting} waiting */
  #bodyOf(key, { blog, entry, form }) {
    const known = this.known(key);
    if (known?.digest === digest(form.fields)) return null;
    // the server may have it though its answer never comes
    if (!known) store(localStorage, KNOWN + key, { version: 0, digest: 0 });
    return { blog, entry, key, version: known?.version ?? 0, form };
  }

  /** @param {string} key @param {Waiting} waiting @param {number} status @param {any} body */
  #answered(key, waiting, status, body) {
    const ended = !this.#waiting.has(key); // while this was on its way
    if (status === OVERTAKEN && body && !ended) {
      this.#waiting.delete(key);
      waiting.overtaken(body.other);
    } else if (body?.version && ended) {
      this.#endLater(key, body.version);
    } else if (body?.version) {
      store(localStorage, KNOWN + key, { version: body.version, digest: digest(waiting.form.fields) });
    }
  }

  /** The page is being left. What does not fit stays in this browser. */
  #leave() {
    for (const [key, waiting] of this.#waiting) {
      const body = this.#bodyOf(key, waiting);
      if (body && new TextEncoder().encode(JSON.stringify(body)).length < LEAVING_BYTES) void post(body, true);
    }
  }
}

/** @param {object} body @param {boolean} [leaving] */
function post(body, leaving = false) {
  return fetch(ADDRESS, {
    method: "POST", headers: { "Content-Type": "application/json" }, keepalive: leaving,
    body: JSON.stringify({ ...body, browser: thisBrowser() }), ...(!leaving && { signal: AbortSignal.timeout(ANSWER_MS) }),
  }).catch(() => null);
}

/**
 * Which state of a draft goes on: that of this browser, the server's, or both, each as a draft of its own.
 * @param {Known | null} known @param {Draft} here @param {ServerDraft} there @returns {"same" | "here" | "there" | "both"}
 */
export function newerOf(known, here, there) {
  const mine = digest(here.fields);
  if (mine === digest(there.form.fields)) return "same";
  if (there.browser === thisBrowser() || known?.version === there.version) return "here";
  return known?.digest === mine ? "there" : "both";
}

/** @type {Map<string, ServerDrafts>} */
const made = new Map();

/** @param {string} user @returns {ServerDrafts} the one of this page */
export function serverDrafts(user) {
  const found = made.get(user) ?? new ServerDrafts(user);
  made.set(user, found);
  return found;
}

/** @returns {string} the name of this browser, among those of one person */
function thisBrowser() {
  const found = load(localStorage, BROWSER);
  if (found) return found;
  const name = newKey();
  store(localStorage, BROWSER, name);
  return name;
}
