// @ts-check
/** Saving an entry that there is: in place, with both versions side by side where somebody else was quicker. */
import { html, render } from "lit";
import { bodyOf, Incomplete } from "./entry_body.js";
import { hidden, setHidden } from "./form.js";
import { sayIncomplete } from "./incomplete.js";
import { requireLogIn } from "./log_in.js";
import { say } from "./notice.js";
import { reasonOf } from "./outbox.js";
import { previewOf } from "./preview.js";
import { word } from "./words.js";

/** @typedef {import("./composer/composer.js").Composer} Composer */
/** @typedef {import("./form_draft.js").FormDraft} FormDraft */

const UNAUTHENTICATED = 401;
const STALE = 412;
const BUTTONS = new Set(["save", "publish", "schedule", "now", "unschedule", "submit"]);

export class Saving {
  #form;
  #composer;
  #draft;
  #done;
  #busy = false;

  /**
   * @param {HTMLFormElement} form with `data-entry` @param {Composer} composer @param {FormDraft} draft
   * @param {(done: string) => void} [done] what follows, by the name of what was done; else the blog's page says it
   */
  constructor(form, composer, draft, done) {
    this.#done = done ?? ((name) => this.#toBlog(name));
    this.#form = form;
    this.#composer = composer;
    this.#draft = draft;
    form.addEventListener("submit", (event) => {
      const does = event.submitter instanceof HTMLButtonElement ? event.submitter.value : "";
      if (!BUTTONS.has(does)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      void this.#save(does);
    }, { capture: true });
  }

  /** @param {string} does what the button that was pressed asks for */
  async #save(does) {
    if (this.#busy) return;
    this.#busy = true;
    try {
      const body = { ...bodyOf(this.#form, this.#composer, does), ...this.#toReaders() };
      await this.#send(body);
    } catch (error) {
      if (!(error instanceof Incomplete)) throw error;
      sayIncomplete(error, this.#form, this.#composer);
    } finally {
      this.#busy = false;
    }
  }

  #toReaders() {
    const note = /** @type {HTMLInputElement | null} */ (this.#form.querySelector("#correction"));
    const forget = /** @type {HTMLInputElement | null} */ (this.#form.querySelector("#remove_from_history"));
    return { ...(note?.value.trim() && { correction: note.value }), ...(forget?.checked && { remove_from_history: true }) };
  }

  /** @param {Record<string, any>} body */
  async #send(body) {
    const { slug, entry } = this.#form.dataset;
    const answer = await fetch(`/api/v1/blogs/${slug}/entries/${entry}`, {
      method: "PATCH", body: JSON.stringify(body),
      headers: { "Content-Type": "application/json", "If-Match": `"${hidden(this.#form, "revision")}"` },
    }).catch(() => null);
    const found = await answer?.json().catch(() => null);
    if (answer?.ok) {
      const done = { draft: "draft", pending: "pending", scheduled: "scheduled", published: "saved" }[String(found.status)] ?? "saved";
      const first = body.status === "published" && found.status === "published" ? "published" : done;
      this.#draft.leave();
      this.#done(first);
    } else if (answer?.status === UNAUTHENTICATED) {
      if (await requireLogIn()) await this.#send(body);
    } else if (answer?.status === STALE) {
      await this.#conflict(found.current);
    } else {
      say(found ? reasonOf(found) : word("no_answer_kept"), { failed: true });
    }
  }

  /** @param {string} done */
  #toBlog(done) {
    const { slug, entry } = this.#form.dataset;
    location.assign(`/console/blogs/${slug}?done=${done}&entry=${entry}&sent=${hidden(this.#form, "request_key")}`);
  }

  /** @param {any} current the version that was saved meanwhile */
  async #conflict(current) {
    if (current.status === "retracted") {
      say(word("was_retracted"), { failed: true });
      return;
    }
    const shown = await previewOf(this.#form.dataset.slug ?? "", current);
    const section = document.getElementById("conflict") ?? document.createElement("section");
    section.id = "conflict";
    section.className = "versions versions--conflict";
    section.tabIndex = -1;
    section.setAttribute("aria-labelledby", "conflict-title");
    render(html`<h2 id="conflict-title">${word("conflict")}</h2><p>${word("conflict_hint")}</p>
      <h3>${word("saved_version")}</h3><div class="versions__shown">${[...shown.childNodes]}</div>
      <p class="buttons"><button type="button" class="act" @click=${() => this.#take(current)}>${word("take_theirs")}</button>
      <a class="act" href=${location.pathname} data-cancel @click=${() => this.#draft.discard()}>${word("keep_theirs")}</a></p>`, section);
    this.#form.before(section);
    this.#form.parentElement?.classList.add("sides");
    setHidden(this.#form, "revision", String(current.revision));
    section.focus();
  }

  /** @param {any} current */
  #take(current) {
    this.#composer.replace(current.blocks);
    const title = /** @type {HTMLInputElement | null} */ (this.#form.querySelector("#title"));
    if (title) title.value = current.title;
    this.#composer.focus();
  }
}
