// @ts-check
/** The newsroom's pictures to choose from, in a dialog: found by their words, the newest first. */
import { html, nothing, render } from "lit";
import { requireLogIn } from "../log_in.js";
import { word } from "../words.js";

/** @typedef {Record<string, any>} Picture as the API serves it */

const ADDRESS = "/api/v1/media";
const PAGE = 24;
const WIDTH = 320;
const TYPING_MS = 250;
const UNAUTHENTICATED = 401;

class Library {
  #dialog = document.createElement("dialog");
  #before = document.activeElement;
  #query = "";
  /** @type {Picture[]} */
  #found = [];
  /** @type {string | null} */
  #next = null;
  #said = "";
  #asked = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #typing;
  /** @type {(picture: Picture | null) => void} */
  #resolve = () => undefined;

  /** @returns {Promise<Picture | null>} null when nothing was chosen */
  open() {
    this.#dialog.className = "library";
    this.#dialog.setAttribute("aria-labelledby", "library-title");
    this.#dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.#close(null);
    });
    this.#dialog.addEventListener("keydown", (event) => this.#keydown(event));
    this.#draw();
    document.body.append(this.#dialog);
    this.#dialog.showModal();
    void this.#load();
    return new Promise((resolve) => { this.#resolve = resolve; });
  }

  /** @param {Picture | null} picture */
  #close(picture) {
    clearTimeout(this.#typing);
    this.#asked += 1;
    this.#dialog.close();
    this.#dialog.remove();
    if (this.#before instanceof HTMLElement) this.#before.focus();
    this.#resolve(picture);
  }

  /** The first page of what is typed, or the next one. @param {string} [before] */
  async #load(before = "") {
    const asked = this.#asked += 1;
    const query = new URLSearchParams({ limit: String(PAGE), q: this.#query, ...(before && { before }) });
    const ask = () => fetch(`${ADDRESS}?${query}`, { headers: { Accept: "application/json" } }).catch(() => null);
    let answer = await ask();
    while (answer?.status === UNAUTHENTICATED && await requireLogIn()) answer = await ask();
    const body = answer?.ok ? await answer.json().catch(() => null) : null;
    if (asked !== this.#asked) return; // something else was typed meanwhile
    if (body) {
      this.#found = before ? [...this.#found, ...body.media] : body.media;
      this.#next = body.next;
      this.#said = this.#found.length ? word("pictures_found", { n: this.#found.length }) : word("no_pictures");
    } else this.#said = word("no_answer");
    this.#draw();
  }

  /** @param {any} event */
  #typed(event) {
    this.#query = event.target.value.trim();
    clearTimeout(this.#typing);
    this.#typing = setTimeout(() => void this.#load(), TYPING_MS);
  }

  #draw() {
    render(html`<form class="library__head" method="dialog" @submit=${(/** @type {Event} */ event) => event.preventDefault()}>
      <h2 id="library-title">${word("library")}</h2>
      <label class="visually-hidden" for="library-words">${word("library_search")}</label>
      <input id="library-words" type="search" maxlength="100" placeholder=${word("library_search")} autofocus
        @input=${(/** @type {any} */ event) => this.#typed(event)}>
      <button type="button" class="act" @click=${() => this.#close(null)}>${word("cancel")}</button></form>
      <p class="quiet" role="status">${this.#said}</p>
      <ul class="pictures" data-found>${this.#found.map((item) => html`<li><button type="button" class="pictures__one"
        @click=${() => this.#close(item)}><img src=${thumbnail(item)} alt="" loading="lazy">
        <span class="pictures__words">${item.caption || item.alt || item.name || word("no_description")}</span>
        ${item.credit ? html`<span class="quiet">${item.credit}</span>` : nothing}</button></li>`)}</ul>
      ${this.#next ? html`<p><button type="button" class="act" @click=${() => void this.#load(this.#next ?? "")}>${word("older_pictures")}</button></p>` : nothing}`, this.#dialog);
  }

  /** Arrows lead from picture to picture, and from the words down to the first. @param {KeyboardEvent} event */
  #keydown(event) {
    const buttons = [.../** @type {NodeListOf<HTMLElement>} */ (this.#dialog.querySelectorAll("[data-found] button"))];
    const at = buttons.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const rightToLeft = getComputedStyle(this.#dialog).direction === "rtl";
    if (at < 0) {
      if (event.key === "ArrowDown" && buttons[0]) {
        event.preventDefault();
        buttons[0].focus();
      }
      return;
    }
    const columns = buttons.filter((button) => button.offsetTop === buttons[0]?.offsetTop).length || 1;
    const step = { ArrowDown: columns, ArrowUp: -columns, ArrowRight: rightToLeft ? -1 : 1, ArrowLeft: rightToLeft ? 1 : -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    if (at + step < 0) this.#dialog.querySelector("input")?.focus();
    else buttons[Math.min(buttons.length - 1, at + step)]?.focus();
  }
}

/** @param {Picture} item @returns {string} */
function thumbnail(item) {
  return `/media/${encodeURIComponent(item.id)}/${(item.widths ?? []).includes(WIDTH) ? `${WIDTH}.webp` : "full"}`;
}

/** Let somebody choose. @returns {Promise<Record<string, any> | null>} the picture as the editor has it */
export async function choosePicture() {
  const item = await new Library().open();
  if (!item) return null;
  const { id, width, height, widths, mime, alt, caption, credit, focal_x, focal_y } = item;
  return { media_id: id, alt, caption, credit, decorative: false, width, height, widths, mime, focal_x, focal_y };
}
