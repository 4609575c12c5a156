/**
 * Follows one feed: SSE first, WebSocket if SSE is blocked or buffered, polling if both are. All transports share one
 * position, so that nothing is missed or repeated when the transport changes. Runs in a page or in a SharedWorker.
 */

import { isAfter } from "./position.js";
import { TRANSPORTS } from "./transports.js";

/** @typedef {import("./transports.js").Change} Change */
/** @typedef {import("./transports.js").Transport} Transport */
/**
 * @typedef {object} Callbacks
 * @property {(change: Change) => void} change called once for each change, in order, with `hello` before the first
 * @property {() => void} reset the position belongs to another history: the page has to be loaded afresh
 * @property {(live: boolean) => void} live whether the connection delivers
 */

/** @type {readonly Transport[]} */
const TRANSPORT_ORDER = ["sse", "ws", "poll"];
/** The least wait before a reconnect, until the server says another in its `hello`. */
const FIRST_WAIT_MS = 800;
const LONGEST_WAIT_MS = 5_000;
/** For pages in the background; they connect at once when they are shown. */
const LONGEST_HIDDEN_WAIT_MS = 30_000;
/** A server cannot make a page wait longer than this. */
const LONGEST_ASKED_WAIT_MS = 60_000;
/** A connection that is silent for more than so many heartbeats is dead. */
const SILENT_BEATS = 2.6;
/** Until the server has said in its `hello` how often heartbeats come. */
const DEFAULT_BEAT_MS = 15_000;
/** A connection that opens but delivers no first message is probably buffered by a proxy, or its server is starting. */
const FIRST_MESSAGE_MS = 6_000;
const FAILURES_BEFORE_NEXT = 2;
const BACK_TO_FIRST_MS = 300_000;
const CHECK_MS = 5_000;

export class Follower {
  #addresses;
  #forced;
  #transports;
  #isVisible;
  #on;
  #position;
  #level = 0;
  #failures = 0;
  #isLive = false;
  /** @type {import("./transports.js").Connection | null} */
  #connection = null;
  #generation = 0;
  #silence = 0;
  #retry = 0;
  #lastMessageAt = 0;
  #fellBackAt = 0;
  #leastWaitMs = FIRST_WAIT_MS;
  #silenceMs = DEFAULT_BEAT_MS * SILENT_BEATS;
  #isOver = false;

  /**
   * @param {object} given
   * @param {import("./transports.js").Addresses} given.addresses absolute URLs
   * @param {string} given.position where to start
   * @param {Transport | null} given.forced use only this transport, for tests and debugging
   * @param {readonly Transport[] | undefined} [given.transports] those to use, the best first
   * @param {() => boolean} given.isVisible whether anybody is looking
   * @param {Callbacks} given.on
   */
  constructor({ addresses, position, forced, transports = TRANSPORT_ORDER, isVisible, on }) {
    this.#addresses = addresses;
    this.#position = position;
    this.#forced = forced;
    this.#transports = transports;
    this.#isVisible = isVisible;
    this.#on = on;
  }

  /** @returns {Transport} */
  get transport() {
    return this.#forced ?? this.#transports[this.#level] ?? "poll";
  }

  get position() {
    return this.#position;
  }

  get isLive() {
    return this.#isLive;
  }

  /**
   * Connect now, and again whenever the connection ends, until `stop`.
   * @param {string} position where to start, if not where it stands
   */
  connect(position = this.#position) {
    this.#disconnect();
    if (this.#isOver) return;
    this.#position = position;
    const generation = ++this.#generation;
    const current = () => generation === this.#generation;
    if (this.#level > 0 && Date.now() - this.#fellBackAt > BACK_TO_FIRST_MS) this.#level = 0;
    this.#restartSilenceTimer(FIRST_MESSAGE_MS);
    this.#connection = TRANSPORTS[this.transport](this.#addresses, this.#position, {
      heard: (change) => {
        if (current()) this.#receive(change);
      },
      failed: (askedMs) => {
        if (current()) this.#failed(askedMs);
      },
    });
  }

  stop() {
    this.#disconnect();
    this.#isLive = false;
  }

  /** The network came back: earlier failures say nothing about a transport. */
  forgive() {
    this.#level = this.#failures = 0;
  }

