// @ts-check
/**
 * The editor in place of the plain form's box for words. The form stays what holds everything: its fields, its key,
 * its draft. The document is one more field of it, so that a draft brings it back like any other.
 */
import { dropCursor } from "prosemirror-dropcursor";
import { gapCursor } from "prosemirror-gapcursor";
import { history } from "prosemirror-history";
import { keymap } from "prosemirror-keymap";
import { EditorState, Plugin, Selection } from "prosemirror-state";
import { tableEditing } from "prosemirror-tables";
import { Decoration, DecorationSet, EditorView } from "prosemirror-view";
import { word } from "../words.js";
import { asMarkdown } from "./as_markdown.js";
import { isEmpty, lineOf, node, picturesOf, toBlocks, toDocument } from "./blocks.js";
import { insertBlock } from "./commands.js";
import { keys, typing } from "./keys.js";
import { choosePicture } from "./library.js";
import { LinkBar } from "./link_bar.js";
import { ATTEMPT, mediaViews } from "./media_views.js";
import { pasting, placePictures } from "./paste.js";
import { schema } from "./schema.js";
import { slashMenu } from "./slash_menu.js";
import { Toolbar } from "./toolbar.js";
import { ACCEPT, pictureFiles, resumeUploads } from "./uploads.js";

/** @typedef {import("./tools.js").Tool} Tool */
/** @typedef {import("./blocks.js").Block} Block */

/** What the entry holds, in an entry's own form. */
const INITIAL = "script[data-blocks]";

export class Composer {
  #form;
  #body;
  #document;
  #files;
  #bar;
  #links;

