/**
 * What the script says, in the language of the page. The server puts the words into the page
 * (server/web/reader/script_words.py).
 */

/** @typedef {Record<string, string>} Plurals the message for each plural category */

const PAGE = document.documentElement.lang || undefined;

/** @type {Record<string, string | Plurals>} */
const words = JSON.parse(document.querySelector("script[data-words]")?.textContent || "{}");
const numbers = format(Intl.NumberFormat, { useGrouping: true });
const plurals = format(Intl.PluralRules, {});

/**
 * @template T
 * @param {new (language: string | undefined, options: any) => T} Format
 * @param {object} options
 */
function format(Format, options) {
  const chosen = { ...options, ...digits() };
  try {
    return new Format(PAGE, chosen);
  } catch {
    return new Format(undefined, chosen);
  }
}

/** The digits of the page, so that what the script writes looks like what the server wrote. */
export function digits() {
  const numberingSystem = document.documentElement.dataset["digits"];
  return numberingSystem ? { numberingSystem } : {};
}

/**
 * A message by its name.
 * @param {string} name
 * @param {Record<string, string>} values what to put in place of `%(name)s`
 */
export function word(name, values = {}) {
  const found = words[name];
  return fill(typeof found === "string" ? found : "", values);
}

/**
 * A message with a number, in the plural form that the language has for it.
 * @param {string} name
 * @param {number} n
 * @param {Record<string, string>} values
 */
export function counted(name, n, values = {}) {
  const found = words[name];
  const forms = typeof found === "object" ? found : {};
  return fill(forms[plurals.select(n)] ?? forms["other"] ?? "", { n: numbers.format(n), ...values });
}

/**
 * @param {string} message
 * @param {Record<string, string>} values
 */
function fill(message, values) {
  return message.replace(/%\((\w+)\)s|%%/g, (all, name) => (all === "%%" ? "%" : values[name] ?? all));
}
