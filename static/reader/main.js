/**
 * Script of the live blog page: follows the feed and applies changes. The page is complete without it.
 */

import { Addresses } from "./addresses.js";
import { Arrivals } from "./arrivals.js";
import { ChangeQueue } from "./change_queue.js";
import { Connection } from "./connection.js";
import { divideDays } from "./days.js";
import { playInPlace } from "./embeds.js";
import { openLine } from "./lines.js";
import { loadMore } from "./load_more.js";
import { Pause } from "./pause.js";
import { rememberPlaces, resume } from "./places.js";
import { reload } from "./reload.js";
import { Scope } from "./page_filter.js";
import { Seen } from "./seen.js";
import "./share.js";
import { Slots } from "./slots.js";
import { State } from "./state.js";
import { keepPlace } from "./scroll_anchor.js";
import { keepTimes, showTimes } from "./times.js";
import { Updates } from "./updates.js";
import { Visits } from "./visits.js";
import { pageWords } from "./words.js";
import "./zoom.js";

/** @typedef {import("./transports.js").Change} Change */

/** @param {string | null} text */
function transport(text) {
  return text === "sse" || text === "ws" || text === "poll" ? text : null;
}

class Page {
  #root;
  #list;
  #state;
  #scope;
  #slots;
  #pause;
  #arrivals;
  #updates;
  #visits;
  #queue = new ChangeQueue((applyEach) => this.#work(applyEach));

  /** @param {HTMLElement} root */
  constructor(root) {
    const find = (/** @type {string} */ what) => /** @type {HTMLElement} */ (root.querySelector(what));
    this.#root = root;
    this.#list = find("[data-entries]");
    this.#slots = new Slots(this.#list);
    this.#state = new State(root);
    this.#scope = new Scope(root);
    this.#pause = new Pause(root, () => this.#arrivals.update());
    this.#arrivals = new Arrivals(root, {
      isPaused: () => this.#pause.isOn,
      seen: new Seen(),
      shown: (articles) => this.#tidy(articles),
    });
    this.#updates = new Updates(root, {
      scope: this.#scope,
      words: pageWords(),
      arrived: (article) => this.#arrivals.add(article),
      settled: () => this.#tidy(),
    });
    this.#visits = new Visits(this.#list, {
      blog: root.dataset["blog"] ?? "",
      scope: this.#scope,
      isNew: (article) => this.#arrivals.isNew(article),
    });
    find("[data-tools]").hidden = this.#scope.isOlder;
    this.#tidy();
    this.#open();
    this.#connect();
  }

  /** What leads to entries that are, or were, on this page. */
  #open() {
    const more = loadMore(this.#root, (articles, first) => {
      this.#updates.extend(articles, first);
      this.#tidy();
    });
    rememberPlaces(this.#root, this.#list, this.#scope);
    new Addresses({
      path: `/live/${this.#root.dataset["slug"]}`,
      scope: this.#scope,
      more,
      show: (article) => this.#arrivals.show(article),
    });
  }

  /** Keep right what depends on the entries that are shown. @param {HTMLElement[]} revealed */
  #tidy(revealed = []) {
    const changed = this.#updates.takeChanged();
    this.#slots.update();
    divideDays(this.#list, this.#scope.isOlder, new Set([...changed, ...revealed]));
    this.#visits.update();
    for (const each of changed) showTimes(each);
  }

  #connect() {
    const { stream = "", socket = "", changes = "", position = "" } = this.#root.dataset;
    new Connection({
      addresses: { stream, socket, changes },
      position,
      open: openLine(transport(new URLSearchParams(location.search).get("transport"))),
      on: {
        change: (change) => this.#enqueue(change),
        reset: reload,
        live: (live, by) => this.#state.show(live, by),
      },
    });
  }

  /** @param {Change} change */
  #enqueue(change) {
    if (change.kind === "gone" && change.id === this.#root.dataset["blog"]) return reload();
    this.#queue.push(change);
  }

  /** @param {(apply: (change: Change) => void) => void} applyEach */
  #work(applyEach) {
    keepPlace(this.#list, () => {
      applyEach((change) => this.#apply(change));
      this.#updates.settle();
      this.#slots.update();
    });
    this.#arrivals.update();
    this.#tidy();
  }

  /** @param {Change} change */
  #apply(change) {
    const before = this.#headline;
    this.#updates.apply(change);
    if (this.#headline !== before) this.#arrivals.title = this.#arrivals.title.replace(before, () => this.#headline);
    if (change.kind === "blog") {
      this.#pause.update();
      this.#state.update();
    }
    this.#root.dataset["position"] = change.position;
  }

  get #headline() {
    return this.#root.querySelector("h1")?.textContent ?? "";
  }
}

playInPlace(document);
keepTimes();
const root = document.querySelector(".live");
if (root instanceof HTMLElement && !resume(root)) new Page(root);
