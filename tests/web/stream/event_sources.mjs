// Follows a stream with the two clients that most programs for Node use. Prints each event as a line of JSON.
import { createRequire } from "node:module";

const [, , folder, url] = process.argv;
const require = createRequire(folder);
const { EventSource } = require("eventsource");
const { createEventSource } = require("eventsource-client");

/** @param {string} library @param {string | undefined} event @param {string} data @param {string | undefined} id */
function tell(library, event, data, id) {
  console.log(JSON.stringify({ library, event, data, id }));
}

const source = new EventSource(url);
for (const kind of ["hello", "entry"]) {
  source.addEventListener(kind, (event) => tell("eventsource", kind, event.data, event.lastEventId));
}
createEventSource({ url, onMessage: ({ event, data, id }) => tell("eventsource-client", event, data, id) });