  /** @param {HTMLFormElement} form an entry's form (console/entry_fields.html) */
  constructor(form) {
    this.#form = form;
    this.#body = /** @type {HTMLTextAreaElement} */ (form.querySelector("#body"));
    this.#document = hiddenField("document");
    this.#files = document.createElement("input");
    this.#bar = new Toolbar(this);
    this.#links = new LinkBar(this);
    const place = document.createElement("div");
    place.className = "words";
    const doc = this.#initial();
    this.#document.defaultValue = JSON.stringify(doc.toJSON());
    this.view = new EditorView(place, {
      state: this.#state(doc),
      nodeViews: mediaViews,
      attributes: {
        id: "words", class: "prose", role: "textbox", "aria-multiline": "true", "aria-label": word("text"), spellcheck: "true",
        lang: this.language, dir: form.dataset.direction ?? "auto",
      },
      dispatchTransaction: (tr) => {
        this.view.updateState(this.view.state.apply(tr));
        this.#bar.update();
        if (tr.docChanged) this.#changed();
      },
    });
    this.#body.defaultValue = asMarkdown(doc);
    this.#furnish(place);
    this.#bar.update();
    form.addEventListener("restored", () => this.#load());
  }

  /** @param {HTMLElement} place */
  #furnish(place) {
    const form = this.#form;
    for (const plain of /** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll("[data-plain]"))) plain.hidden = true;
    this.#files.type = "file";
    this.#files.multiple = true;
    this.#files.accept = ACCEPT;
    this.#files.hidden = true;
    this.#files.addEventListener("change", () => {
      placePictures(this.view, pictureFiles(this.#files.files ?? []));
      this.#files.value = "";
    });
    const title = form.querySelector("[data-title]");
    title?.before(this.#bar.dom, this.#links.dom);
    title?.after(place, this.#document, this.#files);
    const headline = title?.querySelector("input");
    headline?.setAttribute("placeholder", word("title_placeholder"));
    if (headline) Object.assign(headline, { lang: this.language, dir: form.dataset.direction ?? "auto" });
    headline?.addEventListener("keydown", (event) => {
      if ((event.key === "Enter" && !event.ctrlKey && !event.metaKey && !event.isComposing) || event.key === "ArrowDown") {
        event.preventDefault();
        this.focus();
      }
    });
    form.classList.add("composing");
  }

  /** @returns {import("prosemirror-model").Node} */
  #initial() {
    const blocks = /** @type {Block[]} */ (JSON.parse(this.#form.querySelector(INITIAL)?.textContent ?? "[]"));
    const typed = this.#body.value;
    // what somebody typed before this script was there
    return typed !== this.#body.defaultValue && typed ? fromText(typed) : toDocument(blocks);
  }

  /** @param {import("prosemirror-model").Node} doc */
  #state(doc) {
    return EditorState.create({
      doc,
      selection: Selection.atEnd(doc),
      plugins: [
        slashMenu((tool) => this.use(tool)),
        typing(() => this.#marks()),
        keymap({ "Mod-k": () => { this.askLink(); return true; } }),
        ...keys,
        history(), dropCursor(), gapCursor(), tableEditing(), pasting, hints,
      ],
    });
  }

  /** Quotation marks of the entry's language. @returns {string[] | null} */
  #marks() {
    const known = JSON.parse(document.querySelector("script[data-quotation-marks]")?.textContent ?? "{}");
    const [language = "", ...rest] = this.language.toLowerCase().split("-");
    const region = rest.find((part) => part.length === 2);
    return known[`${language}-${region}`] ?? known[language] ?? null;
  }

  get language() {
    const own = /** @type {HTMLInputElement | null} */ (this.#form.querySelector("#language"))?.value.trim();
    return own || this.#form.dataset.language || "en";
  }

  get empty() {
    return isEmpty(this.view.state.doc);
  }

  /** @returns {Block[]} */
  get blocks() {
    return toBlocks(this.view.state.doc);
  }

  /** @param {string} title @returns {string} */
  line(title) {
    return lineOf(title, this.view.state.doc);
  }

  /** Whether the document holds what a box of Markdown cannot. */
  get onlyHere() {
    return this.blocks.some((block) => block.type !== "text" && block.type !== "quote") || picturesOf(this.view.state.doc).length > 0;
  }

  /** What keeps the entry from being sent, or an empty text. @returns {string} */
  get missing() {
    const pictures = picturesOf(this.view.state.doc);
    if (pictures.some((image) => image._failed)) return word("picture_failed");
    if (pictures.some((image) => !image.media_id)) return word("picture_uploading");
    if (pictures.some((image) => !image.decorative && !image.alt?.trim())) return word("picture_alt_missing");
    return "";
  }

  /** Go to the first thing that is missing. */
  showMissing() {
    for (const placed of this.view.dom.querySelectorAll(".placed")) placed.dispatchEvent(new Event(ATTEMPT));
    const field = this.view.dom.querySelector("[aria-invalid]");
    if (field instanceof HTMLElement) field.focus();
    else this.focus();
  }

  focus() {
    this.view.focus();
  }

  /** @param {Tool} tool */
  use(tool) {
    if (tool.opens) tool.opens(this);
    else {
      tool.command?.(this.view.state, this.view.dispatch, this.view);
      const { selection } = this.view.state;
      const placed = "node" in selection ? this.view.nodeDOM(selection.from) : null;
      const field = placed instanceof HTMLElement ? placed.querySelector("input") : null;
      if (field) field.focus();
      else this.focus();
    }
  }

  choosePictures() {
    this.#files.click();
  }

  /** A picture of the library, where the cursor is. */
  async chooseFromLibrary() {
    const image = await choosePicture();
    if (image) insertBlock(node("pictures", { fields: { images: [image] } }))(this.view.state, this.view.dispatch, this.view);
    this.focus();
  }

  askLink() {
    this.#links.open();
  }

  /** The blocks of another version in place of the document; undo brings it back. @param {Block[]} blocks */
  replace(blocks) {
    const { tr, doc } = this.view.state;
    this.view.dispatch(tr.replaceWith(0, doc.content.size, toDocument(blocks).content));
  }

  #changed() {
    const { doc } = this.view.state;
    this.#document.value = JSON.stringify(doc.toJSON());
    this.#body.value = asMarkdown(doc);
    this.#document.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /** The form was filled in again, with a draft or with nothing. */
  #load() {
    const doc = this.#fromForm();
    if (doc.eq(this.view.state.doc)) return;
    this.view.updateState(this.#state(doc));
    this.#bar.update();
    this.#document.value = JSON.stringify(doc.toJSON());
    resumeUploads(this.view);
  }

  #fromForm() {
    const { value, defaultValue } = this.#document;
    const words = this.#body.value;
    // a draft of the plain form has no document
    if (value === defaultValue && words !== this.#body.defaultValue) return fromText(words);
    try {
      const doc = schema.nodeFromJSON(JSON.parse(value));
      doc.check();
      return doc;
    } catch {
      return fromText(words);
    }
  }
}

/** @param {string} name @returns {HTMLTextAreaElement} */
function hiddenField(name) {
  const made = document.createElement("textarea");
  made.name = name;
  made.hidden = true;
  return made;
}

/** @param {string} text @returns {import("prosemirror-model").Node} */
function fromText(text) {
  const parts = text.split(/\n\s*\n/).map((part) => part.trim()).filter(Boolean);
  return node("doc", null, (parts.length ? parts : [""]).map((part) => node("paragraph", null, part ? schema.text(part) : [])));
}

/** What an empty place is for. */
const hints = new Plugin({
  props: {
    decorations: ({ doc }) => {
      /** @type {Decoration[]} */
      const found = [];
      const first = doc.firstChild;
      if (doc.childCount === 1 && first && first.type === schema.nodes.paragraph && !first.childCount) {
        found.push(Decoration.node(0, doc.content.size, { "data-hint": word("text_hint") }));
      }
      doc.forEach((child, at) => {
        if (child.type !== schema.nodes.quote) return;
        const cite = child.lastChild;
        const start = at + child.nodeSize - 1 - (cite?.nodeSize ?? 0);
        if (cite && !cite.childCount) found.push(Decoration.node(start, start + cite.nodeSize, { "data-hint": word("cite_hint") }));
      });
      return DecorationSet.create(doc, found);
    },
  },
});
