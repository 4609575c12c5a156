// @ts-check
/** Retracting from the list at once, with a way back for ten seconds in place of a question. */
import { say, undoButton } from "./notice.js";
import { reasonOf } from "./outbox.js";
import { requireLogIn } from "./log_in.js";
import { focusableRow, focusFromRows, inTurn } from "./row_buttons.js";
import { word } from "./words.js";

/** @typedef {import("./live_lists.js").Lists} Lists */

const UNDO_MS = 10_000;
const UNAUTHENTICATED = 401;

/** @param {Lists} lists @param {string} slug @param {boolean} restores whether this person may restore entries */
export function listenToRetract(lists, slug, restores) {
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a[data-retract]") : null;
    if (!(link instanceof HTMLElement) || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    inTurn(() => retract(link, lists, slug, restores));
  });
}

/** @param {HTMLElement} link @param {Lists} lists @param {string} slug @param {boolean} restores */
async function retract(link, lists, slug, restores) {
  const row = document.getElementById(link.closest(".row")?.id ?? "");
  const { retract: entry = "" } = link.dataset;
  // as the list has it now
  const { revision = "" } = /** @type {HTMLElement} */ (row?.querySelector("[data-retract]") ?? link).dataset;
  const line = row?.querySelector(".row__line")?.textContent ?? "";
  const done = await send(`/api/v1/blogs/${slug}/entries/${entry}`, "DELETE", { "If-Match": `"${revision}"` });
  if (done) {
    say(`${word("done_retracted")} ${line}`, { acts: restores ? [undo(entry, lists, slug)] : [] });
  }
  await lists.refresh(entry);
  focusFromRows(focusableRow(row?.id ?? ""), { preventScroll: true });
}

/** @param {string} entry @param {Lists} lists @param {string} slug @returns {HTMLButtonElement} */
function undo(entry, lists, slug) {
  return undoButton(word("undo"), async () => {
    if (await send(`/api/v1/blogs/${slug}/entries/${entry}/restore`, "POST", {})) say(word("done_restored"));
    await lists.refresh(entry);
    focusFromRows(focusableRow(`row-${entry}`), { preventScroll: true });
  }, UNDO_MS);
}

/** @param {string} path @param {string} method @param {Record<string, string>} headers @returns {Promise<boolean>} */
async function send(path, method, headers) {
  const answer = await fetch(path, { method, headers }).catch(() => null);
  if (answer?.ok) return true;
  if (answer?.status === UNAUTHENTICATED) return await requireLogIn() && send(path, method, headers);
  say(answer ? reasonOf(await answer.json().catch(() => null)) : word("no_answer"), { failed: true });
  return false;
}
