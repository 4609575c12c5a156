// @ts-check
/**
 * The card or facade that readers will get of a link, made by the server while its address stands in the editor. What
 * it finds out stays with the link, so that publishing need not ask again.
 */

/** @typedef {Record<string, any>} Fields */
/** @typedef {{ nodes: globalThis.Node[], gone: boolean }} Card */

/** After the last key in the address or the title. */
const PAUSE_MS = 500;
const ADDRESS = /^https?:\/\/[^\s/]+\.[^\s]+$/i;
const FOUND = ["title", "provider", "author", "description", "thumbnail", "width", "height", "poster", "unavailable"];

export class LinkCard {
  #kind;
  #slug;
  #put;
  #asked = "";
  #timer = 0;
  /** @type {Card | null} */
  shown = null;
  /** The title that was found, where nobody had written one. */
  title = "";

  /**
   * @param {string} kind `embed` or `video` @param {string} slug of the blog
   * @param {(fields: Fields | null) => void} put what was found about the link, for its empty fields; null: draw again
   */
  constructor(kind, slug, put) {
    this.#kind = kind;
    this.#slug = slug;
    this.#put = put;
  }

  /** The link has these fields now. @param {Fields} fields */
  follow(fields) {
    const question = `${fields.url?.trim()} ${fields.title ?? ""}`;
    if (question === this.#asked) return;
    const first = !this.#asked;
    this.#asked = question;
    window.clearTimeout(this.#timer);
    if (!ADDRESS.test(fields.url?.trim() ?? "")) {
      this.shown = null;
      return;
    }
    this.#timer = window.setTimeout(() => void this.#ask(question, fields), first ? 0 : PAUSE_MS);
  }

  /** @param {string} question @param {Fields} fields */
  async #ask(question, fields) {
    const known = Object.fromEntries(Object.entries(fields).filter(([name]) => !name.startsWith("_")));
    const block = { ...known, type: this.#kind, url: fields.url.trim() };
    const answer = await fetch(`/console/blogs/${this.#slug}/link`, {
      method: "POST", headers: { "Content-Type": "application/json", Accept: "application/json" }, body: JSON.stringify({ block }),
    }).catch(() => null);
    const found = answer?.ok ? await answer.json().catch(() => null) : null;
    if (question !== this.#asked) return; // it is another link by now
    if (!found) {
      this.shown = null;
      this.#put(null);
      return;
    }
    const page = new DOMParser().parseFromString(found.html, "text/html");
    this.shown = { nodes: [...page.querySelectorAll(".entry__body > :is(.embed, .video)")], gone: found.block.unavailable };
    const filled = Object.fromEntries(FOUND.filter((name) => found.block[name] && !fields[name]).map((name) => [name, found.block[name]]));
    this.title = filled.title ?? this.title;
    this.#asked = `${fields.url.trim()} ${filled.title ?? fields.title ?? ""}`;
    this.#put(filled);
  }
}
