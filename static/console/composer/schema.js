// @ts-check
/**
 * What an entry may hold, as a ProseMirror schema: the elements that the server keeps in a text (server/text/
 * sanitise.py), and a node for each other kind of block (server/domain/blocks.py).
 */
import { Schema } from "prosemirror-model";
import { tableNodes } from "prosemirror-tables";

/** @typedef {import("prosemirror-model").NodeSpec} NodeSpec */
/** @typedef {import("prosemirror-model").MarkSpec} MarkSpec */
/** @typedef {import("prosemirror-model").Attrs} Attrs */

/** Attributes that any element of a text may have. */
const SHARED = { lang: { default: null }, dir: { default: null } };

/** @param {HTMLElement} element @returns {Record<string, string | null>} */
const shared = (element) => ({ lang: element.getAttribute("lang"), dir: element.getAttribute("dir") });

/** Attributes that are set. @param {Attrs} attrs @param {string[]} names @returns {Record<string, string>} */
export function given(attrs, names = Object.keys(attrs)) {
  return Object.fromEntries(names.filter((name) => attrs[name] !== null && attrs[name] !== undefined)
    .map((name) => [name, String(attrs[name])]));
}

/** @param {string} tag @param {string} content @param {string[]} [own] names of attributes @returns {NodeSpec} */
function element(tag, content, own = []) {
  const attrs = { ...SHARED, ...Object.fromEntries(own.map((name) => [name, { default: null }])) };
  return {
    content, attrs, group: "block words",
    parseDOM: [{
      tag,
      getAttrs: (dom) => ({ ...shared(dom), ...Object.fromEntries(own.map((name) => [name, dom.getAttribute(name)])) }),
    }],
    toDOM: (node) => [tag, given(node.attrs), 0],
  };
}

/** @param {string[]} tags the first is written @param {string[]} [own] names of attributes @returns {MarkSpec} */
function mark(tags, own = []) {
  const attrs = { ...SHARED, ...Object.fromEntries(own.map((name) => [name, { default: null }])) };
  return {
    attrs,
    parseDOM: tags.map((tag) => ({
      tag,
      getAttrs: (dom) => ({ ...shared(dom), ...Object.fromEntries(own.map((name) => [name, dom.getAttribute(name)])) }),
    })),
    toDOM: (made) => [tags[0] ?? "span", given(made.attrs), 0],
  };
}

/**
 * A block that is not text: its fields are one attribute, as the API has them. On the clipboard they are JSON.
 * @param {string} kind @param {object} fields @returns {NodeSpec}
 */
const media = (kind, fields) => ({
  group: "block", atom: true, selectable: true, draggable: true, isolating: true, attrs: { fields: { default: fields } },
  parseDOM: [{ tag: `div[data-media="${kind}"]`, getAttrs: (dom) => copied(kind, dom.dataset.fields ?? "") }],
  toDOM: (node) => ["div", { "data-media": kind, "data-fields": JSON.stringify(node.attrs.fields) }],
});

/** Anybody may have written what is on the clipboard. @param {string} kind @param {string} text @returns {Attrs | false} */
function copied(kind, text) {
  try {
    const fields = JSON.parse(text);
    const own = kind === "pictures" ? Array.isArray(fields.images) : kind !== "kept" && typeof fields.url === "string";
    return own && { fields };
  } catch {
    return false;
  }
}

const tables = tableNodes({ tableGroup: "block words", cellContent: "(paragraph | list)+", cellAttributes: {} });

/** @type {Record<string, NodeSpec>} */
const nodes = {
  doc: { content: "block+" },
  paragraph: element("p", "inline*"),
  heading: {
    ...element("h3", "inline*"),
    attrs: { ...SHARED, level: { default: 3 } },
    defining: true,
    parseDOM: ["h1", "h2", "h3", "h4", "h5", "h6"].map((tag) => ({
      tag, getAttrs: (dom) => ({ ...shared(dom), level: tag < "h4" ? 3 : 4 }),
    })),
    toDOM: (node) => [node.attrs.level === 4 ? "h4" : "h3", given(node.attrs, ["lang", "dir"]), 0],
  },
  // what somebody said, and who: a block of its own
  quote: {
    content: "(paragraph | list)+ cite", group: "block", defining: true, isolating: false,
    parseDOM: [{ tag: "figure.quote" }],
    toDOM: () => ["figure", { class: "quote" }, 0],
  },
  cite: {
    content: "text*", marks: "",
    parseDOM: [{ tag: "figcaption" }],
    toDOM: () => ["figcaption", { class: "quote__cite" }, 0],
  },
  blockquote: { ...element("blockquote", "(paragraph | list | blockquote)+"), defining: true },
  bullet_list: { ...element("ul", "list_item+"), group: "block words list" },
  ordered_list: { ...element("ol", "list_item+", ["start", "type", "reversed"]), group: "block words list" },
  list_item: { ...element("li", "paragraph (paragraph | list | blockquote)*", ["value"]), group: "", defining: true },
  code_block: {
    ...element("pre", "text*"), marks: "", code: true, defining: true,
    parseDOM: [{ tag: "pre", preserveWhitespace: "full", getAttrs: shared }],
  },
  horizontal_rule: { group: "block words", parseDOM: [{ tag: "hr" }], toDOM: () => ["hr"] },
  ...tables,
  pictures: media("pictures", { images: [] }),
  video: media("video", { url: "" }),
  embed: media("embed", { url: "" }),
  // what this editor has no shape for: shown, moved and removed, and sent back as it was
  kept: media("kept", { type: "text", html: "" }),
  text: { group: "inline" },
  hard_break: {
    inline: true, group: "inline", selectable: false, linebreakReplacement: true,
    parseDOM: [{ tag: "br" }], toDOM: () => ["br"],
  },
};

/** @type {Record<string, MarkSpec>} */
const marks = {
  link: { ...mark(["a[href]"], ["href", "title", "hreflang"]), inclusive: false },
  strong: mark(["strong", "b"]),
  em: mark(["em", "i"]),
  u: mark(["u"]),
  s: mark(["s", "strike"]),
  del: mark(["del"]),
  ins: mark(["ins"]),
  sub: { ...mark(["sub"]), excludes: "sub sup" },
  sup: { ...mark(["sup"]), excludes: "sub sup" },
  small: mark(["small"]),
  abbr: mark(["abbr"], ["title"]),
  code: mark(["code"]),
};
marks.link = { ...marks.link, toDOM: (made) => ["a", given(made.attrs), 0] };

export const schema = new Schema({ nodes, marks });
