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
    ...bylines(form),
    ...(wanted && { status: wanted }),
    ...time(form, at, does),
  };
}

/** Bylines that were left as they were are not sent: the field holds no more than their names. @param {HTMLFormElement} form */
function bylines(form) {
  const typed = field(form, "byline");
  if (!typed || (hidden(form, "revision") && typed.value === typed.defaultValue)) return {};
  return { bylines: [...typed.value.matchAll(NAME)].map(([, quoted, plain]) => (quoted ?? plain ?? "").trim()).filter(Boolean) };
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
