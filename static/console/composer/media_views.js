// @ts-check
/** What stands in the editor for pictures, videos, links and blocks that are only kept: their fields, with Lit. */
import { html, nothing, render } from "lit";
import { live } from "lit/directives/live.js";
import { repeat } from "lit/directives/repeat.js";
import { TextSelection } from "prosemirror-state";
import { word } from "../words.js";
import { LinkCard } from "./link_card.js";
import { choosePicture } from "./library.js";
import { cleaned } from "./pasted_html.js";
import { ACCEPT, beginUploads, pictureFiles, retryUpload } from "./uploads.js";

/** @typedef {import("prosemirror-view").EditorView} View */
/** @typedef {import("prosemirror-model").Node} Node */
/** @typedef {Record<string, any>} Fields */
/** @typedef {(fields: Fields) => void} Set */

const SHOWN_WIDTH = 960;
/** Told to what stands in the editor when somebody tried to send it and something is missing. */
export const ATTEMPT = "stoppress:attempt";
let lastId = 0;

/** A node view whose node has all its fields in one attribute. */
class FieldsView {
  /** @param {Node} node @param {View} view @param {() => number | undefined} at @param {(f: Fields, set: Set, view: FieldsView) => unknown} template @param {string} kind */
  constructor(node, view, at, template, kind) {
    this.node = node;
    this.view = view;
    this.at = at;
    this.template = template;
    this.id = `media-${lastId += 1}`;
    this.dom = document.createElement("div");
    this.dom.className = `placed placed--${kind}`;
    this.dom.contentEditable = "false";
    /** Fields that were left empty. @type {globalThis.Set<string>} */
    this.left = new globalThis.Set();
    /** Of a link: what readers will get. @type {LinkCard | null} */
    this.card = null;
    this.dom.addEventListener(ATTEMPT, () => {
      this.attempted = true;
      this.draw();
    });
    this.draw();
    // once it stands in a form
    if (!node.attrs.fields.images) queueMicrotask(() => this.draw());
  }

  draw() {
    render(this.template(this.node.attrs.fields, (fields) => this.set(fields), this), this.dom);
  }

  /** @param {string} id of a field */
  leave(id) {
    this.left.add(id);
    this.draw();
  }

  /** Whether a field that is empty is called wrong by now. @param {string} id @returns {boolean} */
  missed(id) {
    return this.attempted || this.left.has(id);
  }

  /** @param {Fields} fields */
  set(fields) {
    const at = this.at();
    if (at !== undefined) this.view.dispatch(this.view.state.tr.setNodeAttribute(at, "fields", fields));
  }

  /** What was found out about the link goes into its fields, as no step of its own for Undo. @param {Fields} fields */
  find(fields) {
    const at = this.at();
    if (at === undefined || this.view.isDestroyed) return;
    const all = { ...this.node.attrs.fields, ...fields };
    this.view.dispatch(this.view.state.tr.setNodeAttribute(at, "fields", all).setMeta("addToHistory", false));
  }

  remove() {
    const at = this.at();
    if (at === undefined) return;
    const tr = this.view.state.tr.delete(at, at + this.node.nodeSize);
    this.view.dispatch(tr.setSelection(TextSelection.near(tr.doc.resolve(Math.min(at, tr.doc.content.size)))));
    this.view.focus();
  }

  /** @param {Node} node */
  update(node) {
    if (node.type !== this.node.type) return false;
    this.node = node;
    this.draw();
    return true;
  }

  /** Keys and clicks in the fields are theirs; Ctrl+Enter and dragging the whole are not. @param {Event} event */
  stopEvent(event) {
    return event.target !== this.dom && !/^drag|^drop/.test(event.type);
  }

  ignoreMutation() {
    return true;
  }
}

/** @param {string} id @param {string} label @param {string} value @param {(value: string) => void} set @param {{ type?: string, needed?: string, missed?: boolean, left?: () => void }} [more] `needed`: what an empty field is told */
function line(id, label, value, set, { type = "text", needed = "", missed = false, left } = {}) {
  return html`<div class="placed__line"><label for=${id}>${label}</label>
    <input id=${id} type=${type} .value=${live(value ?? "")} aria-invalid=${needed && missed ? "true" : nothing}
      aria-describedby=${needed ? `${id}-needed` : nothing} placeholder=${needed || nothing} @blur=${left ?? nothing}
      @input=${(/** @type {any} */ event) => set(event.target.value)}>
    ${needed ? html`<span class="visually-hidden" id=${`${id}-needed`}>${needed}</span>` : nothing}</div>`;
}