  /**
   * Fetch missing changes now, and reconnect unless the connection is known to be good: phones drop background
   * connections silently, and a request that fails says that the connection has probably gone as well.
   */
  async check() {
    const generation = this.#generation;
    const answers = await this.catchUp();
    if (generation !== this.#generation || this.#isOver) return;
    const silent = Date.now() - this.#lastMessageAt > this.#silenceMs / 2;
    if (answers && this.#connection !== null && !silent) return this.#report(this.#isLive);
    if (!answers) this.#report(false);
    this.connect();
  }

  /** Fetch missing changes with a plain request. Resolves to whether the server responded. */
  async catchUp() {
    const generation = this.#generation;
    const url = new URL(this.#addresses.changes);
    url.searchParams.set("after", this.#position);
    try {
      const answer = await fetch(url, { cache: "no-store", signal: AbortSignal.timeout(CHECK_MS) });
      if (!answer.ok) throw new Error(String(answer.status));
      const body = await answer.json();
      // A connection that was opened meanwhile may start earlier, and would then miss what is skipped here.
      if (generation !== this.#generation) return true;
      if (body.reset) {
        this.#reset();
        return false;
      }
      for (const change of body.changes) this.#apply(change);
      return true;
    } catch {
      return false;
    }
  }

  /** @param {Change} change */
  #receive(change) {
    if (change.kind === "reset") return this.#reset();
    this.#failures = 0;
    this.#lastMessageAt = Date.now();
    if (change.heartbeat_seconds) this.#silenceMs = change.heartbeat_seconds * 1000 * SILENT_BEATS;
    if (change.retry_ms) this.#leastWaitMs = change.retry_ms;
    this.#restartSilenceTimer(this.#silenceMs);
    this.#report(true);
    if (change.kind === "hello") this.#on.change(change);
    else if (change.kind !== "beat") this.#apply(change);
    // SSE may work again by now. Trying is safe because the position is kept.
    if (this.#level > 0 && Date.now() - this.#fellBackAt > BACK_TO_FIRST_MS) this.connect();
  }

  /** The position is of another history: the page has to be loaded afresh, and asking again would not help. */
  #reset() {
    this.#isOver = true;
    this.#disconnect();
    this.#report(false);
    this.#on.reset();
  }

  /** @param {Change} change */
  #apply(change) {
    if (change.position === undefined || !isAfter(change.position, this.#position)) return;
    this.#position = change.position;
    this.#on.change(change);
  }

  /** @param {number} askedMs the wait that the server asked for, or 0 */
  async #failed(askedMs) {
    this.#disconnect();
    this.#report(false);
    this.#failures += 1;
    if (this.#failures % FAILURES_BEFORE_NEXT === 0 && askedMs === 0) {
      const generation = this.#generation;
      // Change the transport only if the server responds; if it is down, wait until it is back.
      const blocked = await this.catchUp();
      if (generation !== this.#generation) return;
      if (blocked) this.#fallBack();
      if (blocked && this.#level > 0) return this.connect();
    }
    this.#retry = setTimeout(() => this.connect(), this.#wait(askedMs));
  }

  /** @param {number} askedMs */
  #wait(askedMs) {
    if (askedMs > 0) return Math.min(askedMs, LONGEST_ASKED_WAIT_MS) * (1 + Math.random() / 4);
    const most = this.#isVisible() ? LONGEST_WAIT_MS : LONGEST_HIDDEN_WAIT_MS;
    return this.#leastWaitMs + Math.random() * Math.min(most, FIRST_WAIT_MS * 2 ** Math.min(this.#failures, 6));
  }

  #fallBack() {
    if (this.#level === this.#transports.length - 1) this.#level = 0;
    else this.#level += 1;
    this.#fellBackAt = Date.now();
  }

  /** @param {boolean} live */
  #report(live) {
    this.#isLive = live;
    this.#on.live(live);
  }

  /** @param {number} ms */
  #restartSilenceTimer(ms) {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      this.#fallBack();
      this.#report(false);
      this.connect();
    }, ms);
  }

  #disconnect() {
    clearTimeout(this.#silence);
    clearTimeout(this.#retry);
    this.#generation += 1;
    this.#connection?.stop();
    this.#connection = null;
  }
}
