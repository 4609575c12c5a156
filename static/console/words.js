// @ts-check
/** What the console's scripts say, in the language of the page (server/web/console/script_words.py). */
import { localeOf, pageWords } from "../reader/words.js";

/**
 * A message by its name.
 * @param {string} name
 * @param {Record<string, string | number>} [values] what to put in place of `%(name)s`
 * @returns {string}
 */
export function word(name, values = {}) {
  const texts = Object.entries(values).map(([key, value]) => [key, typeof value === "number" ? number(value) : value]);
  return pageWords().word(name, Object.fromEntries(texts));
}

/**
 * A message with a number, in the plural form that the language has for it.
 * @param {string} name @param {number} n @param {Record<string, string>} [values]
 * @returns {string}
 */
export const counted = (name, n, values = {}) => pageWords().counted(name, n, values);

/** The language and digits of the page, for `Intl`; English has British formats, as on the server. */
export function pageLocale() {
  const { language, digits } = localeOf(document.documentElement);
  const options = digits ? { numberingSystem: digits } : {};
  return { tag: !language || language === "en" ? "en-GB" : language, options };
}

/** @param {number} value */
function number(value) {
  const { tag, options } = pageLocale();
  return value.toLocaleString(tag, options);
}

/** The first letter as a capital. @param {string} text @returns {string} */
export const capital = (text) => text.charAt(0).toLocaleUpperCase() + text.slice(1);
