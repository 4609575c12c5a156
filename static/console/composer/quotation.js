// @ts-check
/** Quotation marks of a language, as they are typed: the server's table (server/text/quotation.py) comes with the page. */
import { InputRule } from "prosemirror-inputrules";

const OPENS_AFTER = "(?:^|[\\s\\u00a0\\u202f([{–—/\\-“‘„‚«‹])";

/**
 * @param {() => string[] | null} marks outer opening and closing, inner opening and closing; null to leave them as typed
 * @returns {InputRule[]}
 */
export function quotationMarks(marks) {
  /** @param {RegExp} pattern @param {number} which @returns {InputRule} */
  const rule = (pattern, which) => new InputRule(pattern, (state, match, start, end) => {
    const mark = marks()?.[which];
    if (!mark || state.doc.resolve(start).parent.type.spec.code) return null;
    return state.tr.insertText(mark, start + match[0].length - 1, end);
  });
  return [
    rule(new RegExp(`${OPENS_AFTER}"$`), 0), rule(/"$/, 1),
    rule(new RegExp(`${OPENS_AFTER}'$`), 2),
    // within a word it is an apostrophe in every language
    new InputRule(/\p{L}'$/u, (state, match, start, end) => {
      return marks() ? state.tr.insertText("’", start + match[0].length - 1, end) : null;
    }),
    rule(/'$/, 3),
  ];
}
