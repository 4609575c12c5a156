// @ts-check
/** Says what happened, in the place where the server says it too. */

const SHOWN_MS = 12_000;

/**
 * @param {string} words
 * @param {{ failed?: boolean, link?: HTMLAnchorElement, acts?: HTMLButtonElement[] }} [more]
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
  if (!failed) window.setTimeout(() => box.remove(), SHOWN_MS);
}

export function sayLoggedOut() {
  const link = document.createElement("a");
  link.href = `/console/login?next=${encodeURIComponent(location.pathname)}`;
  link.target = "_blank";
  link.textContent = "Log in in another tab";
  say("Your session has ended. What you typed is kept.", { failed: true, link });
}
