// @ts-check
/**
 * Editing an entry of the list without leaving the page: the form of its own page takes the place of the composer,
 * which waits as it is and comes back.
 */
import { Composer } from "./composer/composer.js";
import { taken } from "./drafts.js";
import { FormDraft } from "./form_draft.js";
import { hidden } from "./form.js";
import { listenToKeys } from "./keyboard.js";
import { requireLogIn } from "./log_in.js";
import { say } from "./notice.js";
import { listenToPreview } from "./preview.js";
import { followPublishTime } from "./primary_button.js";
import { lockNotice } from "./presence.js";
import { focusableRow, inTurn } from "./row_buttons.js";
import { Saving } from "./saving.js";
import { serverDrafts } from "./server_drafts.js";
import { word } from "./words.js";

/** @typedef {import("./live_lists.js").Lists} Lists */
/** @typedef {import("./presence.js").Presence} Presence */

/** Told to the document to bring the composer back. */
export const RETURN = "stoppress:return";

export class EditInPlace {
  #pane;
  #lists;
  #user;
  #presence;
  /** @type {{ home: Node[], composer: Composer, entry: string } | null} */
  #open = null;

  /** @param {HTMLElement} pane that holds the composer @param {Lists} lists @param {string} user @param {Presence} presence */
  constructor(pane, lists, user, presence) {
    this.#presence = presence;
    this.#pane = pane;
    this.#lists = lists;
    this.#user = user;
    document.addEventListener("click", (event) => {
      const link = event.target instanceof Element ? event.target.closest("a[data-edit]") : null;
      if (!(link instanceof HTMLAnchorElement) || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      void this.#edit(link.href);
    });
    document.addEventListener(RETURN, () => this.#close());
  }

  /** @param {string} address of the entry's own page @returns {Promise<void>} */
  async #edit(address) {
    const answer = await fetch(address, { headers: { Accept: "text/html" }, cache: "no-store" }).catch(() => null);
    if (answer?.redirected) {
      if (await requireLogIn()) await this.#edit(address);
      return;
    }
    const page = new DOMParser().parseFromString(await answer?.text().catch(() => "") ?? "", "text/html");
    const form = page.querySelector("form[data-entry]");
    if (!answer?.ok || !(form instanceof HTMLFormElement)) {
      say(page.querySelector(".notice__words")?.textContent ?? word("no_answer"), { failed: true });
      return;
    }
    this.#close();
    this.#show(page, form);
  }

  /** @param {Document} page @param {HTMLFormElement} sent */
  #show(page, sent) {
    const home = [...this.#pane.childNodes];
    const form = document.importNode(sent, true);
    const head = document.createElement("div");
    head.className = "editing";
    const title = document.createElement("h2");
    title.textContent = word("editing");
    const facts = [...page.querySelectorAll("main > .row__facts, main > .row__note")];
    head.append(title, ...facts.map((one) => document.importNode(one, true)));
    const box = document.createElement("div");
    box.className = "editing__form";
    box.append(form);
    this.#pane.replaceChildren(head, box);
    listenToKeys(form);
    followPublishTime(form);
    const composer = new Composer(form);
    const draft = new FormDraft(form, this.#user, "");
    listenToPreview(form, composer);
    const entry = form.dataset.entry ?? "";
    this.#open = { home, composer, entry };
    new Saving(form, composer, draft, (done) => this.#saved(form, entry, done));
    form.querySelector("a[data-cancel]")?.addEventListener("click", (event) => {
      event.preventDefault();
      this.#close();
      this.#focusRow(entry);
    });
    this.#presence.write(entry, lockNotice(composer, head, this.#presence));
    this.#mark();
    document.querySelector(/** @type {"a"} */ ("a[data-tab='write']"))?.click();
    composer.focus();
  }

  /** @param {HTMLFormElement} form @param {string} entry @param {string} done the name of what was done */
  #saved(form, entry, done) {
    const key = hidden(form, "request_key");
    taken(this.#user, key);
    serverDrafts(this.#user).end(key);
    this.#close();
    say(word(`done_${done}`));
    // what is done to the row next needs its new revision
    inTurn(async () => {
      await this.#lists.refresh(entry);
      // whoever went on meanwhile, to a menu for instance, stays there
      if (document.activeElement === document.body) this.#focusRow(entry);
    });
  }

  #close() {
    if (!this.#open) return;
    this.#open.composer.view.destroy();
    this.#pane.replaceChildren(...this.#open.home);
    this.#open = null;
    this.#presence.write("");
    this.#mark();
  }

  /** Show in the list which entry stands in the editor. */
  #mark() {
    for (const row of document.querySelectorAll(".row[data-editing]")) row.removeAttribute("data-editing");
    if (this.#open) document.getElementById(`row-${this.#open.entry}`)?.setAttribute("data-editing", "");
  }

  /** @param {string} entry */
  #focusRow(entry) {
    focusableRow(`row-${entry}`)?.focus({ preventScroll: true });
  }
}
