/**
 * `<stop-press-blog src="https://live.example/live/SLUG">`: a live blog inside another site's page, by one script tag.
 * Attributes: `limit`, `order="oldest"`, `topic`, `key`, `level` of the headline, `hide-head`. What stands in the element
 * is shown until the blog is there, and without scripts. docs/embedding.md lists the custom properties.
 */

import { ComponentMarkup } from "./component_markup.js";
import { ComponentView } from "./component_view.js";

const NAME = "stop-press-blog";
const FIRST_RETRY_MS = 2_000;
const LONGEST_RETRY_MS = 60_000;
/** After a reset not all pages of the world may ask in the same second. */
const AGAIN_SPREAD_MS = 4_000;
const DEFAULT_LEVEL = 2;
const HOST_STYLE = ":host{display:block}:host([hidden]){display:none}";

/** Each style sheet is loaded once for all elements of the page. @type {Map<string, Promise<CSSStyleSheet>>} */
const sheets = new Map();

/** @param {string} url */
function sheetOf(url) {
  const known = sheets.get(url) ?? loadSheet(url);
  sheets.set(url, known);
  known.catch(() => sheets.delete(url));
  return known;
}

/** Made by a script, so that a page's `style-src` need not allow it. @param {string} url */
async function loadSheet(url) {
  const answer = await fetch(url, { credentials: "omit" });
  if (!answer.ok) throw new Error(String(answer.status));
  return new CSSStyleSheet().replace(await answer.text());
}

export class StopPressBlog extends HTMLElement {
  static observedAttributes = ["src", "limit", "order", "topic", "key", "level"];

  #shadow = this.attachShadow({ mode: "open" });
  #host = new CSSStyleSheet();
  #ending = new AbortController();
  #failures = 0;
  #waiting = 0;

  constructor() {
    super();
    this.#host.replaceSync(HOST_STYLE);
    this.#fallBack();
  }

  connectedCallback() {
    this.#start();
  }

  disconnectedCallback() {
    this.#stop();
  }

  attributeChangedCallback() {
    if (this.isConnected) this.#start();
  }

  #stop() {
    clearTimeout(this.#waiting);
    this.#ending.abort();
  }

  /** @param {number} afterMs */
  #start(afterMs = 0) {
    this.#stop();
    this.#ending = new AbortController();
    this.#waiting = setTimeout(() => void this.#load(this.#ending.signal), afterMs);
  }

  /** @param {AbortSignal} signal */
  async #load(signal) {
    try {
      const address = this.#address();
      const answer = await fetch(address, { credentials: "omit", signal });
      const html = await answer.text();
      if (answer.status === 404 || answer.status === 410) return this.#fallBack();
      if (!answer.ok) throw new Error(String(answer.status));
      const markup = new ComponentMarkup(address.origin, Number(this.getAttribute("level")) || DEFAULT_LEVEL);
      const { style, ...page } = markup.page(html);
      const sheet = await sheetOf(style);
      if (signal.aborted) return;
      this.#shadow.adoptedStyleSheets = [this.#host, sheet];
      this.#shadow.replaceChildren(page.root);
      this.#failures = 0;
      const limit = Number(this.getAttribute("limit")) || 0;
      const ended = () => this.#start(FIRST_RETRY_MS + Math.random() * AGAIN_SPREAD_MS);
      new ComponentView({ ...page, markup, origin: address.origin, limit, signal, ended });
      this.dispatchEvent(new CustomEvent("stop-press:ready"));
    } catch (error) {
      if (!signal.aborted) this.#retry(error);
    }
  }

  /** @param {unknown} error */
  #retry(error) {
    if (error instanceof SyntaxError || error instanceof TypeError) console.warn(`<${NAME}>: ${error.message}`);
    const wait = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures++);
    this.#start(wait * (1 + Math.random() / 2));
  }

  /** What the page has in the element: the first content, or words of its own. */
  #fallBack() {
    this.#shadow.adoptedStyleSheets = [this.#host];
    this.#shadow.replaceChildren(document.createElement("slot"));
  }

  /** Where the content is. Throws for a `src` that is no address. */
  #address() {
    const url = new URL(this.getAttribute("src") ?? "", document.baseURI);
    url.pathname = `${url.pathname.replace(/\/$/, "")}/component`;
    url.search = url.hash = "";
    for (const name of ["limit", "order", "topic"]) {
      const value = this.getAttribute(name);
      if (value) url.searchParams.set(name, value);
    }
    if (this.hasAttribute("key")) url.searchParams.set("key", "1");
    return url;
  }
}

if (!customElements.get(NAME)) customElements.define(NAME, StopPressBlog);
