// @ts-check
/** What keys do in the words, and what becomes of Markdown as it is typed. */
import { baseKeymap, chainCommands, exitCode, splitBlockAs } from "prosemirror-commands";
import { redo, undo } from "prosemirror-history";
import { InputRule, inputRules, textblockTypeInputRule, undoInputRule, wrappingInputRule } from "prosemirror-inputrules";
import { keymap } from "prosemirror-keymap";
import { liftListItem, sinkListItem, splitListItem } from "prosemirror-schema-list";
import { Selection, TextSelection } from "prosemirror-state";
import { addRowAfter, goToNextCell, isInTable } from "prosemirror-tables";
import { node, paragraph } from "./blocks.js";
import { ancestor, markType, nodeType, toggle, toggleQuote } from "./commands.js";
import { quotationMarks } from "./quotation.js";
import { schema } from "./schema.js";

/** @typedef {import("prosemirror-state").Command} Command */

/** @type {Command} */
const lineBreak = chainCommands(exitCode, (state, dispatch) => {
  if (!state.selection.$from.parent.type.contentMatch.matchType(nodeType("hard_break"))) return false;
  dispatch?.(state.tr.replaceSelectionWith(node("hard_break")).scrollIntoView());
  return true;
});

/** From the words of a quotation to who said them; from there to what follows. @type {Command} */
const onFromQuote = (state, dispatch) => {
  const quote = ancestor(state, "quote");
  const { $from, empty } = state.selection;
  if (!quote || !empty) return false;
  const end = quote.at + quote.node.nodeSize;
  if ($from.parent.type === schema.nodes.cite) {
    if (!dispatch) return true;
    const tr = state.tr;
    if (!state.doc.nodeAt(end)) tr.insert(end, paragraph());
    dispatch(tr.setSelection(Selection.near(tr.doc.resolve(end + 1))).scrollIntoView());
    return true;
  }
  const words = quote.node.childCount - 1;
  if ($from.parent.childCount || words < 2 || $from.index($from.depth - 1) !== words - 1) return false;
  // Enter in an empty last paragraph: it was the end of what was said
  if (!dispatch) return true;
  const tr = state.tr.delete($from.before(), $from.after());
  dispatch(tr.setSelection(TextSelection.near(tr.doc.resolve($from.before() + 1))).scrollIntoView());
  return true;
};

/** Enter among the words of a quotation begins another paragraph; by itself it would begin who said it. @type {Command} */
const paragraphOfQuote = (state, dispatch, view) => {
  const { $from } = state.selection;
  if ($from.parent.type !== schema.nodes.paragraph || $from.node(-1).type !== schema.nodes.quote) return false;
  return splitBlockAs(() => ({ type: nodeType("paragraph") }))(state, dispatch, view);
};

/** @type {Command} */
const toCite = (state, dispatch) => {
  const quote = ancestor(state, "quote");
  if (!quote || state.selection.$from.parent.type === schema.nodes.cite) return false;
  const at = quote.at + quote.node.nodeSize - 2;
  dispatch?.(state.tr.setSelection(TextSelection.create(state.doc, at)).scrollIntoView());
  return true;
};

/** Backspace at the beginning of a quotation makes it words again. @type {Command} */
const backFromQuote = (state, dispatch, view) => {
  const { $from, empty } = state.selection;
  const quote = ancestor(state, "quote");
  if (!quote || !empty || $from.pos !== quote.at + 2) return false;
  return toggleQuote(state, dispatch, view);
};

/** @type {Command} */
const nextCell = (state, dispatch) => {
  if (!isInTable(state)) return false;
  if (goToNextCell(1)(state, dispatch)) return true;
  if (!dispatch) return true;
  addRowAfter(state, (tr) => dispatch(tr));
  return true;
};

const item = nodeType("list_item");

export const keys = [
  keymap({
    "Mod-z": undo, "Mod-y": redo, "Shift-Mod-z": redo,
    "Mod-b": toggle("strong"), "Mod-i": toggle("em"), "Mod-u": toggle("u"),
    "Mod-Shift-9": toggleQuote,
    "Shift-Enter": lineBreak,
    // publishing is the form's business
    "Mod-Enter": () => true,
    Enter: chainCommands(onFromQuote, splitListItem(item), paragraphOfQuote),
    Tab: chainCommands(nextCell, sinkListItem(item), toCite),
    "Shift-Tab": chainCommands(goToNextCell(-1), liftListItem(item)),
    Backspace: chainCommands(undoInputRule, backFromQuote),
  }),
  keymap(baseKeymap),
];

