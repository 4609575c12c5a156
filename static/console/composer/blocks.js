// @ts-check
/** Between an entry's blocks, as the API has them, and a document of the editor. */
import { DOMParser as Reader, DOMSerializer, Fragment } from "prosemirror-model";
import { schema } from "./schema.js";

/** @typedef {import("prosemirror-model").Node} Node */
/** @typedef {Record<string, any> & { type: string }} Block */

const reader = Reader.fromSchema(schema);
const writer = DOMSerializer.fromSchema(schema);
const MIN_GALLERY = 2;

/** @param {readonly Block[]} blocks @returns {Node} */
export function toDocument(blocks) {
  const made = blocks.flatMap(toNodes);
  const last = made.at(-1);
  // the cursor must have a place after the last picture or quotation
  if (!last || last.isAtom || last.type === schema.nodes.quote) made.push(paragraph());
  return node("doc", null, made);
}

/** @param {Block} block @returns {Node[]} */
function toNodes(block) {
  const { type, ...fields } = block;
  switch (type) {
    case "text": {
      const words = parse(block.html);
      return html(words) === plain(block.html) ? [...words.content.content] : [node("kept", { fields: block })];
    }
    case "quote": {
      const cite = node("cite", null, block.cite ? schema.text(block.cite) : []);
      const made = tryNode("quote", [...parse(block.html).content.content, cite]);
      return made && sameWords(made, block.html) ? [made] : [node("kept", { fields: block })];
    }
    case "image":
      return [node("pictures", { fields: { images: [fields] } })];
    case "gallery":
      return [node("pictures", { fields: { images: block.images } })];
    case "video":
    case "embed":
      return [node(type, { fields })];
    default:
      return [node("kept", { fields: block })];
  }
}

/** The blocks of a document, in order: words that follow one another are one text. @param {Node} doc @returns {Block[]} */
export function toBlocks(doc) {
  /** @type {Block[]} */
  const made = [];
  /** @type {Node[]} */
  let words = [];
  const flush = () => {
    const text = html(node("doc", null, words.length ? words : [paragraph()]));
    if (hasWords(words)) made.push({ type: "text", html: text });
    words = [];
  };
  doc.forEach((child) => {
    if (child.type.isInGroup("words")) {
      words.push(child);
      return;
    }
    flush();
    made.push(...fromNode(child));
  });
  flush();
  return made;
}

/** @param {Node} child @returns {Block[]} */
function fromNode(child) {
  const fields = child.attrs.fields;
  switch (child.type.name) {
    case "quote": {
      const cite = child.lastChild;
      const said = [...child.content.content].slice(0, -1);
      if (!hasWords(said) && !cite?.textContent.trim()) return [];
      return [{ type: "quote", html: html(node("doc", null, said)), cite: cite?.textContent.trim() ?? "" }];
    }
    case "pictures": {
      const images = fields.images.filter((/** @type {any} */ image) => image.media_id).map(withoutState);
      if (!images.length) return [];
      return images.length < MIN_GALLERY ? [{ type: "image", ...images[0] }] : [{ type: "gallery", images }];
    }
    case "kept":
      return [fields];
    default:
      return fields.url?.trim() ? [{ type: child.type.name, ...withoutState(fields), url: fields.url.trim() }] : [];
  }
}

/** Fields without those of the editor, whose names begin with `_`. @param {Record<string, any>} fields */
function withoutState(fields) {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !name.startsWith("_")));
}

/** Whether readers would see anything. @param {Node} doc @returns {boolean} */
export function isEmpty(doc) {
  return toBlocks(doc).length === 0 && !isUploading(doc);
}

/** @param {Node} doc @returns {any[]} the pictures of a document, with the position of their node */
export function picturesOf(doc) {
  /** @type {any[]} */
  const found = [];
  doc.descendants((child, at) => {
    if (child.type === schema.nodes.pictures) {
      child.attrs.fields.images.forEach((/** @type {any} */ image, /** @type {number} */ index) => {
        found.push({ ...image, at, index });
      });
    }
    return true;
  });
  return found;
}

/** @param {Node} doc @returns {boolean} */
export function isUploading(doc) {
  return picturesOf(doc).some((image) => image._upload && !image._failed);
}

/** The beginning of an entry on one line. @param {string} title @param {Node} doc @returns {string} */
export function lineOf(title, doc) {
  if (title) return title;
  const words = doc.textBetween(0, doc.content.size, " ").replace(/\s+/g, " ").trim();
  const picture = picturesOf(doc).find((image) => image.alt || image.caption);
  const link = toBlocks(doc).find((block) => block.url);
  return words || picture?.alt || picture?.caption || link?.title || link?.url.replace(/^https?:\/\/(?:www\.)?|\/$/g, "") || "";
}