/** @param {string} label @param {boolean} value @param {(value: boolean) => void} set */
function tick(label, value, set) {
  return html`<label class="tick"><input type="checkbox" .checked=${live(Boolean(value))}
    @change=${(/** @type {any} */ event) => set(event.target.checked)}> ${label}</label>`;
}

/** @param {string} words @param {() => void} act */
const button = (words, act) => html`<button type="button" class="act" @click=${act}>${words}</button>`;

/** @param {Fields} image @returns {string} */
function source(image) {
  const fitting = (image.widths ?? []).filter((/** @type {number} */ width) => width <= SHOWN_WIDTH);
  return `/media/${encodeURIComponent(image.media_id)}/${fitting.length && image.width > SHOWN_WIDTH ? `${Math.max(...fitting)}.webp` : "full"}`;
}

/** What a picture is known by here, before and after its upload. @param {Fields} image @returns {string} */
const keyOf = (image) => image._key ?? image._upload ?? image.media_id;

/** @param {Fields} fields @param {Set} set @param {FieldsView} own */
function pictures(fields, set, own) {
  const images = /** @type {Fields[]} */ (fields.images);
  /** @param {number} index @param {Fields} changed */
  const put = (index, changed) => set({ images: images.map((image, n) => (n === index ? { ...image, ...changed } : image)) });
  /** @param {number} index */
  const without = (index) => (images.length > 1 ? set({ images: images.filter((_, n) => n !== index) }) : own.remove());
  /** @param {any} event */
  const add = (event) => {
    set({ images: [...images, ...beginUploads(own.view, pictureFiles(event.target.files))] });
    event.target.value = "";
  };
  return html`${repeat(images, keyOf, (image, index) => html`
    <fieldset class="placed__picture"><legend class="visually-hidden">${word("image_n", { n: index + 1 })}</legend>
    ${look(image, (changed) => put(index, changed), own)}
    ${described(image, `${own.id}-${index}`, (changed) => put(index, changed), own)}
    <p class="placed__acts">${button(word("remove_picture"), () => without(index))}</p>
    </fieldset>`)}
    <p class="placed__acts"><label class="act placed__add">${word("add_to_gallery")}
    <input class="visually-hidden" type="file" accept=${ACCEPT} multiple @change=${add}></label>
    ${button(word("add_from_library"), () => void choosePicture().then((image) => image && set({ images: [...images, image] })))}</p>`;
}

/** @param {Fields} image @param {(changed: Fields) => void} put @param {FieldsView} own */
function look(image, put, own) {
  if (image._failed) {
    return html`<p class="placed__wrong" role="alert">${image._name}: ${image._failed}
      ${button(word("try_again"), () => void retryUpload(own.view, image._upload))}</p>`;
  }
  if (!image.media_id) {
    return html`<p class="placed__upload"><label>${word("uploading", { name: image._name ?? "" })}
      <progress max="100" value=${image._progress ?? 0}></progress></label></p>`;
  }
  /** @param {MouseEvent} event */
  const aim = (event) => {
    const box = /** @type {HTMLElement} */ (event.currentTarget).getBoundingClientRect();
    put({ focal_x: share(event.clientX - box.left, box.width), focal_y: share(event.clientY - box.top, box.height) });
  };
  const aimed = typeof image.focal_x === "number" && typeof image.focal_y === "number";
  const point = aimed ? `focal-x-${Math.round(image.focal_x * 10)} focal-y-${Math.round(image.focal_y * 10)}` : "";
  return html`<div class=${`placed__look ${point}`}>
    <img src=${source(image)} alt=${image.alt} width=${image.width || nothing} height=${image.height || nothing}
      title=${word("focal_hint")} @click=${aim}>${aimed ? html`<span class="placed__focal" aria-hidden="true"></span>` : nothing}</div>`;
}

/** @param {number} part @param {number} whole @returns {number} from 0 to 1 */
const share = (part, whole) => Math.round(Math.min(1, Math.max(0, part / whole)) * 1000) / 1000;

/** @param {Fields} image @param {string} id @param {(changed: Fields) => void} put @param {FieldsView} own */
function described(image, id, put, own) {
  const needed = !image.alt?.trim() && !image.decorative ? word("alt_needed") : "";
  const key = keyOf(image);
  return html`
    ${line(`${id}-caption`, word("caption"), image.caption, (caption) => put({ caption }))}
    ${line(`${id}-credit`, word("credit"), image.credit, (credit) => put({ credit }))}
    ${image.decorative ? nothing : line(`${id}-alt`, word("alt"), image.alt, (alt) => put({ alt }), { needed, missed: own.missed(key), left: () => own.leave(key) })}
    <p class="placed__ticks">
    ${tick(word("decorative"), image.decorative, (decorative) => put({ decorative, ...(decorative && { alt: "" }) }))}
    ${tick(word("sensitive"), image.sensitive, (sensitive) => put({ sensitive, ...(!sensitive && { warning: "" }) }))}</p>
    ${image.sensitive ? line(`${id}-warning`, word("warning"), image.warning, (warning) => put({ warning })) : nothing}
    ${image.media_id ? focal(image, id, put) : nothing}`;
}

