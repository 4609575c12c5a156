// @ts-check
/** Reading a form into a draft, and a draft into the form. */
import { word } from "./words.js";

/** @typedef {import("./drafts.js").Draft} Draft */
/** @typedef {import("./drafts.js").Fields} Fields */
/** @typedef {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Field */

const NOT_KEPT = new Set(["do", "revision", "request_key", "draft_version"]);
const TYPES_NOT_KEPT = new Set(["file", "password", "submit", "button", "image", "reset"]);

/** @param {HTMLFormElement} form @returns {Field[]} */
function kept(form) {
  return /** @type {Field[]} */ ([...form.elements]).filter(
    (f) => f.name && !NOT_KEPT.has(f.name) && !TYPES_NOT_KEPT.has(f.type),
  );
}

/** What stands in the form. @param {HTMLFormElement} form @returns {Fields} */
export function read(form) {
  return Object.fromEntries(kept(form).map((f) => [f.name, isTick(f) ? /** @type {HTMLInputElement} */ (f).checked : f.value]));
}

/** What the server sent, whatever was typed or put back by the browser since. @param {HTMLFormElement} form @returns {Fields} */
export function readAsSent(form) {
  return Object.fromEntries(
    kept(form).map((f) => {
      if (isTick(f)) return [f.name, /** @type {HTMLInputElement} */ (f).defaultChecked];
      if (!(f instanceof HTMLSelectElement)) return [f.name, f.defaultValue];
      const options = [...f.options];
      return [f.name, (options.find((o) => o.defaultSelected) ?? options[0])?.value ?? ""];
    }),
  );
}

/** @param {HTMLFormElement} form @returns {Pick<Draft, "pieces" | "file">} the pictures and videos that have fields, and the file that was chosen */
export function readPieces(form) {
  const pieces = [.../** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll("[data-pieces] [data-piece]"))];
  const file = /** @type {HTMLInputElement | null} */ (form.querySelector("input[type=file]"))?.files?.[0];
  return {
    pieces: pieces.map((p) => ({
      type: p.dataset.piece ?? "", src: p.querySelector("img")?.getAttribute("src") ?? "",
    })),
    file: file?.name ?? "",
  };
}

/** @param {HTMLFormElement} form @param {Draft} draft */
export function fill(form, draft) {
  rebuildPieces(form, draft.pieces);
  for (const f of kept(form)) {
    const value = draft.fields[f.name];
    if (isTick(f)) /** @type {HTMLInputElement} */ (f).checked = value === true;
    else if (typeof value === "string") f.value = value;
  }
  for (const more of form.querySelectorAll("details")) {
    const fields = /** @type {NodeListOf<HTMLInputElement>} */ (more.querySelectorAll("input, textarea"));
    if ([...fields].some((f) => (isTick(f) ? f.checked : f.value && f.value !== f.defaultValue))) more.open = true;
  }
}

/** @param {HTMLFormElement} form @param {Draft["pieces"]} pieces */
function rebuildPieces(form, pieces) {
  const place = form.querySelector("[data-pieces]");
  if (!place) return;
  const counts = new Map();
  place.replaceChildren(
    ...pieces.flatMap(({ type, src }, index) => {
      const template = /** @type {HTMLTemplateElement | null} */ (form.querySelector(`template[data-piece-of="${CSS.escape(type)}"]`));
      const made = /** @type {HTMLElement | null} */ (template?.content.firstElementChild?.cloneNode(true) ?? null);
      if (!made) return [];
      counts.set(type, (counts.get(type) ?? 0) + 1);
      number(made, index, word(`${type}_n`, { n: counts.get(type) }));
      if (src.startsWith("/media/")) made.querySelector("img")?.setAttribute("src", src);
      return [made];
    }),
  );
}

/** @param {HTMLElement} piece @param {number} index @param {string} name */
function number(piece, index, name) {
  for (const element of piece.querySelectorAll("[id], [name], [for], [aria-describedby]")) {
    for (const attribute of ["id", "name", "for", "aria-describedby"]) {
      const value = element.getAttribute(attribute);
      if (value) element.setAttribute(attribute, value.replaceAll("media-N", `media-${index}`));
    }
  }
  const legend = piece.querySelector("legend");
  if (legend) legend.textContent = name;
}

/** @param {HTMLFormElement} form @param {string} name @returns {string} the value of a hidden field */
export function hidden(form, name) {
  return /** @type {HTMLInputElement | null} */ (form.querySelector(`input[name="${name}"]`))?.value ?? "";
}

/** @param {HTMLFormElement} form @param {string} name @param {string} value */
export function setHidden(form, name, value) {
  const field = /** @type {HTMLInputElement | null} */ (form.querySelector(`input[name="${name}"]`));
  if (field) field.value = value;
}

/** @param {Field} field @returns {boolean} */
function isTick(field) {
  return field.type === "checkbox" || field.type === "radio";
}
