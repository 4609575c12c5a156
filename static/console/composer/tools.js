// @ts-check
/** The tools of the editor, for the toolbar and the slash menu, in their order. */
import { node } from "./blocks.js";
import { insertBlock, insertRule, insertTable, isMarked, isWithin, markType, nodeType, toggle, toggleHeading, toggleList, toggleQuote } from "./commands.js";
import { word } from "../words.js";

/** @typedef {import("prosemirror-state").EditorState} EditorState */
/** @typedef {import("prosemirror-state").Command} Command */
/** @typedef {import("./composer.js").Composer} Composer */

/**
 * @typedef {object} Tool
 * @property {string} name of its word
 * @property {Command} [command] what it does to the words
 * @property {(composer: Composer) => void} [opens] for what asks first
 * @property {(state: EditorState) => boolean} [on] whether it is pressed
 * @property {string} [key] its shortcut, as a keyboard shows it
 * @property {boolean} [bar] in the toolbar
 * @property {boolean} [slash] in the slash menu
 */

const MOD = /Mac|iP/.test(navigator.platform) ? "⌘" : `${word("kbd_ctrl")}+`;

/** @type {Tool[]} */
export const TOOLS = [
  { name: "bold", command: toggle("strong"), on: (state) => isMarked(state, markType("strong")), key: `${MOD}B`, bar: true },
  { name: "italic", command: toggle("em"), on: (state) => isMarked(state, markType("em")), key: `${MOD}I`, bar: true },
  { name: "link", opens: (composer) => composer.askLink(), on: (state) => isMarked(state, markType("link")), key: `${MOD}K`, bar: true },
  { name: "heading", command: toggleHeading, on: (state) => isWithin(state, nodeType("heading")), bar: true, slash: true },
  { name: "list", command: toggleList("bullet_list"), on: (state) => isWithin(state, nodeType("bullet_list")), bar: true, slash: true },
  { name: "numbers", command: toggleList("ordered_list"), on: (state) => isWithin(state, nodeType("ordered_list")), slash: true },
  { name: "quote", command: toggleQuote, on: (state) => isWithin(state, nodeType("quote")), bar: true, slash: true },
  { name: "picture", opens: (composer) => composer.choosePictures(), bar: true, slash: true },
  { name: "library", opens: (composer) => void composer.chooseFromLibrary(), slash: true },
  { name: "video", command: insertBlock(node("video", { fields: { url: "" } })), bar: true, slash: true },
  { name: "embed", command: insertBlock(node("embed", { fields: { url: "" } })), bar: true, slash: true },
  { name: "table", command: insertTable, on: (state) => isWithin(state, nodeType("table")), bar: true, slash: true },
  { name: "rule", command: insertRule, slash: true },
];
