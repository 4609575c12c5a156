// @ts-check
/** HTML of Word, PowerPoint, Google Docs, web pages and mail becomes the few elements of an entry. */

const SPACE = /[ \t\r\n]+/g;
const WORD_LIST = /mso-list:\s*(l\d+)\s+level(\d+)/i;
/** Of the bullet or number that begins an item in PowerPoint. */
const SLIDE_MARKER = /mso-special-format:\s*(bullet|["']?numbullet)/i;
const LEVELS_PER_INCH = 2;
const DECIMAL = /^(0|[1-9]\d{0,8})[.)]$/;
const LETTERS = /^([a-z]{1,12}|[A-Z]{1,12})[.)]$/;
const ROMAN = /^m{0,3}(?:cm|cd|d?c{0,3})(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})$/;
/** @type {Record<string, number>} */
const ROMAN_DIGITS = { i: 1, v: 5, x: 10, l: 50, c: 100, d: 500, m: 1000 };
const ZERO = /^0*\.?0+(%|[a-z]+)?$/;

/** @param {string} html @returns {string} */
export function cleaned(html) {
  // parsed in a document of its own, nothing of it runs or loads
  const body = new DOMParser().parseFromString(quiet(html), "text/html").body;
  for (const junk of body.querySelectorAll("script, style, meta, link, title, xml, iframe, object, noscript, template, svg, math")) junk.remove();
  for (const tag of [...body.getElementsByTagName("*")]) if (tag.tagName.includes(":")) tag.replaceWith(...tag.childNodes);
  for (const element of [...body.querySelectorAll("[hidden], [data-style]")]) if (unseen(element)) element.remove();
  wordLists(body);
  for (const element of [...body.querySelectorAll("b, i, span, font, strong, em")]) styled(element);
  for (const item of [...body.querySelectorAll("ul > ul, ul > ol, ol > ul, ol > ol")]) item.previousElementSibling?.append(item);
  for (const link of body.querySelectorAll("a")) safe(link);
  for (const image of body.querySelectorAll("img")) image.replaceWith(image.alt);
  const own = body.querySelector("[data-pm-slice]") !== null;
  for (const element of body.querySelectorAll("*")) {
    for (const { name, value } of [...element.attributes]) {
      if (!KEPT.has(name) && !(own && (OWN.has(name) || value === "quote"))) element.removeAttribute(name);
    }
  }
  return body.innerHTML;
}

/**
 * The page's Content Security Policy holds in other documents of its scripts too: a browser empties styles there and
 * reports handlers, which nothing here would run. Styles are read under another name.
 * @param {string} html @returns {string}
 */
