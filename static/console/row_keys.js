// @ts-check
/**
 * Keys for the list: j and k go from row to row, e edits, p publishes or approves, u takes back
 * what was just done, n goes to the editor, / to the search, ? says so.
 * They do nothing while somebody types, and can be switched off (WCAG 2.1.4).
 */
import { html, render } from "lit";
import { load, store } from "./storage.js";
import { word } from "./words.js";

const OFF = "stoppress:keys-off";
const KEYS = ["j", "k", "e", "p", "u", "n", "/", "?"];

export function listenToRowKeys() {
  document.addEventListener("keydown", (event) => {
    // the editor takes every Escape for its own, and stops those that close something of it
    if ((event.defaultPrevented && event.key !== "Escape") || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape") leave(event);
    else if (KEYS.includes(event.key) && !isTyping(event.target) && (event.key === "?" || load(localStorage, OFF) !== true)) {
      event.preventDefault();
      act(event.key);
    }
  });
}

/** @param {string} key */
function act(key) {
  const row = document.activeElement?.closest(".row");
  if (key === "j" || key === "k") move(key === "j" ? 1 : -1);
  else if (key === "n") editor()?.focus();
  else if (key === "/") search();
  else if (key === "?") help();
  else if (key === "u") document.querySelector(/** @type {"button"} */ ("#said button[data-undo]"))?.click();
  else if (key === "e") row?.querySelector(/** @type {"a"} */ ("a[data-edit]"))?.click();
  else row?.querySelector(/** @type {"button"} */ ('button[value="publish"], button[value="now"]'))?.click();
}

/** @param {number} step */
function move(step) {
  const rows = [.../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("#lists section:not([hidden]) [data-rows] > .row"))];
  const current = document.activeElement?.closest(".row");
  const at = rows.findIndex((row) => row === current);
  const next = rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + step))];
  if (!next) return;
  next.tabIndex = -1;
  next.focus();
}

/** Escape in the editor leads to the list. @param {KeyboardEvent} event */
function leave(event) {
  const target = event.target instanceof Element ? event.target : null;
  if (target?.closest("#words") && !target.closest(".placed")) move(0);
}

/** @param {EventTarget | null} target @returns {boolean} */
function isTyping(target) {
  return target instanceof HTMLElement
    && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.closest("dialog") !== null);
}

function search() {
  document.querySelector(/** @type {"a"} */ ("a[data-tab='lists']"))?.click();
  /** @type {HTMLInputElement | null} */ (document.querySelector("#q"))?.select();
}

/** @returns {HTMLElement | null} */
const editor = () => document.getElementById("words") ?? document.getElementById("body");

function help() {
  const dialog = document.createElement("dialog");
  dialog.className = "log-in";
  dialog.setAttribute("aria-labelledby", "keys-title");
  /** @param {any} event */
  const change = (event) => store(localStorage, OFF, event.target.checked ? null : true);
  render(html`<h2 id="keys-title">${word("keys_title")}</h2>
    <dl class="keys">${[...KEYS, word("kbd_send"), "/", word("kbd_escape")].map((key, n) => html`<dt><kbd>${key}</kbd></dt><dd>${word(`key_${NAMES[n]}`)}</dd>`)}</dl>
    <label class="tick"><input type="checkbox" .checked=${load(localStorage, OFF) !== true} @change=${change}> ${word("keys_on")}</label>
    <p class="buttons"><button type="button" class="act" @click=${() => dialog.close()}>${word("close")}</button></p>`, dialog);
  // the browser has given the focus back by then; once more would undo a key that was pressed meanwhile
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

const NAMES = ["next", "previous", "edit", "publish", "undo", "editor", "search", "help", "send", "insert", "list"];
