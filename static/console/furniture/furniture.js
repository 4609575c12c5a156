// @ts-check
/**
 * The blog's furniture, edited beside the timeline: saved without a load, and without touching what stands in the
 * composer. What others save meanwhile comes in by itself; where both changed one field, both versions are shown.
 */
import { BLOG } from "../blog_state.js";
import { FormDraft } from "../form_draft.js";
import { setHidden } from "../form.js";
import { listenToKeys } from "../keyboard.js";
import { requireLogIn } from "../log_in.js";
import { reasonOf } from "../outbox.js";
import { word } from "../words.js";
import { growWithContent, Sortable } from "./sortable.js";
import { bodyOf, FIELDS, textsOf } from "./state.js";

/** @typedef {import("../live_lists.js").Lists} Lists */
/** @typedef {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Field */

const UNAUTHENTICATED = 401;
const STALE = 412;

/** The blog as the server has it. @returns {any} */
const current = () => JSON.parse(document.getElementById("blog-furniture")?.textContent || "null");

export class Furniture {
  #form;
  #lists;
  #zone;
  #words;
  #draft;
  #base;
  #developments;
  #busy = false;
  #again = false;
  /** What others saved in fields that stand otherwise here. @type {Record<string, string>} */
  #theirs = {};

  /** @param {HTMLFormElement} form @param {string} user @param {Lists} lists */
  constructor(form, user, lists) {
    this.#form = form;
    this.#lists = lists;
    this.#zone = form.dataset.timeZone ?? "UTC";
    this.#words = JSON.parse(form.dataset.words ?? "{}");
    this.#base = current();
    this.#show(FIELDS);
    form.dataset.draft = form.dataset.keptAs;
    this.#draft = new FormDraft(form, user, "");
    const area = /** @type {HTMLTextAreaElement} */ (this.#field("key_developments"));
    this.#developments = new Sortable(area, this.#words);
    form.querySelectorAll("textarea").forEach(growWithContent);
    listenToKeys(form);
    form.addEventListener("input", () => this.#update());
    form.addEventListener("restored", () => this.#restored());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      event.stopImmediatePropagation();
      void this.#save();
    }, { capture: true });
    form.querySelector("[data-revert]")?.addEventListener("click", () => this.#revert());
    form.querySelector("[data-remove-lead]")?.addEventListener("click", () => this.#removeLead());
    form.querySelector("[name=lead_file]")?.addEventListener("change", (event) => void this.#upload(event));
    document.addEventListener(BLOG, () => this.#follow(current()));
    document.getElementById("blog-words")?.setAttribute("data-edited-in-place", "");
    form.hidden = false;
    this.#update();
  }

  /** @param {string} name @returns {Field} */
  #field(name) {
    return /** @type {Field} */ (this.#form.elements.namedItem(name));
  }

  /** @param {string} name @returns {string} */
  #text(name) {
    const field = this.#field(name);
    if (field instanceof HTMLInputElement && field.type === "checkbox") return field.checked ? "1" : "";
    return field.value.trim();
  }

  /** Put what the server has into these fields, as what they hold without an edit. @param {string[]} names */
  #show(names) {
    const texts = textsOf(this.#base, this.#zone);
    for (const name of FIELDS) {
      const [field, text] = [this.#field(name), texts[name] ?? ""];
      if (field instanceof HTMLInputElement && field.type === "checkbox") {
        field.defaultChecked = text === "1";
        if (names.includes(name)) field.checked = field.defaultChecked;
        continue;
      }
      if (field instanceof HTMLSelectElement) {
        for (const option of field.options) {
          option.defaultSelected = option.value === text;
          // closing is a flow of its own, and a blog that was live is no draft again
          option.hidden = option.value !== text && (option.value === "closed" || (option.value === "draft" && this.#base.started_at));
        }
      } else {
        field.defaultValue = text;
      }
      if (names.includes(name)) field.value = text;
    }
    setHidden(this.#form, "revision", String(this.#base.revision));
    this.#developments?.draw();
  }

  /** @returns {string[]} fields that stand otherwise than the server has them */
  #changed() {
    const texts = textsOf(this.#base, this.#zone);
    return FIELDS.filter((name) => this.#text(name) !== (texts[name] ?? "").trim());
  }

  #update() {
    const changed = this.#changed();
    const said = this.#form.querySelector(".furnish__said--done");
    if (changed.length && said) said.textContent = "";
    const foot = /** @type {HTMLElement | null} */ (this.#form.querySelector(".furnish__foot"));
    if (foot) foot.hidden = !changed.length;
    const look = this.#form.querySelector("img");
    const picture = this.#text("lead_picture_id");
    const source = picture ? `/media/${picture}` : "";
    if (look && look.getAttribute("src") !== source) {
      look.hidden = !picture;
      if (picture) look.src = source;
      else look.removeAttribute("src");
    }
    this.#drawTheirs(changed);
  }

  #restored() {
    this.#developments.draw();
    this.#update();
  }

  #revert() {
    this.#theirs = {};
    this.#show(FIELDS);
    this.#settle();
    this.#say("");
    /** @type {HTMLElement} */ (this.#field("headline")).focus();
  }

  /** Nothing stands here that the server does not have. */
  #settle() {
    this.#draft.settle();
    this.#update();
  }

  /** Take in what somebody saved. @param {any} blog @returns {string[]} fields that both changed */
  #follow(blog) {
    if (!blog || blog.revision <= this.#base.revision) return [];
    const mine = this.#changed();
    const [before, after] = [textsOf(this.#base, this.#zone), textsOf(blog, this.#zone)];
    this.#base = blog;
    const both = mine.filter((name) => before[name] !== after[name] && this.#text(name) !== after[name]);
    for (const name of both) this.#theirs[name] = after[name] ?? "";
    this.#show(FIELDS.filter((name) => !mine.includes(name)));
    if (!this.#changed().length) this.#settle();
    else this.#update();
    if (both.length) this.#say(this.#words.both);
    return both;
  }

  /** @param {string[]} changed */
  #drawTheirs(changed) {
    for (const name of Object.keys(this.#theirs)) if (!changed.includes(name)) delete this.#theirs[name];
    for (const box of this.#form.querySelectorAll("[data-theirs]")) {
      if (!((/** @type {HTMLElement} */ (box).dataset.theirs ?? "") in this.#theirs)) box.remove();
    }
    for (const [name, text] of Object.entries(this.#theirs)) {
      if (this.#form.querySelector(`[data-theirs="${name}"]`)) continue;
      const box = document.createElement("div");
      box.className = "theirs";
      box.dataset.theirs = name;
      const title = document.createElement("b");
      title.textContent = this.#words.theirs;
      const shown = document.createElement("p");
      shown.className = "source";
      shown.dir = "auto";
      shown.textContent = text || this.#words.empty;
      const take = document.createElement("button");
      take.type = "button";
      take.className = "act";
      take.textContent = this.#words.take;
      take.addEventListener("click", () => {
        delete this.#theirs[name];
        this.#show([name]);
        this.#update();
        this.#field(name).dispatchEvent(new Event("input", { bubbles: true }));
      });
      box.append(title, shown, take);
      this.#field(name).closest(".field")?.append(box);
    }
  }

  async #save() {
    // what is asked for while another answer is awaited follows it
    this.#again = this.#busy;
    const names = this.#changed();
    if (this.#busy || !names.length) return;
    this.#busy = true;
    await this.#send(names).finally(() => (this.#busy = false));
    if (this.#again) await this.#save();
  }

  /** @param {string[]} names of the fields that are saved */
  async #send(names) {
    const texts = Object.fromEntries(FIELDS.map((name) => [name, this.#text(name)]));
    const body = bodyOf(texts, names, this.#base, this.#zone);
    const answer = await fetch(`/api/v1/blogs/${this.#form.dataset.slug}`, {
      method: "PATCH", body: JSON.stringify(body),
      headers: { "Content-Type": "application/json", "If-Match": `"${this.#base.revision}"` },
    }).catch(() => null);
    const found = await answer?.json().catch(() => null);
    if (answer?.ok) {
      this.#theirs = {};
      this.#base = found;
      // what was typed while it was on its way stays
      this.#show(FIELDS.filter((name) => this.#text(name) === (texts[name] ?? "").trim()));
      if (!this.#changed().length) this.#settle();
      this.#say(word("done_saved"), { done: true });
      void this.#lists.refresh();
    } else if (answer?.status === UNAUTHENTICATED) {
      if (await requireLogIn()) await this.#send(names);
    } else if (answer?.status === STALE) {
      const both = this.#follow(found.current);
      if (!both.length && this.#changed().length) await this.#send(this.#changed());
    } else {
      this.#say(found ? reasonOf(found) : word("no_answer_kept"));
    }
  }

  /** In the pane itself: a notice over the page could lie on its buttons. @param {string} words @param {{ done?: boolean }} [more] */
  #say(words, { done = false } = {}) {
    const place = this.#form.querySelector(".furnish__said");
    place?.classList.toggle("furnish__said--done", done);
    if (place) place.textContent = words;
  }

  #removeLead() {
    for (const name of FIELDS.filter((one) => one.startsWith("lead_"))) {
      const field = this.#field(name);
      if (field instanceof HTMLInputElement && field.type === "checkbox") field.checked = false;
      else field.value = "";
    }
    this.#field("lead_alt").dispatchEvent(new Event("input", { bubbles: true }));
  }

  /** @param {Event} event */
  async #upload(event) {
    const chosen = /** @type {HTMLInputElement} */ (event.target);
    const file = chosen.files?.[0];
    if (!file) return;
    const form = new FormData();
    form.append("file", file);
    this.#say(word("uploading", { name: file.name }));
    const answer = await fetch("/api/v1/media", { method: "POST", body: form }).catch(() => null);
    const found = await answer?.json().catch(() => null);
    if (answer?.status === UNAUTHENTICATED) {
      if (await requireLogIn()) await this.#upload(event);
    } else if (answer?.ok) {
      this.#field("lead_picture_id").value = found.id;
      for (const name of ["alt", "caption", "credit"]) this.#field(`lead_${name}`).value ||= found[name];
      this.#say("");
      chosen.value = "";
      this.#field("lead_alt").dispatchEvent(new Event("input", { bubbles: true }));
    } else {
      this.#say(found ? reasonOf(found) : word("upload_failed"));
    }
  }
}
