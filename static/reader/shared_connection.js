/**
 * SharedWorker of all tabs of a browser: one connection for each blog, however many tabs show it.
 */

import { Channel } from "./channel.js";

/** @typedef {import("./channel.js").FromTab} FromTab */

/** @type {Map<string, Channel>} */
const channels = new Map();

/** @param {MessagePort} port */
function serve(port) {
  let stream = "";
  port.addEventListener("message", (/** @type {MessageEvent<FromTab>} */ { data }) => {
    if (data.join) {
      stream = data.join.addresses.stream;
      const channel = channels.get(stream) ?? new Channel(data.join.addresses);
      channels.set(stream, channel);
      channel.join(port, data.join.position, data.visible ?? true);
    } else channels.get(stream)?.hear(port, data);
    if (!data.leave) return;
    channels.get(stream)?.leave(port);
    if (channels.get(stream)?.isEmpty) channels.delete(stream);
  });
  port.start();
}

self.addEventListener("connect", (event) => serve(/** @type {MessagePort} */ (/** @type {MessageEvent} */ (event).ports[0])));
