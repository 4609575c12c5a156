// @ts-check
/** Makes the plain console quicker to use, and keeps what is typed. Every form works without it. */
import { FormDraft } from "./form_draft.js";
import { countDown } from "./countdown.js";
import { taken } from "./drafts.js";
import { addSwitch, prefersPlain } from "./editor_choice.js";
import { listenToKeys } from "./keyboard.js";
import { Lists } from "./live_lists.js";
import { closeMenusBehind } from "./menus.js";
import { listenToMarks } from "./row_buttons.js";
import { followPublishTime } from "./primary_button.js";
import { serverDrafts } from "./server_drafts.js";
import { listenToSearch } from "./search.js";
import { followTabs } from "./tabs.js";

/** @typedef {import("./composer/composer.js").Composer} Composer */

const user = document.getElementById("main")?.dataset.user ?? "";

/**
 * The address says what was done once; loading it again or going back must not repeat it.
 * @returns {string} the slot of the form that was taken
 */
function readAddress() {
  const address = new URL(location.href);
  const sent = address.searchParams.get("sent");
  const slot = sent && user ? taken(user, sent) : "";
  if (sent && user) serverDrafts(user).end(sent);
  if (!address.searchParams.has("done")) return "";
  for (const name of ["done", "sent", "entry"]) address.searchParams.delete(name);
  history.replaceState(null, "", address);
  return slot;
}

/** The editor in place of the box for words; null where the plain form stays. @param {HTMLFormElement} form @returns {Promise<Composer | null>} */
async function composerIn(form) {
  // what the server handed back stands in the plain fields
  if (form.dataset.editor === undefined || form.dataset.unsaved !== undefined || prefersPlain()) return null;
  try {
    const { Composer } = await import("./composer/composer.js");
    return new Composer(form);
  } catch (error) {
    // without its bundle a browser does not find the libraries
    console.warn("The plain form stays:", error);
    return null;
  }
}

const slot = readAddress();
followTabs();
closeMenusBehind();
const root = document.getElementById("lists");
const lists = root && new Lists(root);
// logging in and changing one's own password have no data-keys: there Enter sends, as everywhere
for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll("form[data-keys], form[data-draft]"))) {
  listenToKeys(form);
}
for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll("form[data-draft]"))) {
  followPublishTime(form);
  const composer = user ? await composerIn(form) : null;
  const draft = user ? new FormDraft(form, user, slot) : null;
  // a closed blog has no form, unless something was typed before
  if (composer && !composer.empty) form.hidden = false;
  addSwitch(form, composer);
  if (composer && draft) {
    (await import("./preview.js")).listenToPreview(form, composer);
    if (form.dataset.entry) {
      const { lockNotice, Presence } = await import("./presence.js");
      const presence = new Presence(form.dataset.slug ?? "");
      new (await import("./saving.js")).Saving(form, composer, draft);
      if (form.parentElement) presence.write(form.dataset.entry, lockNotice(composer, form.parentElement, presence));
    }
    if (!form.dataset.entry && lists) new (await import("./posting.js")).Posting(form, composer, draft, lists, user);
    if (!location.hash) composer.focus();
  }
}
const furnish = /** @type {HTMLFormElement | null} */ (document.getElementById("furnish"));
if (furnish && lists && user) {
  import("./furniture/furniture.js").then(({ Furniture }) => new Furniture(furnish, user, lists)).catch((error) => console.warn(error));
}
if (lists) {
  listenToMarks(lists);
  countDown(root);
  listenToSearch(lists);
  // they show things with Lit, which only a bundle has
  import("./row_keys.js").then(({ listenToRowKeys }) => listenToRowKeys()).catch(() => undefined);
  import("./dialogs.js").then(({ listenToDialogs }) => listenToDialogs(lists, user)).catch(() => undefined);
  import("./retract.js").then(({ listenToRetract }) => {
    listenToRetract(lists, root.dataset.slug ?? "", root.dataset.feed !== undefined);
  }).catch(() => undefined);
}
// the browser's own autofocus comes later: whoever types at once would lose the first letters
const first = document.querySelector("form [aria-invalid]") ?? (location.hash ? null : document.querySelector("[autofocus]"));
if (first instanceof HTMLElement && !first.closest("[hidden]")) first.focus();
