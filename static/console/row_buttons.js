// @ts-check
/** The buttons of the rows act without leaving the page, so that what stands in the composer stays. */
import { removeAfter, say, sayLoggedOut, SHOWN_MS } from "./notice.js";
import { word } from "./words.js";

/** @typedef {import("./live_lists.js").Lists} Lists */

/** What was asked for last. @type {Promise<void>} */
let last = Promise.resolve();

/** Each action of a row after the one before, so that it sees the revision which that one made. @param {() => Promise<void>} act */
export function inTurn(act) {
  last = last.then(act).catch((error) => {
    console.error(error);
    say(word("not_done_look"), { failed: true });
  });
}

/** @param {Lists} lists */
export function listenToMarks(lists) {
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("button[data-mark]") : null;
    if (!(button instanceof HTMLButtonElement)) return;
    event.preventDefault();
    const menu = button.closest("details.menu");
    menu?.removeAttribute("open");
    menu?.querySelector("summary")?.focus({ preventScroll: true });
    inTurn(() => mark(button, lists));
  });
}

/** @param {HTMLButtonElement} pressed @param {Lists} lists */
async function mark(pressed, lists) {
  const row = pressed.closest(".row")?.id ?? "";
  const selector = `button[data-mark][value="${pressed.value}"]`;
  // the list may have been drawn again meanwhile; where the entry is no longer in it, the server judges
  const button = /** @type {HTMLButtonElement} */ ((row && document.getElementById(row)?.querySelector(selector)) || pressed);
  const address = button.getAttribute("formaction") ?? button.form?.action ?? "";
  const entry = /\/entries\/([^/]+)\/mark/.exec(address)?.[1] ?? "";
  const answer = await fetch(address, {
    method: "POST", body: new URLSearchParams({ do: button.value }), headers: { Accept: "text/html" },
  }).catch(() => null);
  if (!answer) {
    say(word("no_answer_look"), { failed: true });
    return;
  }
  if (answer.status === 401) {
    sayLoggedOut();
    return;
  }
  const page = new DOMParser().parseFromString(await answer.text().catch(() => ""), "text/html");
  const said = [...(answer.ok ? page.getElementById("said")?.children ?? [] : [])];
  if (said.length) {
    const made = said.map((one) => document.importNode(one, true));
    document.getElementById("said")?.replaceChildren(...made);
    for (const one of made) if (one instanceof HTMLElement && !one.matches(".said--failed")) removeAfter(one, SHOWN_MS);
  } else {
    say(page.querySelector(".notice__words")?.textContent ?? word("not_done"), { failed: true });
  }
  await lists.refresh(entry);
  // of a menu, its button keeps the focus
  if (!pressed.closest("details.menu")) focusFromRows(document.getElementById("words") ?? document.getElementById("body"));
}

/** Move the focus on after an action of a row, unless the person has gone elsewhere with it meanwhile. @param {HTMLElement | null} next @param {FocusOptions} [how] */
export function focusFromRows(next, how) {
  const now = document.activeElement;
  if (!now || now === document.body || now.closest(".row")) next?.focus(how);
}

/** A row of the list that can take the focus. @param {string} id of its element @returns {HTMLElement | null} */
export function focusableRow(id) {
  const row = document.getElementById(id);
  if (row) row.tabIndex = -1;
  return row;
}
