/**
 * What the script says, in the language of the page. The server puts the words into the page
 * (server/web/reader/script_words.py). A blog inside another site's page has words and a language of its own.
 */

/** @typedef {Record<string, string>} Plurals the message for each plural category */
/**
 * @typedef {object} Locale how a page writes
 * @property {string} language BCP 47 tag; empty for the reader's
 * @property {string | undefined} [digits] numbering system, so that the script writes as the server does
 * @property {string | undefined} [hourCycle] `h23` where newsrooms of the language use another clock than browsers would
 */

/**
 * How a document, or what the server made for another site's page, is written.
 * @param {HTMLElement} html its outermost element
 * @returns {Locale}
 */
export function localeOf({ lang, dataset }) {
  return { language: lang, digits: dataset["digits"], hourCycle: dataset["hourCycle"] };
}

/**
 * A format of `Intl`; for a language that the browser does not know, the reader's.
 * @template T
 * @param {new (language: string | undefined, options: any) => T} Format
 * @param {Locale} locale
 * @param {object} options
 */
export function format(Format, locale, options) {
  const chosen = { ...options, ...(locale.digits && { numberingSystem: locale.digits }) };
  try {
    return new Format(locale.language || undefined, chosen);
  } catch {
    return new Format(undefined, chosen);
  }
}

export class Words {
  /** @type {Record<string, string | Plurals>} */
  #words;
  #numbers;
  #plurals;

  /**
   * @param {string | null | undefined} json what script_words.py made
   * @param {Locale} locale
   */
  constructor(json, locale) {
    this.#words = JSON.parse(json || "{}");
    this.#numbers = format(Intl.NumberFormat, locale, { useGrouping: true });
    this.#plurals = format(Intl.PluralRules, locale, {});
  }

  /**
   * A message by its name.
   * @param {string} name
   * @param {Record<string, string>} values what to put in place of `%(name)s`
   */
  word(name, values = {}) {
    const found = this.#words[name];
    return fill(typeof found === "string" ? found : "", values);
  }

  /**
   * A message with a number, in the plural form that the language has for it.
   * @param {string} name
   * @param {number} n
   * @param {Record<string, string>} values
   */
  counted(name, n, values = {}) {
    const found = this.#words[name];
    const forms = typeof found === "object" ? found : {};
    return fill(forms[this.#plurals.select(n)] ?? forms["other"] ?? "", { n: this.#numbers.format(n), ...values });
  }
}

/** @type {Words | undefined} */
let known;

/** Those of the page that is a blog's. */
export function pageWords() {
  const json = document.querySelector("script[data-words]")?.textContent;
  return (known ??= new Words(json, localeOf(document.documentElement)));
}

/** @type {Words["word"]} */
export const word = (name, values) => pageWords().word(name, values);

/** @type {Words["counted"]} */
export const counted = (name, n, values) => pageWords().counted(name, n, values);

/**
 * @param {string} message
 * @param {Record<string, string>} values
 */
function fill(message, values) {
  return message.replace(/%\((\w+)\)s|%%/g, (all, name) => (all === "%%" ? "%" : values[name] ?? all));
}
