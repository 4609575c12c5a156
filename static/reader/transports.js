/**
 * Three ways to the same changes. Each calls `heard` for every message, heartbeats included, and `failed`
 * once when it is over; `stop` ends it in silence.
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
 * @typedef {{ heard: (change: Change) => void, opened: () => void, failed: () => void }} Ears
 * @typedef {{ stop: () => void }} Line
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

/** @type {(addresses: Addresses, position: string, ears: Ears) => Line} */
function eventStream(addresses, position, ears) {
  const source = new EventSource(after(addresses.stream, position));
  source.addEventListener("open", () => ears.opened());
  for (const kind of KINDS) {
    source.addEventListener(kind, (event) => ears.heard(JSON.parse(/** @type {MessageEvent} */ (event).data)));
  }
  // coming back is ours to time: the browser's own retry knows nothing of back-off or of other transports
  source.addEventListener("error", () => {
    source.close();
    ears.failed();
  });
  return { stop: () => source.close() };
}

/** @type {(addresses: Addresses, position: string, ears: Ears) => Line} */
function webSocket(addresses, position, ears) {
  const url = after(addresses.socket, position);
  url.protocol = url.protocol.replace("http", "ws");
  const socket = new WebSocket(url, ["stoppress.v1"]);
  let stopped = false;
  socket.addEventListener("message", (event) => {
    if (!stopped) ears.heard(JSON.parse(event.data));
  });
  socket.addEventListener("open", () => ears.opened());
  socket.addEventListener("close", () => {
    if (!stopped) ears.failed();
  });
  return {
    stop() {
      stopped = true;
      socket.close();
    },
  };
}

/** @type {(addresses: Addresses, position: string, ears: Ears) => Line} */
function polling(addresses, position, ears) {
  const stopping = new AbortController();
  const poll = async () => {
    let known = position;
    // the first answer comes at once: it says that this way is open
    for (let wait = 0; ; wait = POLL_WAIT_SECONDS) {
      const url = after(addresses.changes, known);
      if (wait > 0) url.searchParams.set("wait", String(wait));
      const answer = await fetch(url, { signal: stopping.signal, cache: "no-store" });
      if (!answer.ok) throw new Error(String(answer.status));
      const body = await answer.json();
      ears.opened();
      if (body.reset) ears.heard({ kind: "reset", position: body.position });
      for (const change of body.changes) ears.heard(change);
      ears.heard({ kind: "beat" });
      known = body.position;
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, POLL_PAUSE_MS));
    }
  };
  poll().catch(() => {
    if (!stopping.signal.aborted) ears.failed();
  });
  return { stop: () => stopping.abort() };
}

/** @type {Record<Transport, (addresses: Addresses, position: string, ears: Ears) => Line>} */
export const TRANSPORTS = { sse: eventStream, ws: webSocket, poll: polling };
