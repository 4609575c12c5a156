// @ts-check
/** Publishing from a blog's page without leaving it: the form is emptied at once, and its entry goes to the outbox. */
import { closedBecause } from "./blog_state.js";
import { spend, newKey } from "./drafts.js";
import { EditInPlace, RETURN } from "./edit_in_place.js";
import { bodyOf, Incomplete } from "./entry_body.js";
import { sayIncomplete } from "./incomplete.js";
import { requireLogIn } from "./log_in.js";
import { say, undoButton } from "./notice.js";
import { Outbox } from "./outbox.js";
import { drawOutbox } from "./outbox_rows.js";
import { Presence } from "./presence.js";
import { serverDrafts } from "./server_drafts.js";
import { word } from "./words.js";

/** @typedef {import("./composer/composer.js").Composer} Composer */
/** @typedef {import("./form_draft.js").FormDraft} FormDraft */
/** @typedef {import("./live_lists.js").Lists} Lists */
/** @typedef {import("./outbox.js").Item} Item */

const UNDO_MS = 10_000;

export class Posting {
  #form;
  #composer;
  #draft;
  #lists;
  #outbox;
  #kept;
  #place = document.createElement("ul");

  /** @param {HTMLFormElement} form @param {Composer} composer @param {FormDraft} draft @param {Lists} lists @param {string} user */
  constructor(form, composer, draft, lists, user) {
    this.#form = form;
    this.#composer = composer;
    this.#draft = draft;
    this.#lists = lists;
    this.#outbox = new Outbox(user, form.dataset.slug ?? "");
    this.#kept = serverDrafts(user);
    this.#place.className = "rows rows--outbox";
    this.#place.hidden = true;
    this.#place.setAttribute("aria-label", word("outbox"));
    document.querySelector("#entries [data-rows]")?.before(this.#place);
    const pane = document.getElementById("write");
    const presence = new Presence(form.dataset.slug ?? "");
    presence.write("");
    if (pane) new EditInPlace(pane, lists, user, presence);
    this.#listen();
    this.#outbox.start();
  }

  #listen() {
    const outbox = this.#outbox;
    outbox.addEventListener("changed", () => this.#draw());
    outbox.addEventListener("sent", (event) => void this.#sent(/** @type {CustomEvent} */ (event).detail));
    outbox.addEventListener("failed", (event) => {
      const { item } = /** @type {CustomEvent} */ (event).detail;
      say(`${word("state_failed")}: ${item.line}. ${item.reason}`, { failed: true });
    });
    outbox.addEventListener("loggedout", () => void this.#logIn());
    // before the draft's own listener, which would remember that the form was sent
    this.#form.addEventListener("submit", (event) => this.#submit(event), { capture: true });
  }

  #draw() {
    drawOutbox(this.#place, this.#outbox.items, this.#form.dataset.timeZone, {
      retry: (key) => this.#retry(key), edit: (key) => this.#edit(key), drop: (key) => this.#drop(key),
    });
  }

  /** @param {SubmitEvent} event */
  #submit(event) {
    const does = event.submitter instanceof HTMLButtonElement ? event.submitter.value : "";
    if (!["publish", "schedule", "submit", "draft"].includes(does)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.post(does);
  }

  /** @param {string} does what the button that was pressed asks for */
  post(does) {
    let body;
    try {
      const closed = closedBecause();
      if (closed && does !== "draft") throw new Incomplete(closed);
      body = bodyOf(this.#form, this.#composer, does);
    } catch (error) {
      if (!(error instanceof Incomplete)) throw error;
      sayIncomplete(error, this.#form, this.#composer);
      return;
    }
    const line = this.#composer.line(body.title);
    this.#draft.handOver((key, fields) => {
      this.#outbox.add({ key, path: `/api/v1/blogs/${this.#form.dataset.slug}/entries`, body, line, fields });
    });
    document.getElementById("said")?.replaceChildren();
    this.#begin();
  }

  /** The next entry begins where the eye expects it: nothing open, the words in view. */
  #begin() {
    for (const more of this.#form.querySelectorAll("details")) more.open = false;
    document.getElementById("write")?.scrollTo(0, 0);
    this.#composer.focus();
  }

  /** @param {{ item: Item, entry: any }} sent */
  async #sent({ item, entry }) {
    spend(item.key, item.fields);
    this.#kept.end(item.key);
    // the newsroom may have publishing wait a little, in which a slip can be stopped
    const held = item.body.status === "published" && entry.status === "scheduled";
    const acts = held
      ? [undoButton(word("stop"), () => void this.#stop(item, entry), Date.parse(entry.publish_at) - Date.parse(entry.updated_at))]
      : entry.status === "published" ? [undoButton(word("undo"), () => void this.#undo(item, entry), UNDO_MS)] : [];
    say(`${word(held ? "done_held" : `done_${entry.status}`)} ${item.line}`, { acts });
    await this.#lists.refresh(entry.id);
  }

  /** Keep what is about to go out; it is a draft then. @param {Item} item @param {any} entry */
  async #stop(item, entry) {
    const answer = await fetch(`${item.path}/${entry.id}`, {
      method: "PATCH", body: JSON.stringify({ publish_at: null }),
      headers: { "Content-Type": "application/json", "If-Match": `"${entry.revision}"` },
    }).catch(() => null);
    say(word(answer?.ok ? "stopped" : "undo_failed"), { failed: !answer?.ok });
    await this.#lists.refresh(entry.id);
  }

  /** Retract what was just published, and put its words back. @param {Item} item @param {any} entry */
  async #undo(item, entry) {
    const answer = await fetch(`${item.path}/${entry.id}`, {
      method: "DELETE", headers: { "If-Match": `"${entry.revision}"` },
    }).catch(() => null);
    if (!answer?.ok) {
      say(word("undo_failed"), { failed: true });
      return;
    }
    say(word("undone"));
    document.dispatchEvent(new Event(RETURN));
    this.#draft.takeBack(newKey(), item.fields);
    this.#composer.focus();
    await this.#lists.refresh(entry.id);
  }

  /** @param {string} key */
  #retry(key) {
    if (this.#outbox.items.find((item) => item.key === key)?.state === "log_in") void this.#logIn();
    else this.#outbox.retry(key);
  }

  async #logIn() {
    if (await requireLogIn()) this.#outbox.flush();
  }

  /** @param {string} key */
  #drop(key) {
    this.#outbox.take(key);
    this.#kept.end(key);
  }

  /** Back into the form, under the same key: if the server has it after all, it says so. @param {string} key */
  #edit(key) {
    const item = this.#outbox.take(key);
    if (!item) return;
    document.dispatchEvent(new Event(RETURN));
    this.#draft.takeBack(item.key, item.fields);
    this.#composer.focus();
  }
}
