/**
 * One live blog inside another site's page, from its first content until it is taken off: follows the stream with the
 * modules of the blog's own page.
 */

import { Arrivals } from "./arrivals.js";
import { ChangeQueue } from "./change_queue.js";
import { Connection } from "./connection.js";
import { playInPlace } from "./embeds.js";
import { openJointLine } from "./joint_line.js";
import { Pause } from "./pause.js";
import { numberOf, Scope } from "./page_filter.js";
import { Seen } from "./seen.js";
import { State } from "./state.js";
import { keepPlace } from "./scroll_anchor.js";
import { Times } from "./times.js";
import { Updates } from "./updates.js";
import { Words } from "./words.js";

/** @typedef {import("./transports.js").Change} Change */

export class ComponentView {
  #root;
  #list;
  #limit;
  #times;
  #state;
  #pause;
  #arrivals;
  #updates;
  #ended;
  #queue = new ChangeQueue((applyEach) => this.#work(applyEach));

  /**
   * @param {object} given
   * @param {HTMLElement} given.root
   * @param {string | null | undefined} given.words
   * @param {import("./words.js").Locale} given.locale
   * @param {import("./component_markup.js").ComponentMarkup} given.markup
   * @param {string} given.origin
   * @param {number} given.limit most entries; 0 for all that fit
   * @param {AbortSignal} given.signal ends it
   * @param {() => void} given.ended called when the content has to be fetched again
   */
  constructor({ root, words: json, locale, markup, origin, limit, signal, ended }) {
    const words = new Words(json, locale);
    this.#root = root;
    this.#list = /** @type {HTMLElement} */ (root.querySelector("[data-entries]"));
    this.#limit = limit;
    this.#ended = ended;
    this.#times = new Times(locale);
    this.#times.keep(root, signal);
    this.#state = new State(root, words);
    this.#pause = new Pause(root, () => this.#arrivals.update(), words);
    this.#arrivals = new Arrivals(root, {
      isPaused: () => this.#pause.isOn,
      seen: new Seen(),
      shown: () => this.#showTimes(),
      words,
      title: null,
      signal,
    });
    this.#updates = new Updates(root, {
      scope: new Scope(root),
      words,
      arrived: (article) => this.#arrivals.add(article),
      settled: () => this.#showTimes(),
      retracted: () => {},
      parse: markup.parse,
      signal,
    });
    playInPlace(root);
    this.#connect(origin, signal);
  }

  /**
   * @param {string} origin
   * @param {AbortSignal} signal
   */
  #connect(origin, signal) {
    const { stream = "", changes = "", position = "" } = this.#root.dataset;
    const at = (/** @type {string} */ path) => new URL(path, origin).href;
    new Connection({
      addresses: { stream: at(stream), socket: at(stream), changes: at(changes) },
      position,
      open: openJointLine,
      signal,
      on: {
        change: (change) => this.#take(change),
        reset: this.#ended,
        live: (live, by) => this.#state.show(live, by),
      },
    });
  }

  /** @param {Change} change */
  #take(change) {
    if (change.kind === "gone" && change.id === this.#root.dataset["blog"]) this.#ended();
    else this.#queue.push(change);
  }

  /** @param {(apply: (change: Change) => void) => void} applyEach */
  #work(applyEach) {
    keepPlace(this.#list, () => {
      applyEach((change) => {
        this.#updates.apply(change);
        if (change.kind !== "blog") return;
        this.#pause.update();
        this.#state.update();
      });
      this.#updates.settle();
    });
    this.#showTimes();
    this.#arrivals.update();
    this.#trim();
  }

  #showTimes() {
    for (const each of this.#updates.takeChanged()) this.#times.show(each);
  }

  /** Take off what the limit has no room for, from the end that the reader does not see. */
  #trim() {
    if (!this.#limit || this.#root.dataset["order"] === "oldest") return;
    const articles = /** @type {HTMLElement[]} */ ([...this.#list.querySelectorAll(":scope > article:not([data-pinned])")]);
    while (articles.length > this.#limit) {
      const last = /** @type {HTMLElement} */ (articles.pop());
      if (!last.hidden && last.getBoundingClientRect().top < innerHeight) return;
      last.remove();
      const lowest = articles.at(-1);
      if (lowest) this.#root.dataset["first"] = String(numberOf(lowest));
      this.#root.querySelector("[data-all]")?.setAttribute("data-more", "");
    }
  }
}
