/**
 * Players of other sites: nothing is loaded from there before the reader clicks. The link that stood there leads to
 * the same post, and stays below its player.
 */

import { onLink } from "./clicks.js";

const ALLOWED = "autoplay; encrypted-media; fullscreen; picture-in-picture; web-share";
/** No `allow-top-navigation`: a player must not take the reader away. */
const SANDBOX = "allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox allow-presentation allow-forms";
const MOST_PIXELS = 3000;

/**
 * Let the links below `root` that lead to a player be played in place.
 * @param {Document | ShadowRoot | HTMLElement} root
 */
export function playInPlace(root) {
  onLink("a[data-player]", play, root);
}

/** @param {HTMLAnchorElement} link */
function play(link) {
  const { player = "", shape = "post", title = "" } = link.dataset;
  const frame = document.createElement("iframe");
  frame.className = `player player--${shape}`;
  frame.title = title;
  frame.allow = ALLOWED;
  frame.sandbox.value = SANDBOX;
  frame.referrerPolicy = "strict-origin-when-cross-origin";
  frame.src = player;
  link.removeAttribute("data-player");
  link.before(frame);
  frame.focus();
  if (shape === "post") growWithContent(frame);
}

/**
 * Posts say how high they are, each provider in its own words.
 * @param {HTMLIFrameElement} frame
 */
function growWithContent(frame) {
  const origin = new URL(frame.src).origin;
  const listen = (/** @type {MessageEvent} */ event) => {
    if (!frame.isConnected) window.removeEventListener("message", listen);
    else if (event.source === frame.contentWindow && event.origin === origin) {
      const pixels = heightIn(event.data);
      if (pixels > 0) frame.style.height = `${Math.min(pixels, MOST_PIXELS)}px`;
    }
  };
  window.addEventListener("message", listen);
}

/**
 * The height in a message: Bluesky and Mastodon send `{height}`, Instagram `{details: {height}}` as JSON, and X a call
 * of `twttr.private.resize`.
 * @param {any} data
 */
function heightIn(data) {
  try {
    const told = typeof data === "string" ? JSON.parse(data) : data;
    const call = told?.["twttr.embed"]?.params?.[0];
    return Number(told?.height ?? told?.details?.height ?? call?.height) || 0;
  } catch {
    return 0;
  }
}
