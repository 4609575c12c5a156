// @ts-check
/** Entries that go out within a minute count down in their rows. The server publishes them; this only says when. */
import { word } from "./words.js";

const TICK_MS = 250;
const SHOWN_SECONDS = 60;

/** @param {HTMLElement} root of the lists, with the server's time in `data-now` */
export function countDown(root) {
  // the clock of this machine may be wrong
  const ahead = Date.parse(root.dataset.now ?? "") - Date.now() || 0;
  window.setInterval(() => {
    for (const place of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-until]"))) {
      const words = secondsTo(place.dataset.until ?? "", Date.now() + ahead);
      if (place.textContent !== words) place.textContent = words;
    }
  }, TICK_MS);
}

/** @param {string} until RFC 3339 @param {number} now milliseconds @returns {string} empty while it is far, and when it is over */
function secondsTo(until, now) {
  const left = Math.ceil((Date.parse(until) - now) / 1000);
  return left > 0 && left <= SHOWN_SECONDS ? word("goes_out_in", { seconds: left }) : "";
}
