// @ts-check
/** What the console's scripts say, in the language of the page (server/web/console/script_words.py). */

/** @type {Record<string, string>} */
const words = JSON.parse(document.querySelector("script[data-words]")?.textContent || "{}");

/**
 * A message by its name.
 * @param {string} name
 * @param {Record<string, string | number>} [values] what to put in place of `%(name)s`
 * @returns {string}
 */
export function word(name, values = {}) {
  return (words[name] ?? name).replace(/%\((\w+)\)s|%%/g, (all, key) => (all === "%%" ? "%" : String(values[key] ?? all)));
}

/** The first letter as a capital. @param {string} text @returns {string} */
export const capital = (text) => text.charAt(0).toLocaleUpperCase() + text.slice(1);