function quiet(html) {
  return html.replace(/<style\b[\s\S]*?(<\/style>|$)/gi, "").replace(/<[a-z][^<>]*>/gi, (tag) => tag
    .replace(/([\s/"'])on[a-z]+\s*=\s*("[^"]*"|'[^']*'|[^\s>]*)/gi, "$1")
    .replace(/([\s/"'])style\s*=/gi, "$1data-style="));
}

/** @param {Element} element @param {string} property @returns {string} */
function style(element, property) {
  const found = new RegExp(`(?:^|;)\\s*${property}\\s*:\\s*([^;]*)`, "i").exec(element.getAttribute("data-style") ?? "");
  return found?.[1]?.trim().toLowerCase() ?? "";
}

/**
 * Whether its author did not see it; server/text/inline_styles.py reads the same of HTML that is sent to the API.
 * @param {Element} element
 */
function unseen(element) {
  const display = style(element, "display");
  if (display ? display.startsWith("none") : element.hasAttribute("hidden")) return true;
  if (style(element, "mso-hide").startsWith("all") || ZERO.test(style(element, "opacity"))) return true;
  if (style(element, "content-visibility") === "hidden") return true;
  if (ZERO.test(style(element, "font-size")) && !element.querySelector("[data-style*=font i]")) return true;
  return /^(hidden|collapse)/.test(style(element, "visibility")) && !element.querySelector("[data-style*=visible i]");
}

const KEPT = new Set(["href", "colspan", "rowspan", "start", "type", "value", "data-pm-slice"]);
/** Attributes that an editor of this kind writes for itself. */
const OWN = new Set(["data-media", "data-fields", "dir", "lang"]);

/** Google Docs wraps all in a `<b>` that is not bold, and says bold with styles. @param {Element} element */
function styled(element) {
  const [weight, fontStyle, verticalAlign] = [style(element, "font-weight"), style(element, "font-style"), style(element, "vertical-align")];
  const textDecoration = style(element, "text-decoration") || style(element, "text-decoration-line");
  const bold = /^(bold|bolder|[6-9]00)$/.test(weight);
  const plain = /^(normal|lighter|[1-5]00)$/.test(weight);
  const tags = [];
  const is = element.tagName;
  if (bold || (/^(B|STRONG)$/.test(is) && !plain)) tags.push("strong");
  if (fontStyle === "italic" || (/^(I|EM)$/.test(is) && fontStyle !== "normal")) tags.push("em");
  if (/line-through/.test(textDecoration)) tags.push("s");
  if (verticalAlign === "super") tags.push("sup");
  if (verticalAlign === "sub") tags.push("sub");
  if (element.querySelector("p, div, ul, ol, table, h1, h2, h3, h4")) tags.length = 0;
  /** @type {Node[]} */
  let content = [...element.childNodes];
  for (const tag of tags) {
    const made = element.ownerDocument.createElement(tag);
    made.append(...content);
    content = [made];
  }
  element.replaceWith(...content);
}

/** @param {HTMLAnchorElement} link */
function safe(link) {
  const href = link.getAttribute("href") ?? "";
  const google = /^https:\/\/www\.google\.com\/url\?(.*)$/.exec(href);
  const real = google ? new URLSearchParams(google[1]).get("q") ?? href : href;
  if (/^(https?|mailto|tel):/i.test(real)) link.setAttribute("href", real);
  else link.replaceWith(...link.childNodes);
}

/**
 * What Word or PowerPoint says of a paragraph that is an item of a list. Slides have no levels: how far it is set in says it.
 * @param {Element} paragraph @returns {{ name: string, level: number, marker: Element | undefined } | null}
 */
function itemOf(paragraph) {
  /** @param {Element} element */
  const styles = (element) => element.getAttribute("data-style") ?? "";
  const spans = [...paragraph.querySelectorAll("span")];
  const word = WORD_LIST.exec(styles(paragraph));
  if (word) return { name: word[1] ?? "", level: Number(word[2]), marker: spans.find((span) => /mso-list:\s*Ignore/i.test(styles(span))) };
  const marker = spans.find((span) => SLIDE_MARKER.test(styles(span)));
  if (!marker) return null;
  return { name: SLIDE_MARKER.exec(styles(marker))?.[1] ?? "", level: Math.round(Number.parseFloat(style(paragraph, "margin-left")) * LEVELS_PER_INCH) || 0, marker };
}

/** @typedef {{ kind: string, value: number }} Numbering `kind`: `ul`, or the `type` of an `ol` */

/**
 * The kind of list that shows this marker, and its number; none where no list does (`1.2.`, `(a)`). `i.` is Roman unless
 * the list counts in letters. server/text/ms_word_lists.py decides the same.
 * @param {string} marker @param {string} counts the kind of the list that is open @returns {Numbering | null}
 */
function numbering(marker, counts) {
  if (marker && (marker.length === 1 || !/[\p{L}\p{N}]/u.test(marker))) return { kind: "ul", value: 0 };
  const decimal = DECIMAL.exec(marker)?.[1];
  if (decimal) return { kind: "1", value: Number(decimal) };
  const letters = LETTERS.exec(marker)?.[1];
  if (!letters) return null;
  const small = letters.toLowerCase();
  const roman = ROMAN.test(small);
  const [letter, number] = letters === small ? ["a", "i"] : ["A", "I"];
  if (small.length === 1 && (counts === letter || small !== "i") && !(counts === number && roman)) {
    return { kind: letter, value: small.charCodeAt(0) - "a".charCodeAt(0) + 1 };
  }
  if (!roman) return null;
  const digits = [...small].map((digit) => ROMAN_DIGITS[digit] ?? 0);
  return { kind: number, value: digits.reduce((sum, digit, n) => sum + (digit < (digits[n + 1] ?? 0) ? -digit : digit), 0) };
}

/** @param {Document} document @param {Numbering} first @returns {HTMLElement} */
function emptyList(document, { kind, value }) {
  if (kind === "ul") return document.createElement("ul");
  const list = document.createElement("ol");
  if (kind !== "1") list.setAttribute("type", kind);
  if (value !== 1) list.setAttribute("start", String(value));
  return list;
}

/** Word and PowerPoint write the items of a list as paragraphs with a bullet or a number in them. @param {HTMLElement} body */
function wordLists(body) {
  /** @type {{ level: number, name: string, list: HTMLElement, kind: string, next: number }[]} */
  let open = [];
  for (const paragraph of [...body.querySelectorAll("p")]) {
    const found = itemOf(paragraph);
    const counts = open.find((one) => one.level === found?.level)?.kind ?? "";
    const words = found?.marker?.textContent?.trim();
    const shown = found && numbering(words || "\u2022", counts);
    if (!found || !shown) {
      if (words) found?.marker?.replaceWith(`${words} `);
      open = [];
      continue;
    }
    const { name, level, marker } = found;
    marker?.remove();
    open = open.filter((one) => one.level < level || (one.level === level && one.name === name && one.kind === shown.kind));
    let last = open.at(-1);
    if (!last || last.level < level) {
      const list = emptyList(body.ownerDocument, shown);
      if (last) (last.list.lastElementChild ?? last.list).append(list);
      else paragraph.before(list);
      last = { level, name, list, kind: shown.kind, next: shown.value };
      open.push(last);
    }
    const item = body.ownerDocument.createElement("li");
    if (shown.kind !== "ul" && shown.value !== last.next) item.setAttribute("value", String(shown.value));
    last.next = shown.value + 1;
    const content = body.ownerDocument.createElement("p");
    content.append(...paragraph.childNodes);
    content.innerHTML = content.innerHTML.replace(SPACE, " ").trim();
    item.append(content);
    last.list.append(item);
    paragraph.remove();
  }
}