/** @param {Fields} image @param {string} id @param {(changed: Fields) => void} put */
function focal(image, id, put) {
  /** @param {string} name @param {string} label */
  const axis = (name, label) => html`<label>${label} <input type="range" min="0" max="100" id=${`${id}-${name}`}
    .value=${live(String(Math.round((image[name] ?? 0.5) * 100)))}
    @input=${(/** @type {any} */ event) => put({ focal_x: image.focal_x ?? 0.5, focal_y: image.focal_y ?? 0.5, [name]: event.target.value / 100 })}></label>`;
  return html`<details class="placed__more"><summary>${word("focal")}</summary><p class="placed__ticks">
    ${axis("focal_x", word("focal_across"))} ${axis("focal_y", word("focal_down"))}
    ${button(word("focal_clear"), () => put({ focal_x: null, focal_y: null }))}</p></details>`;
}

/** The card of a link, which cannot be used here. @param {string} kind @param {Fields} fields @param {FieldsView} own */
function card(kind, fields, own) {
  const slug = own.view.dom.closest("form")?.dataset.slug;
  if (slug === undefined) return nothing;
  own.card ??= new LinkCard(kind, slug, (found) => (found && Object.keys(found).length ? own.find(found) : own.draw()));
  own.card.follow(fields);
  const { shown } = own.card;
  if (!shown) return nothing;
  return html`${shown.gone ? html`<p class="placed__wrong" role="status">${word("link_gone")}</p>` : nothing}
    <div class="placed__card" inert>${shown.nodes}</div>`;
}

/** @param {Fields} fields @param {Set} set @param {FieldsView} own */
function video(fields, set, own) {
  return html`<fieldset><legend>${word("video")}</legend>
    ${card("video", fields, own)}
    ${line(`${own.id}-url`, word("address"), fields.url, (url) => set({ ...written(fields, own), url }), { type: "url" })}
    ${line(`${own.id}-title`, word("title"), fields.title, (title) => set({ ...fields, title }))}
    ${line(`${own.id}-caption`, word("caption"), fields.caption, (caption) => set({ ...fields, caption }))}
    ${line(`${own.id}-byline`, word("credit"), fields.byline, (byline) => set({ ...fields, byline }))}
    <p class="placed__acts">${button(word("remove_video"), () => own.remove())}</p></fieldset>`;
}

/** What was found out about one address says nothing about another. @param {Fields} fields @param {FieldsView} own @returns {Fields} */
function written({ title = "", caption, byline }, own) {
  const ours = own.card?.title === title ? "" : title;
  return { title: ours, ...(caption !== undefined && { caption }), ...(byline !== undefined && { byline }) };
}

/** @param {Fields} fields @param {Set} set @param {FieldsView} own */
function embed(fields, set, own) {
  return html`<fieldset><legend>${word("embed")}</legend>
    ${card("embed", fields, own)}
    ${line(`${own.id}-url`, word("address"), fields.url, (url) => set({ ...written(fields, own), url }), { type: "url" })}
    ${line(`${own.id}-title`, word("title"), fields.title, (title) => set({ ...fields, title }))}
    <p class="placed__acts">${button(word("remove_embed"), () => own.remove())}</p></fieldset>`;
}

/** @param {Fields} fields @param {Set} _set @param {FieldsView} own */
function kept(fields, _set, own) {
  const words = new DOMParser().parseFromString(cleaned(fields.html ?? ""), "text/html").body;
  return html`<fieldset><legend>${word("kept")}</legend><div class="prose">${[...words.childNodes]}</div>
    <p class="placed__acts">${button(word("remove"), () => own.remove())}</p></fieldset>`;
}

const TEMPLATES = { pictures, video, embed, kept };

/** For `nodeViews` of the editor. */
export const mediaViews = Object.fromEntries(
  Object.entries(TEMPLATES).map(([kind, template]) => [
    kind,
    /** @param {Node} node @param {View} view @param {() => number | undefined} at */
    (node, view, at) => new FieldsView(node, view, at, template, kind),
  ]),
);
