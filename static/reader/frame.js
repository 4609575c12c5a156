/**
 * Script of the page for an iframe: tells the page around it how high the content is. A number is no secret, so it is
 * told to whoever frames the page; who may, the server decides.
 *
 * WordPress passes a `secret` in the fragment and wants it back (wp-includes/js/wp-embed.js). It asks for the height when
 * it is ready, and follows links for the frame, whose sandbox opens none.
 */

import { isPlain } from "./clicks.js";

const secret = /[#?&]secret=([A-Za-z0-9]{1,40})/.exec(location.hash)?.[1];

function report() {
  const height = Math.ceil(document.body.getBoundingClientRect().height);
  parent.postMessage({ type: "stop-press:height", height }, "*");
  if (secret) parent.postMessage({ message: "height", value: height, secret }, "*");
}

report(); // a frame that is out of sight is not rendered, so nothing is observed
addEventListener("load", report);
new ResizeObserver(report).observe(document.body);
if (secret) {
  addEventListener("message", ({ data, source }) => {
    if (source === parent && data?.message === "ready") report();
  });
  addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (!link || !isPlain(event)) return;
    event.preventDefault();
    parent.postMessage({ message: "link", value: link.href, secret }, "*");
  });
}
