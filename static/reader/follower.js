/**
 * Follows the feed: SSE first, WebSocket if SSE is blocked or buffered, polling if both are. All transports share one
 * position, so that nothing is missed or repeated when the transport changes.
 */

import { isAfter } from "./position.js";
import { TRANSPORTS } from "./transports.js";

/** @typedef {import("./transports.js").Change} Change */
/** @typedef {import("./transports.js").Transport} Transport */

const TRANSPORT_ORDER = /** @type {const} */ (["sse", "ws", "poll"]);
const FIRST_WAIT_MS = 800;
const LONGEST_WAIT_MS = 8_000;
/** For a page in the background; it connects at once when it is shown. */
const LONGEST_HIDDEN_WAIT_MS = 30_000;
/** A connection that is silent for more than so many heartbeats is dead. */
const SILENT_BEATS = 2.6;
/** Until the server has said in its `hello` how often heartbeats come. */
const DEFAULT_BEAT_MS = 15_000;
/** A connection that opens but delivers no first message is probably buffered by a proxy, or its server is starting. */
const FIRST_MESSAGE_MS = 8_000;
const FAILURES_BEFORE_NEXT = 2;
const BACK_TO_FIRST_MS = 300_000;
const CHECK_MS = 8_000;

export class Follower {
  #addresses;
  #forced;
  #on;
  #position;
  #level = 0;
  #failures = 0;
  /** @type {import("./transports.js").Connection | null} */
  #connection = null;
  #generation = 0;
  #silence = 0;
  #retry = 0;
  #lastMessageAt = 0;
  #fellBackAt = 0;
  #silenceMs = DEFAULT_BEAT_MS * SILENT_BEATS;
  #isOver = false;

  /**
   * @param {object} given
   * @param {import("./transports.js").Addresses} given.addresses
   * @param {string} given.position the position at which the page was rendered
   * @param {Transport | null} given.forced use only this transport, for tests and debugging
   * @param {{ change: (change: Change) => void, reset: () => void, live: (live: boolean) => void }} given.on
   */
  constructor({ addresses, position, forced, on }) {
    this.#addresses = addresses;
    this.#position = position;
    this.#forced = forced;
    this.#on = on;
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.check();
    });
    window.addEventListener("online", () => {
      this.#level = this.#failures = 0;
      this.check();
    });
    window.addEventListener("offline", () => this.#on.live(false));
    window.addEventListener("pageshow", (event) => {
      if (event.persisted) this.check();
    });
    window.addEventListener("pagehide", () => this.#disconnect());
  }

  /** @returns {Transport} */
  get transport() {
    return this.#forced ?? TRANSPORT_ORDER[this.#level] ?? "poll";
  }

  get position() {
    return this.#position;
  }

  connect() {
    this.#disconnect();
    if (this.#isOver) return;
    const generation = ++this.#generation;
    const current = () => generation === this.#generation;
    if (this.#level > 0 && Date.now() - this.#fellBackAt > BACK_TO_FIRST_MS) this.#level = 0;
    this.#restartSilenceTimer(FIRST_MESSAGE_MS);
    this.#connection = TRANSPORTS[this.transport](this.#addresses, this.#position, {
      opened: () => {
        if (current()) this.#on.live(true);
      },
      heard: (change) => {
        if (current()) this.#receive(change);
      },
      failed: () => {
        if (current()) this.#failed();
      },
    });
  }

  /**
   * Fetch missing changes now, and reconnect if the connection is dead: phones drop background connections silently.
   */
  async check() {
    const generation = this.#generation;
    const answers = await this.#catchUp();
    // No data for longer than a heartbeat: the connection may be dead, and a new one is cheap.
    const silent = Date.now() - this.#lastMessageAt > this.#silenceMs / 2;
    if (generation === this.#generation && (this.#connection === null || silent)) this.connect();
    else this.#on.live(answers && this.#connection !== null);
  }

  /** Fetch missing changes with a plain request. Returns whether the server responded. */
  async #catchUp() {
    const url = new URL(this.#addresses.changes, location.href);
    url.searchParams.set("after", this.#position);
    try {
      const answer = await fetch(url, { cache: "no-store", signal: AbortSignal.timeout(CHECK_MS) });
      if (!answer.ok) throw new Error(String(answer.status));
      const body = await answer.json();
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
    this.#restartSilenceTimer(this.#silenceMs);
    this.#on.live(true);
    if (change.kind !== "beat" && change.kind !== "hello") this.#apply(change);
    // SSE may work again by now. Trying is safe because the position is kept.
    if (this.#level > 0 && Date.now() - this.#fellBackAt > BACK_TO_FIRST_MS) this.connect();
  }

  /** The position is of another history: the page has to be loaded afresh, and asking again would not help. */
  #reset() {
    this.#isOver = true;
    this.#disconnect();
    this.#on.live(false);
    this.#on.reset();
  }

  /** @param {Change} change */
  #apply(change) {
    if (change.position === undefined || !isAfter(change.position, this.#position)) return;
    this.#position = change.position;
    this.#on.change(change);
  }

  async #failed() {
    this.#disconnect();
    this.#on.live(false);
    this.#failures += 1;
    if (this.#failures % FAILURES_BEFORE_NEXT === 0) {
      const generation = this.#generation;
      // Change the transport only if the server responds; if it is down, wait until it is back.
      const blocked = await this.#catchUp();
      if (generation !== this.#generation) return;
      if (blocked) this.#fallBack();
      if (blocked && this.#level > 0) return this.connect();
    }
    const most = document.visibilityState === "visible" ? LONGEST_WAIT_MS : LONGEST_HIDDEN_WAIT_MS;
    const longest = Math.min(most, FIRST_WAIT_MS * 2 ** Math.min(this.#failures, 6));
    const wait = FIRST_WAIT_MS / 2 + Math.random() * longest;
    this.#retry = window.setTimeout(() => this.connect(), wait);
  }

  #fallBack() {
    if (this.#level === TRANSPORT_ORDER.length - 1) this.#level = 0;
    else this.#level += 1;
    this.#fellBackAt = Date.now();
  }

  /** @param {number} ms */
  #restartSilenceTimer(ms) {
    clearTimeout(this.#silence);
    this.#silence = window.setTimeout(() => {
      this.#fallBack();
      this.#on.live(false);
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
