/**
 * Plays outages to the Follower of static/reader with a clock of its own: hours of them in a second. `outages(Follower,
 * count, seed)` resolves to how long each took to end once the server was back, in ms.
 */

const BEAT_MS = 15_000;
const HOUR_MS = 3_600_000;

/** Timers and the time, moved on by hand. */
class Clock {
  now = 0;
  #timers = new Map();
  #next = 1;

  install() {
    Date.now = () => this.now;
    globalThis.setTimeout = (call, wait = 0) => this.#add(call, wait);
    globalThis.setInterval = (call, wait) => this.#add(call, wait, wait);
    globalThis.clearTimeout = globalThis.clearInterval = (id) => this.#timers.delete(id);
    AbortSignal.timeout = (wait) => {
      const controller = new AbortController();
      this.#add(() => controller.abort(), wait);
      return controller.signal;
    };
  }

  #add(call, wait, every = 0) {
    this.#timers.set(this.#next, { call, every, at: this.now + Math.max(0, wait) });
    return this.#next++;
  }

  /** Run all timers until then, or until a condition holds. */
  async run(until, condition = () => false) {
    for (;;) {
      for (let turn = 0; turn < 12; turn += 1) await null; // what promises still have to do
      if (condition()) return;
      const [id, timer] = [...this.#timers].reduce((a, b) => (a && a[1].at <= b[1].at ? a : b), null) ?? [];
      if (!timer || timer.at > until) break;
      this.now = Math.max(this.now, timer.at);
      if (timer.every) timer.at += timer.every;
      else this.#timers.delete(id);
      timer.call();
    }
    this.now = until;
  }
}

/** The network between page and server: `works`, `refuses` or `swallows` what is sent. */
class Network {
  state = "works";
  #open = new Set();

  constructor() {
    const network = this;
    const connect = (one) => network.#connect(one);
    globalThis.EventSource = class extends EventTarget {
      constructor() {
        super();
        connect(this);
      }
      deliver = (kind) => this.dispatchEvent(new MessageEvent(kind, { data: message(kind) }));
      end = () => this.dispatchEvent(new Event("error"));
      close = () => network.#open.delete(this);
    };
    globalThis.WebSocket = class extends EventTarget {
      constructor() {
        super();
        connect(this);
      }
      deliver = (kind) => this.dispatchEvent(new MessageEvent("message", { data: message(kind) }));
      end = () => this.dispatchEvent(new CloseEvent("close", { code: 1006 }));
      close = () => network.#open.delete(this);
    };
    globalThis.fetch = (url, { signal }) =>
      new Promise((resolve, reject) => {
        signal.addEventListener("abort", () => reject(new Error("aborted")));
        const { state } = network;
        const wait = Number(url.searchParams.get("wait") ?? 0) * 1000 + 20;
        if (state === "refuses") setTimeout(() => reject(new TypeError("refused")), 5);
        const answer = { ok: true, headers: new Headers(), json: async () => ({ changes: [], position: "e.1" }) };
        if (state === "works") setTimeout(() => this.state === "works" && resolve(answer), wait);
      });
    this.#beat();
  }

  #connect(one) {
    if (this.state === "refuses") setTimeout(() => one.end(), 5);
    if (this.state !== "works") return;
    this.#open.add(one);
    setTimeout(() => this.#open.has(one) && one.deliver("hello"), 20);
  }

  #beat() {
    setInterval(() => this.state === "works" && this.#open.forEach((one) => one.deliver("beat")), BEAT_MS);
  }

  /** Connections that are open get an error, or nothing ever again. */
  fail(state, silently) {
    const cut = [...this.#open];
    this.state = state;
    this.#open.clear();
    if (!silently) cut.forEach((one) => one.end());
  }
}

function message(kind) {
  return JSON.stringify({ kind, heartbeat_seconds: BEAT_MS / 1000, retry_ms: 800, position: "e.1" });
}

/** Numbers from 0 to 1 that are the same for a seed (mulberry32). */
function random(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export async function outages(Follower, count, seed) {
  const clock = new Clock();
  clock.install();
  Math.random = random(seed);
  const network = new Network();
  const address = "https://example.org/";
  let live = false;
  let heardAt = 0;
  const hear = (/** said with every message */ is) => {
    live = is;
    if (is) heardAt = clock.now;
  };
  const follower = new Follower({
    addresses: { stream: address, socket: address, changes: address },
    position: "e.1",
    forced: null,
    isVisible: () => true,
    on: { change() {}, reset() {}, live: hear },
  });
  follower.connect();
  const took = [];
  for (let n = 0; n < count; n += 1) {
    await clock.run(clock.now + HOUR_MS, () => live);
    await clock.run(clock.now + Math.random() * 120_000);
    const silently = Math.random() < 0.3;
    for (let phases = 1 + Math.random() * 3; phases > 0; phases -= 1) {
      network.fail(Math.random() < 0.5 ? "refuses" : "swallows", silently);
      await clock.run(clock.now + Math.random() ** 3 * 300_000);
    }
    network.state = "works";
    const back = clock.now;
    const unnoticed = live;
    await clock.run(back + HOUR_MS, () => heardAt > back);
    took.push({ ms: clock.now - back, unnoticed, transport: follower.transport });
  }
  return took;
}