/** @param {RegExp} pattern @param {string} name a mark @returns {InputRule} `**words**` */
function markRule(pattern, name) {
  return new InputRule(pattern, (state, match, start, end) => {
    const [whole, words = ""] = match;
    if (state.doc.resolve(start).parent.type.spec.code) return null;
    const begin = start + whole.indexOf(words);
    const tr = state.tr.delete(begin + words.length, end).delete(start, begin);
    return tr.addMark(start, start + words.length, markType(name).create()).removeStoredMark(markType(name));
  });
}

const link = new InputRule(/\[([^\]]+)\]\((https?:\/\/[^\s)]+|mailto:[^\s)]+)\)$/, (state, match, start, end) => {
  const [, words = "", href = ""] = match;
  return state.tr.replaceWith(start, end, schema.text(words, [markType("link").create({ href })]));
});

/** `> ` begins a quotation. */
const quotation = new InputRule(/^>\s$/, (state, _match, start, end) => {
  const { $from } = state.selection;
  if ($from.depth !== 1 || $from.parent.type !== schema.nodes.paragraph) return null;
  const tr = state.tr.delete(start, end);
  const at = tr.doc.resolve(start).before(1);
  const words = tr.doc.nodeAt(at);
  tr.replaceWith(at, at + (words?.nodeSize ?? 0), node("quote", null, [words ?? paragraph(), node("cite")]));
  return tr.setSelection(TextSelection.near(tr.doc.resolve(at + 2)));
});

/** `— ` in an empty line of a quotation: who said it. */
const whoSaidIt = new InputRule(/^(?:—|–|--)\s$/, (state) => {
  const quote = ancestor(state, "quote");
  const { $from } = state.selection;
  if (!quote || $from.depth !== 2 || $from.parent.type !== schema.nodes.paragraph) return null;
  const words = quote.node.childCount - 1;
  const tr = words > 1
    ? state.tr.delete($from.before(), $from.after())
    : state.tr.delete($from.start(), $from.pos);
  const left = tr.doc.nodeAt(quote.at);
  return left && tr.setSelection(TextSelection.create(tr.doc, quote.at + left.nodeSize - 2));
});

const rule = new InputRule(/^(?:---|\*\*\*|___)$/, (state, _match, start, end) => {
  const cleared = state.apply(state.tr.delete(start, end));
  if (cleared.selection.$from.depth !== 1) return null;
  const tr = state.tr.delete(start, end);
  const at = tr.doc.resolve(start).before(1);
  return tr.replaceWith(at, at + 2, [node("horizontal_rule"), paragraph()]).setSelection(TextSelection.create(tr.doc, at + 2));
});

/** @param {() => string[] | null} marks quotation marks of the entry's language */
export function typing(marks) {
  return inputRules({
    rules: [
      quotation, whoSaidIt, rule, link,
      wrappingInputRule(/^\s*([-+*])\s$/, nodeType("bullet_list")),
      wrappingInputRule(/^(\d+)[.)]\s$/, nodeType("ordered_list"), (match) => (match[1] === "1" ? null : { start: match[1] })),
      textblockTypeInputRule(/^(#{1,4})\s$/, nodeType("heading"), (match) => ({ level: (match[1] ?? "").length > 3 ? 4 : 3 })),
      markRule(/\*\*([^*\s](?:[^*]*[^*\s])?)\*\*$/, "strong"),
      markRule(/(?<![*\w])\*([^*\s](?:[^*]*[^*\s])?)\*$/, "em"),
      markRule(/(?<![_\w])_([^_\s](?:[^_]*[^_\s])?)_$/, "em"),
      markRule(/~~([^~\s](?:[^~]*[^~\s])?)~~$/, "s"),
      markRule(/`([^`]+)`$/, "code"),
      ...quotationMarks(marks),
    ],
  });
}

