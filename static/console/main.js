// @ts-check
/** Makes the plain console quicker to use, and keeps what is typed. Every form works without it. */
import { FormDraft } from "./form_draft.js";
import { taken } from "./drafts.js";
import { listenToKeys } from "./keyboard.js";
import { Lists } from "./lists.js";
import { listenToMarks } from "./marks.js";
import { followPublishTime } from "./primary_button.js";

const user = document.getElementById("main")?.dataset.user ?? "";

/**
 * The address says what was done once; loading it again or going back must not repeat it.
 * @returns {string} the slot of the form that was taken
 */
function readAddress() {
  const address = new URL(location.href);
  const sent = address.searchParams.get("sent");
  const slot = sent && user ? taken(user, sent) : "";
  if (!address.searchParams.has("done")) return "";
  for (const name of ["done", "sent", "entry"]) address.searchParams.delete(name);
  history.replaceState(null, "", address);
  return slot;
}

const slot = readAddress();
// logging in and changing one's own password have no data-keys: there Enter sends, as everywhere
for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll("form[data-keys], form[data-draft]"))) {
  listenToKeys(form);
}
for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll("form[data-draft]"))) {
  followPublishTime(form);
  if (user) new FormDraft(form, user, slot);
}
const lists = document.getElementById("lists");
if (lists) listenToMarks(new Lists(lists));
// the browser's own autofocus comes later: whoever types at once would lose the first letters
const first = document.querySelector("form [aria-invalid]") ?? (location.hash ? null : document.querySelector("[autofocus]"));
if (first instanceof HTMLElement) first.focus();
