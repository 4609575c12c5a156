/**
 * Applies changes to the page. The server renders the HTML; this script only inserts, replaces or removes it. Applying a
 * change twice, or one that does not affect this page, is harmless.
 */

/** @typedef {import("./transports.js").Change} Change */

export class Updates {
  #root;
  #entries;
  #keyEvents;
  #isOlder;
  #arrived;

  /**
   * @param {HTMLElement} root the live blog's element
   * @param {(article: HTMLElement) => void} arrived called for an entry that is new on the page
   */
  constructor(root, arrived) {
    this.#root = root;
    this.#entries = /** @type {HTMLElement} */ (root.querySelector("[data-entries]"));
    this.#keyEvents = /** @type {HTMLElement | null} */ (root.querySelector("[data-key-events]"));
    this.#isOlder = root.hasAttribute("data-older");
    this.#arrived = arrived;
  }

  /** @param {Change} change */
  apply(change) {
    if (change.kind === "blog") this.#furnish(change);
    else if (change.html !== undefined) {
      if (change.kind === "gone") forgetDescriptions();
      this.#place(change);
      this.#mark(change);
    }
  }

  /**
   * Append the entries of an older page.
   * @param {Iterable<HTMLElement>} articles
   * @param {number} first the lowest entry number now on the page
   */
  extend(articles, first) {
    for (const article of articles) {
      if (this.#find(this.#entries, article.dataset["id"]) === null) this.#insert(article);
    }
    this.#root.dataset["first"] = String(Math.min(first, this.#first));
  }

  get #first() {
    return Number(this.#root.dataset["first"] ?? "1");
  }

  /** @param {Change} change */
  #place(change) {
    const article = element(change.html ?? "");
    const here = this.#find(this.#entries, change.id);
    if (!article || Number(here?.dataset["revision"] ?? -1) >= (change.revision ?? 0)) return;
    const pinned = article.hasAttribute("data-pinned");
    const shows = this.#isOlder ? here !== null : pinned || Number(change.number) >= this.#first;
    if (!shows) {
      here?.remove();
    } else if (here === null) {
      this.#insert(article);
      if (change.kind === "entry") this.#arrived(article);
    } else {
      article.hidden = here.hidden;
      if (change.kind === "entry" && article.querySelector(".entry__edited")) article.classList.add("entry--edited");
      const stays = here.hasAttribute("data-pinned") === pinned || this.#isOlder;
      if (stays) here.replaceWith(article);
      else {
        here.remove();
        this.#insert(article);
      }
    }
    const empty = /** @type {HTMLElement | null} */ (this.#root.querySelector("[data-empty]"));
    if (empty) empty.hidden = this.#entries.children.length > 0;
  }

  /**
   * Pinned entries first, then newest first.
   * @param {HTMLElement} article
   */
  #insert(article) {
    for (const other of this.#entries.children) {
      if (comesBefore(article, /** @type {HTMLElement} */ (other))) {
        other.before(article);
        return;
      }
    }
    this.#entries.append(article);
  }

  /** @param {Change} change */
  #mark(change) {
    if (!this.#keyEvents) return;
    const here = this.#find(this.#keyEvents, change.id);
    const item = change.key_html ? element(change.key_html) : null;
    here?.remove();
    if (item) {
      const next = [...this.#keyEvents.children].find((other) => number(item) > number(other));
      if (next) next.before(item);
      else this.#keyEvents.append(item);
    }
    const section = /** @type {HTMLElement | null} */ (this.#keyEvents.closest("[data-part]"));
    if (section) section.hidden = this.#keyEvents.children.length === 0;
  }

  /** @param {Change} change */
  #furnish(change) {
    for (const part of elements(change.html ?? "")) {
      this.#root.querySelector(`[data-part="${part.dataset["part"]}"]`)?.replaceWith(part);
    }
    if (!change.status) return;
    this.#root.dataset["status"] = change.status;
    const heading = /** @type {HTMLElement | null} */ (this.#root.querySelector("[data-heading]"));
    if (heading) heading.textContent = heading.dataset[change.status] ?? heading.textContent;
  }

  /**
   * @param {Element} list
   * @param {string | undefined} id
   */
  #find(list, id) {
    return /** @type {HTMLElement | null} */ (list.querySelector(`:scope > [data-id="${CSS.escape(id ?? "")}"]`));
  }
}

/** Remove structured data, which was rendered with the page and may contain the retracted text. */
function forgetDescriptions() {
  const written = 'script[type="application/ld+json"], meta[property^="og:image"]';
  for (const each of document.querySelectorAll(written)) each.remove();
}

/**
 * @param {HTMLElement} a
 * @param {HTMLElement} b
 */
function comesBefore(a, b) {
  const pinned = Number(a.hasAttribute("data-pinned")) - Number(b.hasAttribute("data-pinned"));
  return pinned !== 0 ? pinned > 0 : number(a) > number(b);
}

/** @param {Element} item */
function number(item) {
  return Number(/** @type {HTMLElement} */ (item).dataset["number"]);
}

/** @param {string} html */
function elements(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return /** @type {HTMLElement[]} */ ([...template.content.children]);
}

/** @param {string} html */
function element(html) {
  return elements(html)[0] ?? null;
}
