/**
 * The transports: SSE, WebSocket and polling. Each calls `heard` for every message, including heartbeats, and `failed`
 * once if the connection ends, with the wait in ms that the server asked for or 0; `stop` closes it without calling
 * `failed`.
 */

/**
 * @typedef {object} Change
 * @property {string} kind `entry`, `gone`, `blog`, `reset`, `beat` or `hello`
 * @property {string} [position]
 * @property {string} [id]
 * @property {number} [revision]
 * @property {number | null} [number]
 * @property {boolean} [pinned]
 * @property {string} [status]
 * @property {string} [html]
 * @property {string} [key_html]
 * @property {number} [heartbeat_seconds] of `hello`: how often the server sends `beat`
 * @property {number} [retry_ms] of `hello`: the least wait before a reconnect; of `retry`: the wait before the next one
 *
 * @typedef {{ stream: string, socket: string, changes: string }} Addresses
 * @typedef {{ heard: (change: Change) => void, failed: (askedMs: number) => void }} Callbacks
 * @typedef {{ stop: () => void }} Connection
 * @typedef {"sse" | "ws" | "poll"} Transport
 */

const KINDS = ["entry", "gone", "blog", "reset", "beat", "hello"];
const POLL_WAIT_SECONDS = 25;
const POLL_PAUSE_MS = 1000;
/** Close code 1013 of RFC 6455's registry, "try again later": the server is full or without its database. */
const TRY_AGAIN_LATER = 1013;
const LATER_MS = 8_000;

/**
 * @param {string} address
 * @param {string} position
 */
function after(address, position) {
  const url = new URL(address);
  url.searchParams.set("after", position);
  return url;
}

/** @type {(addresses: Addresses, position: string, callbacks: Callbacks) => Connection} */
function eventStream(addresses, position, callbacks) {
  const source = new EventSource(after(addresses.stream, position));
  let askedMs = 0;
  for (const kind of KINDS) {
    source.addEventListener(kind, (event) => callbacks.heard(JSON.parse(/** @type {MessageEvent} */ (event).data)));
  }
  // Scripts cannot read `retry:`, so the server says it in an event as well.
  source.addEventListener("retry", (event) => {
    askedMs = JSON.parse(/** @type {MessageEvent} */ (event).data).retry_ms;
  });
  // Reconnecting is left to the Follower: the browser's own retry has no back-off and no other transports.
  source.addEventListener("error", () => {
    source.close();
    callbacks.failed(askedMs);
  });
  return { stop: () => source.close() };
}

/** @type {(addresses: Addresses, position: string, callbacks: Callbacks) => Connection} */
function webSocket(addresses, position, callbacks) {
  const url = after(addresses.socket, position);
  url.protocol = url.protocol.replace("http", "ws");
  const socket = new WebSocket(url, ["stoppress.v1"]);
  let stopped = false;
  socket.addEventListener("message", (event) => {
    if (!stopped) callbacks.heard(JSON.parse(event.data));
  });
  socket.addEventListener("close", (event) => {
    if (!stopped) callbacks.failed(event.code === TRY_AGAIN_LATER ? LATER_MS : 0);
  });
  return {
    stop() {
      stopped = true;
      socket.close();
    },
  };
}

/** @param {Response} answer the wait that it asks for (RFC 9110 §10.2.3) in ms; 0 if none */
function retryAfter(answer) {
  return Number(answer.headers.get("Retry-After") ?? 0) * 1000 || 0;
}

/** @type {(addresses: Addresses, position: string, callbacks: Callbacks) => Connection} */
function polling(addresses, position, callbacks) {
  const stopping = new AbortController();
  let askedMs = 0;
  const poll = async () => {
    let known = position;
    // The first request does not wait, to find out at once whether polling works.
    for (let wait = 0; ; wait = POLL_WAIT_SECONDS) {
      const url = after(addresses.changes, known);
      if (wait > 0) url.searchParams.set("wait", String(wait));
      const answer = await fetch(url, { signal: stopping.signal, cache: "no-store" });
      askedMs = retryAfter(answer);
      if (!answer.ok) throw new Error(String(answer.status));
      const body = await answer.json();
      if (body.reset) callbacks.heard({ kind: "reset", position: body.position });
      for (const change of body.changes) callbacks.heard(change);
      callbacks.heard({ kind: "beat" });
      known = body.position;
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, askedMs || POLL_PAUSE_MS));
      if (stopping.signal.aborted) return;
      askedMs = 0;
    }
  };
  poll().catch(() => {
    if (!stopping.signal.aborted) callbacks.failed(askedMs);
  });
  return { stop: () => stopping.abort() };
}

/** @type {Record<Transport, (addresses: Addresses, position: string, callbacks: Callbacks) => Connection>} */
export const TRANSPORTS = { sse: eventStream, ws: webSocket, poll: polling };
