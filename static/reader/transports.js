/**
 * The transports: SSE, WebSocket and polling. Each calls `heard` for every message, including heartbeats, and `failed`
 * once if the connection ends; `stop` closes it without calling `failed`.
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
 *
 * @typedef {{ stream: string, socket: string, changes: string }} Addresses
 * @typedef {{ heard: (change: Change) => void, opened: () => void, failed: () => void }} Callbacks
 * @typedef {{ stop: () => void }} Connection
 * @typedef {"sse" | "ws" | "poll"} Transport
 */

const KINDS = ["entry", "gone", "blog", "reset", "beat", "hello"];
const POLL_WAIT_SECONDS = 25;
const POLL_PAUSE_MS = 1000;

/**
 * @param {string} address
 * @param {string} position
 */
function after(address, position) {
  const url = new URL(address, location.href);
  url.searchParams.set("after", position);
  return url;
}

/** @type {(addresses: Addresses, position: string, callbacks: Callbacks) => Connection} */
function eventStream(addresses, position, callbacks) {
  const source = new EventSource(after(addresses.stream, position));
  source.addEventListener("open", () => callbacks.opened());
  for (const kind of KINDS) {
    source.addEventListener(kind, (event) => callbacks.heard(JSON.parse(/** @type {MessageEvent} */ (event).data)));
  }
  // Reconnecting is left to the Follower: the browser's own retry has no back-off and no other transports.
  source.addEventListener("error", () => {
    source.close();
    callbacks.failed();
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
  socket.addEventListener("open", () => callbacks.opened());
  socket.addEventListener("close", () => {
    if (!stopped) callbacks.failed();
  });
  return {
    stop() {
      stopped = true;
      socket.close();
    },
  };
}

/** @type {(addresses: Addresses, position: string, callbacks: Callbacks) => Connection} */
function polling(addresses, position, callbacks) {
  const stopping = new AbortController();
  const poll = async () => {
    let known = position;
    // The first request does not wait, to find out at once whether polling works.
    for (let wait = 0; ; wait = POLL_WAIT_SECONDS) {
      const url = after(addresses.changes, known);
      if (wait > 0) url.searchParams.set("wait", String(wait));
      const answer = await fetch(url, { signal: stopping.signal, cache: "no-store" });
      if (!answer.ok) throw new Error(String(answer.status));
      const body = await answer.json();
      callbacks.opened();
      if (body.reset) callbacks.heard({ kind: "reset", position: body.position });
      for (const change of body.changes) callbacks.heard(change);
      callbacks.heard({ kind: "beat" });
      known = body.position;
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, POLL_PAUSE_MS));
    }
  };
  poll().catch(() => {
    if (!stopping.signal.aborted) callbacks.failed();
  });
  return { stop: () => stopping.abort() };
}

/** @type {Record<Transport, (addresses: Addresses, position: string, callbacks: Callbacks) => Connection>} */
export const TRANSPORTS = { sse: eventStream, ws: webSocket, poll: polling };
