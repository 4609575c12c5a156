/**
 * Follows the feed: SSE first, WebSocket where that is blocked or buffered, polling where both are. All share
 * one position, so a change of transport neither misses nor repeats anything.
 */

import { isAfter } from "./position.js";
import { TRANSPORTS } from "./transports.js";

/** @typedef {import("./transports.js").Change} Change */
/** @typedef {import("./transports.js").Transport} Transport */

const LADDER = /** @type {const} */ (["sse", "ws", "poll"]);
const FIRST_WAIT_MS = 800;
const LONGEST_WAIT_MS = 8_000;
/** For a page that nobody looks at; it connects at once when somebody does. */
const LONGEST_HIDDEN_WAIT_MS = 30_000;
/** A line that is silent for longer than so many heartbeats is dead, whatever TCP says. */
const SILENT_BEATS = 2.6;
/** Until the server has said in its `hello` how often heartbeats come. */
const UNTOLD_BEAT_MS = 15_000;
/**
 * The server says something at once. A line that brings nothing is held up by something that buffers, or by a
 * server that is just starting: two such waits of 20 s left a page at 'reconnecting' for 40 s.
 */
const FIRST_SOUND_MS = 8_000;
const FAILURES_BEFORE_NEXT = 2;
const BACK_TO_FIRST_MS = 300_000;
const CHECK_MS = 8_000;

export class Follower {
  #addresses;
  #forced;
  #on;
  #position;
  #rung = 0;
  #failures = 0;
  /** @type {import("./transports.js").Line | null} */
  #line = null;
  #generation = 0;
  #silence = 0;
  #retry = 0;
  #heardAt = 0;
  #demotedAt = 0;
  #silenceMs = UNTOLD_BEAT_MS * SILENT_BEATS;
  #isOver = false;

  /**
   * @param {object} given
   * @param {import("./transports.js").Addresses} given.addresses
   * @param {string} given.position where the page was rendered
   * @param {Transport | null} given.forced one transport only, for tests and debugging
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
      this.#rung = this.#failures = 0;
      this.check();
    });
    window.addEventListener("offline", () => this.#on.live(false));
    window.addEventListener("pageshow", (event) => {
      if (event.persisted) this.check();
    });
    window.addEventListener("pagehide", () => this.#hangUp());
  }

  /** @returns {Transport} */
  get transport() {
    return this.#forced ?? LADDER[this.#rung] ?? "poll";
  }

  get position() {
    return this.#position;
  }

  connect() {
    this.#hangUp();
    if (this.#isOver) return;
    const generation = ++this.#generation;
    const mine = () => generation === this.#generation;
    if (this.#rung > 0 && Date.now() - this.#demotedAt > BACK_TO_FIRST_MS) this.#rung = 0;
    this.#listenForSilence(FIRST_SOUND_MS);
    this.#line = TRANSPORTS[this.transport](this.#addresses, this.#position, {
      opened: () => {
        if (mine()) this.#on.live(true);
      },
      heard: (change) => {
        if (mine()) this.#heard(change);
      },
      failed: () => {
        if (mine()) this.#failed();
      },
    });
  }

  /**
   * Ask for what is missing now, and come back if the line is dead: phones cut background streams in silence.
   */
  async check() {
    const generation = this.#generation;
    const answers = await this.#catchUp();
    // a line that brought nothing for longer than a beat may be gone; a new one costs little
    const silent = Date.now() - this.#heardAt > this.#silenceMs / 2;
    if (generation === this.#generation && (this.#line === null || silent)) this.connect();
    else this.#on.live(answers && this.#line !== null);
  }

  /** Take what is missing by a plain request; whether the server answered it. */
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
      for (const change of body.changes) this.#take(change);
      return true;
    } catch {
      return false;
    }
  }

  /** @param {Change} change */
  #heard(change) {
    if (change.kind === "reset") return this.#reset();
    this.#failures = 0;
    this.#heardAt = Date.now();
    if (change.heartbeat_seconds) this.#silenceMs = change.heartbeat_seconds * 1000 * SILENT_BEATS;
    this.#listenForSilence(this.#silenceMs);
    this.#on.live(true);
    if (change.kind !== "beat" && change.kind !== "hello") this.#take(change);
    // what was blocked may be open by now; nothing is missed by trying, the position stays
    if (this.#rung > 0 && Date.now() - this.#demotedAt > BACK_TO_FIRST_MS) this.connect();
  }

  /** The position is of another history: the page has to be loaded afresh, and asking again would not help. */
  #reset() {
    this.#isOver = true;
    this.#hangUp();
    this.#on.live(false);
    this.#on.reset();
  }

  /** @param {Change} change */
  #take(change) {
    if (change.position === undefined || !isAfter(change.position, this.#position)) return;
    this.#position = change.position;
    this.#on.change(change);
  }

  async #failed() {
    this.#hangUp();
    this.#on.live(false);
    this.#failures += 1;
    if (this.#failures % FAILURES_BEFORE_NEXT === 0) {
      const generation = this.#generation;
      // only a server that answers says something about the way to it; one that is away will be back
      const blocked = await this.#catchUp();
      if (generation !== this.#generation) return;
      if (blocked) this.#demote();
      if (blocked && this.#rung > 0) return this.connect();
    }
    const most = document.visibilityState === "visible" ? LONGEST_WAIT_MS : LONGEST_HIDDEN_WAIT_MS;
    const longest = Math.min(most, FIRST_WAIT_MS * 2 ** Math.min(this.#failures, 6));
    const wait = FIRST_WAIT_MS / 2 + Math.random() * longest;
    this.#retry = window.setTimeout(() => this.connect(), wait);
  }

  #demote() {
    if (this.#rung === LADDER.length - 1) this.#rung = 0;
    else this.#rung += 1;
    this.#demotedAt = Date.now();
  }

  /** @param {number} ms */
  #listenForSilence(ms) {
    clearTimeout(this.#silence);
    this.#silence = window.setTimeout(() => {
      this.#demote();
      this.#on.live(false);
      this.connect();
    }, ms);
  }

  #hangUp() {
    clearTimeout(this.#silence);
    clearTimeout(this.#retry);
    this.#generation += 1;
    this.#line?.stop();
    this.#line = null;
  }
}
