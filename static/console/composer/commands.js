// @ts-check
/** What can be done to the words: one table for the toolbar, the slash menu and the keyboard. */
import { setBlockType, toggleMark } from "prosemirror-commands";
import { liftListItem, wrapInList } from "prosemirror-schema-list";
import { NodeSelection, TextSelection } from "prosemirror-state";
import { liftTarget } from "prosemirror-transform";
import { node, paragraph } from "./blocks.js";
import { schema } from "./schema.js";

/** @typedef {import("prosemirror-state").EditorState} EditorState */
/** @typedef {import("prosemirror-state").Command} Command */
/** @typedef {import("prosemirror-model").NodeType} NodeType */
/** @typedef {import("prosemirror-model").MarkType} MarkType */

const { nodes: n, marks: m } = schema;
const ROWS = 2;

/** @param {string} name @returns {NodeType} */
export const nodeType = (name) => /** @type {NodeType} */ (n[name]);
/** @param {string} name @returns {MarkType} */
export const markType = (name) => /** @type {MarkType} */ (m[name]);

/** @param {EditorState} state @param {NodeType} type @returns {boolean} whether the cursor is in one */
export function isWithin(state, type) {
  const { $from } = state.selection;
  for (let depth = $from.depth; depth > 0; depth -= 1) if ($from.node(depth).type === type) return true;
  return false;
}

/** @param {EditorState} state @param {MarkType} type @returns {boolean} */
export function isMarked(state, type) {
  const { from, $from, to, empty } = state.selection;
  return empty ? Boolean(type.isInSet(state.storedMarks ?? $from.marks())) : state.doc.rangeHasMark(from, to, type);
}

/** @param {string} name @returns {Command} */
export const toggle = (name) => toggleMark(markType(name), null, { removeWhenPresent: true });

/** A heading, or a paragraph again. @type {Command} */
export const toggleHeading = (state, dispatch) => {
  const is = isWithin(state, nodeType("heading"));
  return setBlockType(nodeType(is ? "paragraph" : "heading"))(state, dispatch);
};

/** @param {string} name @returns {Command} */
export const toggleList = (name) => (state, dispatch) => {
  if (isWithin(state, nodeType(name))) return liftListItem(nodeType("list_item"))(state, dispatch);
  return wrapInList(nodeType(name))(state, dispatch);
};

/** What is selected becomes a quotation, with a place for who said it; or words again. @type {Command} */
export const toggleQuote = (state, dispatch) => {
  return isWithin(state, nodeType("quote")) ? unquote(state, dispatch) : quote(state, dispatch);
};

/** @type {Command} */
const quote = (state, dispatch) => {
  const range = state.selection.$from.blockRange(state.selection.$to);
  if (!range || range.depth > 0) return false;
  const words = state.doc.slice(range.start, range.end).content.content
    .map((child) => (child.type === n.heading ? paragraph().copy(child.content) : child));
  const { quote: type } = n;
  const content = [...words, node("cite")];
  if (!type?.validContent(/** @type {any} */ (paragraph().content).constructor.from(content))) return false;
  if (!dispatch) return true;
  const tr = state.tr.replaceWith(range.start, range.end, type.create(null, content));
  const inside = Math.min(state.selection.from + 1, range.start + 1 + range.end - range.start);
  dispatch(tr.setSelection(TextSelection.near(tr.doc.resolve(inside), -1)).scrollIntoView());
  return true;
};

/** @type {Command} */
const unquote = (state, dispatch) => {
  const found = ancestor(state, "quote");
  if (!found) return false;
  if (!dispatch) return true;
  const words = [...found.node.content.content].slice(0, -1);
  const cite = found.node.lastChild;
  if (cite?.childCount) words.push(paragraph().copy(cite.content));
  const tr = state.tr.replaceWith(found.at, found.at + found.node.nodeSize, words);
  const inside = Math.min(state.selection.from - 1, tr.doc.content.size);
  dispatch(tr.setSelection(TextSelection.near(tr.doc.resolve(inside), -1)).scrollIntoView());
  return true;
};

/** @param {EditorState} state @param {string} name @returns {{ node: import("prosemirror-model").Node, at: number } | null} */
export function ancestor(state, name) {
  const { $from } = state.selection;
  for (let depth = $from.depth; depth > 0; depth -= 1) {
    if ($from.node(depth).type === n[name]) return { node: $from.node(depth), at: $from.before(depth) };
  }
  return null;
}

/** Put a block where the cursor is, with a paragraph after it. @param {import("prosemirror-model").Node} made @returns {Command} */
export const insertBlock = (made) => (state, dispatch) => {
  const { $from } = state.selection;
  const top = $from.depth ? $from.before(1) : $from.pos;
  const block = $from.depth ? $from.node(1) : null;
  const replaces = block !== null && block.type === n.paragraph && block.childCount === 0;
  const at = replaces ? top : top + (block?.nodeSize ?? 0);
  const end = top + (block?.nodeSize ?? 0);
  if (!dispatch) return true;
  const last = !state.doc.nodeAt(end);
  const tr = state.tr.replaceWith(at, end, last ? [made, paragraph()] : [made]);
  const inside = made.isAtom ? NodeSelection.create(tr.doc, at) : TextSelection.near(tr.doc.resolve(at + 1));
  dispatch(tr.setSelection(inside).scrollIntoView());
  return true;
};

/** @type {Command} */
export const insertTable = (state, dispatch) => {
  if (isWithin(state, nodeType("table"))) return false;
  /** @param {string} cell */
  const line = (cell) => node("table_row", null, Array.from({ length: ROWS }, () => node(cell, null, paragraph())));
  return insertBlock(node("table", null, [line("table_header"), line("table_cell")]))(state, dispatch);
};

/** @type {Command} */
export const insertRule = insertBlock(node("horizontal_rule"));

/** Out of lists and quotations, where nothing else undoes them. @type {Command} */
export const lift = (state, dispatch) => {
  const range = state.selection.$from.blockRange(state.selection.$to);
  const target = range && liftTarget(range);
  if (!range || target === null || target === undefined) return false;
  dispatch?.(state.tr.lift(range, target).scrollIntoView());
  return true;
};

