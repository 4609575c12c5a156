// @ts-check
/** Says what happened, in the place where the server says it too. */
import { word } from "./words.js";

export const SHOWN_MS = 12_000;
/** What the pointer or the focus held back stays for so long after they left. */
const LINGER_MS = 2_000;

/**
 * @param {string} words
 * @param {{ failed?: boolean, link?: HTMLAnchorElement, acts?: HTMLButtonElement[] }} [more]
 * @returns {HTMLElement}
 */
export function say(words, { failed = false, link, acts = [] } = {}) {
  const box = document.createElement("div");
  box.className = failed ? "said said--failed" : "said";
  const text = document.createElement("p");
  text.textContent = words;
  if (link) text.append(" ", link);
  box.append(text, ...acts);
  document.getElementById("said")?.replaceChildren(box);
  // what went well need not stay in sight
  if (!failed) removeAfter(box, SHOWN_MS);
  return box;
}

/** Remove something after a time, and not while the focus or the pointer is on it. @param {HTMLElement} shown @param {number} wait milliseconds */
export function removeAfter(shown, wait) {
  window.setTimeout(() => {
    if (!shown.matches(":hover, :focus-within")) {
      shown.remove();
      return;
    }
    const left = new AbortController();
    for (const kind of ["focusout", "pointerleave"]) {
      shown.addEventListener(kind, () => {
        left.abort();
        removeAfter(shown, LINGER_MS);
      }, { signal: left.signal });
    }
  }, wait);
}

/** @param {string} words @param {() => void} act @returns {HTMLButtonElement} */
export function actButton(words, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "act";
  made.textContent = words;
  made.addEventListener("click", act);
  return made;
}

/** A button that takes back what was just done. The key `u` presses it. @param {string} words @param {() => void} act @param {number} wait milliseconds that it stays */
export function undoButton(words, act, wait) {
  let done = false;
  const made = actButton(words, () => {
    if (!done) act();
    done = true;
  });
  made.dataset.undo = "";
  removeAfter(made, wait);
  return made;
}

export function sayLoggedOut() {
  const link = document.createElement("a");
  link.href = `/console/login?next=${encodeURIComponent(location.pathname)}`;
  link.target = "_blank";
  link.textContent = word("log_in_elsewhere");
  say(word("logged_out"), { failed: true, link });
}
