// @ts-check
/** What a form with the editor in it asks the API for. */
import { hidden } from "./form.js";
import { instantOf } from "./instant.js";
import { word } from "./words.js";

/** @typedef {import("./composer/composer.js").Composer} Composer */

/** The same names as the server reads (console/entry_form.py): with commas between them, or in quotation marks. */
const NAME = /[ \t]*(?:"([^"\n]*)"[ \t]*(?=[,\n]|$)|([^,\n]+))/g;
/** @type {Record<string, string | undefined>} */
const STATUS = { publish: "published", now: "published", draft: "draft", schedule: "scheduled", submit: "pending", unschedule: "draft" };

export class Incomplete extends Error {
  /** @param {string} message @param {HTMLElement | null} [field] */
  constructor(message, field = null) {
    super(message);
    this.field = field;
  }
}

/**
 * The body of a POST, or of a PATCH that sends all fields.
 * @param {HTMLFormElement} form @param {Composer} composer @param {string} does the value of the button
 * @returns {Record<string, any>}
 * @throws {Incomplete}
 */
export function bodyOf(form, composer, does) {
  const at = field(form, "publish_at");
  const wanted = does === "publish" && at?.value ? "scheduled" : STATUS[does];
  const title = field(form, "title")?.value.trim() ?? "";
  if (composer.missing && wanted !== "draft") throw new Incomplete(composer.missing);
  if (!title && composer.empty && wanted !== "draft") throw new Incomplete(word("nothing_written"));
  return {
    title, blocks: composer.blocks,
    language: field(form, "language")?.value.trim() || null,
    topics: [.../** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll('input[name^="topic-"]:checked'))].map((box) => box.value),
    pinned: field(form, "pinned")?.checked ?? false,
    key: field(form, "key")?.checked ?? false,
    breaking: field(form, "breaking")?.checked ?? false,
    ...pinOrder(form),
    ...bylines(form),
    ...(wanted && { status: wanted }),
    ...time(form, at, does),
  };
}

/** @param {HTMLFormElement} form */
function pinOrder(form) {
  const order = field(form, "pin_order");
  if (!order) return {};
  if (order.validity.badInput || (order.value && !/^\d{1,2}$/.test(order.value))) throw new Incomplete(word("order_wrong"), order);
  return { pin_order: Number(order.value || 0) };
}

/**
 * Bylines that were left as they were are not sent: the fields hold no more than names, roles and places.
 * @param {HTMLFormElement} form
 */
function bylines(form) {
  const typed = field(form, "byline");
  const parts = /** @type {HTMLTextAreaElement | null} */ (form.querySelector('[name="byline_parts"]'));
  const same = typed?.value === typed?.defaultValue && parts?.value === parts?.defaultValue;
  if (!typed || (hidden(form, "revision") && same)) return {};
  const names = [...typed.value.matchAll(NAME)].map(([, quoted, plain]) => (quoted ?? plain ?? "").trim()).filter(Boolean);
  const had = lines(parts?.defaultValue ?? "");
  const has = lines(parts?.value ?? "");
  const unknown = [...has.keys()].find((key) => !names.some((name) => key === keyOf(name)));
  if (parts && unknown !== undefined) throw new Incomplete(word("byline_line_wrong", { name: has.get(unknown)?.name ?? "" }), parts);
  // a line that was taken away leaves neither role nor place; a name that never had one has what its record says
  return { bylines: names.map((name) => ({ ...(had.has(keyOf(name)) && { role: "", place: "" }), ...has.get(keyOf(name)), name })) };
}

/** @param {string} name @returns {string} */
const keyOf = (name) => name.trim().replace(/\s+/g, " ").toLowerCase();

/** `name | role | place`, one to a line (console/byline_lines.py). @param {string} text @returns {Map<string, { name: string, role?: string, place?: string }>} */
function lines(text) {
  return new Map(text.split("\n").filter((line) => line.trim()).map((line) => {
    const [name = "", role, place] = line.split("|").map((part) => part.trim());
    return [keyOf(name), { name, ...(role !== undefined && { role }), ...(place !== undefined && { place }) }];
  }));
}

/** @param {HTMLFormElement} form @param {HTMLInputElement | null} at @param {string} does */
function time(form, at, does) {
  if (!at) return {};
  if (at.validity.badInput) throw new Incomplete(word("time_wrong"), at);
  if (!at.value || does === "unschedule" || does === "now") return { publish_at: null };
  // as long as the form shows it, the moment stays to the second
  if (hidden(form, "revision") && at.value === at.defaultValue) return {};
  const moment = instantOf(at.value, form.dataset.timeZone ?? "UTC");
  if (!moment) throw new Incomplete(word("time_skipped"), at);
  return { publish_at: moment };
}

/** @param {HTMLFormElement} form @param {string} name @returns {HTMLInputElement | null} */
function field(form, name) {
  return form.querySelector(`[name="${name}"]`);
}