/** @param {readonly Node[]} words @returns {boolean} */
function hasWords(words) {
  return words.some((child) => child.textContent.trim() !== "" || child.type === schema.nodes.horizontal_rule);
}

/** @param {string} text @returns {Node} */
function parse(text) {
  return reader.parse(new DOMParser().parseFromString(text, "text/html").body, { preserveWhitespace: false });
}

/** @param {Node} doc @returns {string} without elements that hold nothing at the ends */
export function html(doc) {
  let children = [...doc.content.content];
  while (children.length && isBlank(children[0])) children = children.slice(1);
  while (children.length && isBlank(children.at(-1))) children = children.slice(0, -1);
  const box = document.implementation.createHTMLDocument("").createElement("div");
  box.append(writer.serializeFragment(Fragment.from(children), { document: box.ownerDocument }));
  return simplified(box);
}

/** @param {Node | undefined} child @returns {boolean} */
const isBlank = (child) => child !== undefined && child.type === schema.nodes.paragraph && child.childCount === 0;

/** HTML as this browser writes it. @param {string} text @returns {string} */
function plain(text) {
  return simplified(new DOMParser().parseFromString(text, "text/html").body);
}

/** The same HTML where it may be written in several ways. @param {HTMLElement} box @returns {string} */
function simplified(box) {
  for (const [tag, better] of [["b", "strong"], ["i", "em"], ["strike", "s"]]) {
    for (const element of box.querySelectorAll(tag ?? "")) rename(element, better ?? "");
  }
  for (const link of box.querySelectorAll("a[rel]")) link.removeAttribute("rel");
  for (const cell of box.querySelectorAll("td, th")) {
    for (const span of ["colspan", "rowspan"]) if (cell.getAttribute(span) === "1") cell.removeAttribute(span);
  }
  // one paragraph in an item or a cell says no more than its words
  for (const only of box.querySelectorAll("li > p:first-child, td > p:only-child, th > p:only-child")) {
    if (!only.attributes.length && only.parentElement?.querySelectorAll(":scope > p").length === 1) only.replaceWith(...only.childNodes);
  }
  const walker = box.ownerDocument.createTreeWalker(box, NodeFilter.SHOW_TEXT);
  const blank = [];
  while (walker.nextNode()) {
    const text = walker.currentNode;
    if (!text.textContent?.trim() && isBetweenBlocks(text)) blank.push(text);
  }
  for (const text of blank) text.parentNode?.removeChild(text);
  box.normalize();
  return box.innerHTML;
}

/** @param {globalThis.Node} text @returns {boolean} */
function isBetweenBlocks(text) {
  const parent = /** @type {Element} */ (text.parentNode);
  return !/^(P|H3|H4|PRE|A|ABBR|CODE|DEL|EM|INS|S|SMALL|STRONG|SUB|SUP|U|FIGCAPTION)$/.test(parent.tagName)
    && ![text.previousSibling, text.nextSibling].some((near) => near?.nodeType === 3 || isInline(near));
}

/** @param {globalThis.Node | null} near @returns {boolean} */
function isInline(near) {
  return near instanceof Element && /^(A|ABBR|CODE|DEL|EM|INS|S|SMALL|STRONG|SUB|SUP|U|BR)$/.test(near.tagName);
}

/** @param {Element} element @param {string} tag */
function rename(element, tag) {
  const made = element.ownerDocument.createElement(tag);
  for (const { name, value } of element.attributes) made.setAttribute(name, value);
  made.append(...element.childNodes);
  element.replaceWith(made);
}

/** @param {Node} quote @param {string} text @returns {boolean} */
function sameWords(quote, text) {
  return html(node("doc", null, [...quote.content.content].slice(0, -1))) === plain(text);
}

/** @param {string} name @param {Node[]} content @returns {Node | null} */
function tryNode(name, content) {
  try {
    return schema.nodes[name]?.createChecked(null, content) ?? null;
  } catch {
    return null;
  }
}

/** @param {string} name @param {import("prosemirror-model").Attrs | null} [attrs] @param {Node | Node[]} [content] @returns {Node} */
export function node(name, attrs = null, content = []) {
  return /** @type {import("prosemirror-model").NodeType} */ (schema.nodes[name]).create(attrs, content);
}

/** @returns {Node} an empty one */
export const paragraph = () => node("paragraph");
