// @ts-check
/**
 * Entries that are on their way to the server: kept until it has them, sent once however often it takes (by their
 * Idempotency-Key), through crashes, without a network, and after a session has ended.
 */
import { keysFrom, load, store } from "./storage.js";
import { word } from "./words.js";

/** @typedef {import("./drafts.js").Fields} Fields */
/** @typedef {"sending" | "waiting" | "log_in" | "failed"} State */
/**
 * @typedef {object} Item
 * @property {string} key its Idempotency-Key
 * @property {string} path
 * @property {Record<string, any>} body
 * @property {string} line what it is called
 * @property {Fields} fields of the form, to edit it again
 * @property {number} at
 * @property {State} state
 * @property {string} reason why it failed
 */

const PREFIX = "stoppress:outbox:";
const RETRY_MS = 3_000;
/** How long an answer may take. The entry is then sent again under its key. */
const ANSWER_MS = 20_000;
const UNAUTHENTICATED = 401;
/** Answers that say nothing about the entry: it is sent again. */
const AGAIN = new Set([408, 425, 429, 500, 502, 503, 504]);

export class Outbox extends EventTarget {
  #slot;
  /** @type {Map<string, Item>} */
  #items = new Map();
  /** Keys of items that only this page has: the browser would not store them. @type {Set<string>} */
  #unkept = new Set();
  #sending = false;
  /** Asked for while something was being sent: what failed by then need not wait. */
  #again = false;
  #timer = 0;

  /** @param {string} user @param {string} slug of the blog */
  constructor(user, slug) {
    super();
    this.#slot = `${PREFIX}${user}:${slug}:`;
    window.addEventListener("online", () => this.flush());
    window.addEventListener("storage", (event) => event.key?.startsWith(this.#slot) && this.#read());
    document.addEventListener("visibilitychange", () => document.hidden || this.flush());
  }

  /** Show and send what an earlier page left. */
  start() {
    this.#read();
    this.flush();
  }

  /** @returns {Item[]} the newest first */
  get items() {
    return [...this.#items.values()].sort((a, b) => b.at - a.at);
  }

  /** @param {Omit<Item, "at" | "state" | "reason">} made */
  add(made) {
    this.#put({ ...made, at: Date.now(), state: "sending", reason: "" });
    this.flush();
  }

  /** @param {string} key */
  retry(key) {
    this.#change(key, { state: "sending", reason: "" });
    this.flush();
  }

  /** @param {string} key @returns {Item | undefined} */
  take(key) {
    const item = this.#items.get(key);
    this.#remove(key);
    return item;
  }

  /** Send everything that waits for the network or a session, in the order in which it was written. */
  flush() {
    if (this.#sending) {
      this.#again = true;
      return;
    }
    this.#sending = true;
    this.#again = false;
    // one tab at a time: two would put entries out of their order, and say twice what was sent once
    void locked(this.#slot, () => this.#sendAll()).catch(() => undefined).finally(() => {
      this.#sending = false;
      const left = this.#next();
      if (left && left.state !== "log_in") this.#later(this.#again ? 0 : RETRY_MS);
    });
  }

  async #sendAll() {
    this.#read(); // what another tab has sent meanwhile is no longer there
    for (let item = this.#next(); item; item = this.#next()) if (!(await this.#post(item.key))) return;
  }

  /** @returns {Item | undefined} the oldest that is to be sent */
  #next() {
    return this.items.reverse().find(({ state }) => state !== "failed");
  }

  /** @param {string} key @returns {Promise<boolean>} whether the server has spoken, so that the next can go */
  async #post(key) {
    const item = this.#items.get(key);
    if (!item) return true;
    this.#change(key, { state: "sending", reason: "" });
    const answer = await fetch(item.path, {
      method: "POST", headers: { "Content-Type": "application/json", "Idempotency-Key": key }, body: JSON.stringify(item.body),
      signal: AbortSignal.timeout(ANSWER_MS),
    }).catch(() => null);
    const body = await answer?.json().catch(() => null);
    if (answer?.ok && body) {
      this.#remove(key);
      this.#tell("sent", { item, entry: body });
    } else if (!answer || AGAIN.has(answer.status) || (answer.ok && !body)) {
      this.#change(key, { state: "waiting", reason: "" });
      return false;
    } else if (answer.status === UNAUTHENTICATED) {
      this.#change(key, { state: "log_in", reason: "" });
      this.#tell("loggedout", { item });
      return false;
    } else {
      this.#change(key, { state: "failed", reason: reasonOf(body) });
      this.#tell("failed", { item: this.#items.get(key) });
    }
    return true;
  }

  /** @param {number} wait milliseconds */
  #later(wait) {
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.flush(), wait);
  }

  #read() {
    const found = keysFrom(this.#slot).flatMap((name) => {
      const item = /** @type {Item | null} */ (load(localStorage, name));
      return item ? [[item.key, item]] : [];
    });
    const unkept = [...this.#items].filter(([key]) => this.#unkept.has(key));
    this.#items = new Map([...unkept, .../** @type {[string, Item][]} */ (found)]);
    this.#tell("changed", {});
  }

  /** @param {string} key @param {Partial<Item>} changed */
  #change(key, changed) {
    const item = this.#items.get(key);
    if (item) this.#put({ ...item, ...changed });
  }

  /** @param {Item} item */
  #put(item) {
    this.#items.set(item.key, item);
    if (store(localStorage, this.#slot + item.key, item)) this.#unkept.delete(item.key);
    else this.#unkept.add(item.key);
    this.#tell("changed", {});
  }

  /** @param {string} key */
  #remove(key) {
    this.#items.delete(key);
    this.#unkept.delete(key);
    store(localStorage, this.#slot + key, null);
    this.#tell("changed", {});
  }

  /** @param {string} name @param {object} detail */
  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/** Whether this browser has a form with this key on its way. @param {string} user @param {string} slug @param {string} key @returns {boolean} */
export const isQueued = (user, slug, key) => load(localStorage, `${PREFIX}${user}:${slug}:${key}`) !== null;

/** @param {string} name @param {() => Promise<void>} act */
function locked(name, act) {
  // over plain HTTP, save for this machine, there are no locks
  return navigator.locks ? navigator.locks.request(name, act) : act();
}

/** @param {any} problem @returns {string} */
export function reasonOf(problem) {
  if (problem?.code === "idempotency_key_reused") return word("sent_before");
  const fields = /** @type {{ label?: string, message: string }[]} */ (problem?.errors ?? []);
  const said = fields.map(({ label, message }) => (label ? `${label}: ${message}` : message)).join("; ");
  return said || problem?.detail || word("no_answer");
}
