// @ts-check
/** The buttons of the rows act without leaving the page, so that what stands in the composer stays. */
import { say, sayLoggedOut } from "./notice.js";

/** @typedef {import("./live_lists.js").Lists} Lists */

/** Where the focus goes after a button that has become its opposite; after any other it returns to the composer. */
/** @type {Record<string, string>} */
const OPPOSITE = {
  pin: "unpin", unpin: "pin", key: "unkey", unkey: "key", breaking: "unbreaking", unbreaking: "breaking",
};

/** @param {Lists} lists */
export function listenToMarks(lists) {
  let busy = false;
  document.addEventListener("click", async (event) => {
    const button = event.target instanceof Element ? event.target.closest("button[data-mark]") : null;
    if (!(button instanceof HTMLButtonElement)) return;
    event.preventDefault();
    if (busy) return;
    busy = true;
    try {
      await mark(button, lists);
    } finally {
      busy = false;
    }
  });
}

/** @param {HTMLButtonElement} button @param {Lists} lists */
async function mark(button, lists) {
  const address = button.getAttribute("formaction") ?? button.form?.action ?? "";
  const entry = /\/entries\/([^/]+)\/mark/.exec(address)?.[1] ?? "";
  const row = button.closest(".row")?.id ?? "";
  const answer = await fetch(address, {
    method: "POST", body: new URLSearchParams({ do: button.value }), headers: { Accept: "text/html" },
  }).catch(() => null);
  if (!answer) return say("The server did not answer. Look at the entry and try again.", { failed: true });
  if (answer.status === 401) return sayLoggedOut();
  const page = new DOMParser().parseFromString(await answer.text().catch(() => ""), "text/html");
  const said = page.getElementById("said");
  if (answer.ok && said) {
    document.getElementById("said")?.replaceChildren(...[...said.children].map((c) => document.importNode(c, true)));
  } else {
    say(page.querySelector(".notice__words")?.textContent ?? "This could not be done.", { failed: true });
  }
  await lists.refresh(entry);
  const next = row && OPPOSITE[button.value];
  const opposite = next
    ? /** @type {HTMLElement | null} */ (document.querySelector(`#${CSS.escape(row)} [value="${next}"]`))
    : null;
  const menu = opposite?.closest("details");
  if (menu) menu.open = true;
  const target = opposite ?? document.getElementById("words") ?? document.getElementById("body");
  target?.focus({ preventScroll: Boolean(next) });
}
