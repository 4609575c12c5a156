/**
 * Script of the live blog page: follows the feed and applies changes. The page is complete without it.
 */

import { Arrivals } from "./arrivals.js";
import { Connection } from "./connection.js";
import { playInPlace } from "./embeds.js";
import { openLine } from "./lines.js";
import { loadMore } from "./more.js";
import { Pause } from "./pause.js";
import { reload } from "./reload.js";
import { Scope } from "./scope.js";
import { Seen } from "./seen.js";
import { keepPlace } from "./steady.js";
import { keepTimes, showTimes } from "./times.js";
import { Updates } from "./updates.js";
import { word } from "./words.js";

/** @typedef {import("./transports.js").Change} Change */

/** After so much work the browser gets a turn, so that a burst of updates does not block the page. */
const TURN_MS = 8;

/** @param {string | null} text */
function transport(text) {
  return text === "sse" || text === "ws" || text === "poll" ? text : null;
}

class Page {
  #root;
  #list;
  #state;
  #stateWord;
  #scope;
  #pause;
  #arrivals;
  #updates;
  /** @type {Change[]} */
  #queue = [];
  #isBusy = false;
  #isLive = false;

  /** @param {HTMLElement} root */
  constructor(root) {
    const find = (/** @type {string} */ what) => /** @type {HTMLElement} */ (root.querySelector(what));
    this.#root = root;
    this.#list = find("[data-entries]");
    this.#state = find("[data-connection]");
    this.#stateWord = find("[data-connection-word]");
    this.#scope = new Scope(root);
    this.#pause = new Pause(root, () => this.#arrivals.update());
    this.#arrivals = new Arrivals(root, {
      isPaused: () => this.#pause.isOn,
      seen: new Seen(),
      shown: (article) => showTimes(article),
    });
    this.#updates = new Updates(root, this.#scope, (article) => this.#arrivals.add(article));
    find("[data-tools]").hidden = this.#scope.isOlder;
    loadMore(root, (articles, first) => {
      this.#updates.extend(articles, first);
      showTimes(root);
    });
    addEventListener("scrollend", () => keepPlace(this.#list, () => this.#updates.settle()));
    this.#connect();
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
        live: (live, by) => this.#show(live, by),
      },
    });
  }

  /**
   * @param {boolean} live
   * @param {string} by
   */
  #show(live, by) {
    this.#isLive = live;
    // Until it has been live once, the page goes on saying "Connecting".
    if (!live && this.#state.dataset["state"] === "connecting") return;
    const state = this.#root.dataset["status"] === "closed" ? "closed" : live ? "live" : "reconnecting";
    this.#state.dataset["transport"] = by;
    if (this.#state.dataset["state"] === state) return;
    this.#state.dataset["state"] = state;
    this.#stateWord.textContent = word(state);
  }

  /** @param {Change} change */
  #enqueue(change) {
    if (change.kind === "gone" && change.id === this.#root.dataset["blog"]) return reload();
    this.#queue.push(change);
    if (this.#isBusy) return;
    this.#isBusy = true;
    setTimeout(() => this.#work());
  }

  #work() {
    const until = performance.now() + TURN_MS;
    keepPlace(this.#list, () => {
      do {
        const change = this.#queue.shift();
        if (change !== undefined) this.#apply(change);
      } while (this.#queue.length > 0 && performance.now() < until);
      this.#updates.settle();
    });
    showTimes(this.#root);
    this.#arrivals.update();
    this.#isBusy = this.#queue.length > 0;
    if (this.#isBusy) setTimeout(() => this.#work());
  }

  /** @param {Change} change */
  #apply(change) {
    const before = this.#headline;
    this.#updates.apply(change);
    if (this.#headline !== before) this.#arrivals.title = this.#arrivals.title.replace(before, () => this.#headline);
    if (change.kind === "blog") {
      this.#pause.update();
      this.#show(this.#isLive, this.#state.dataset["transport"] ?? "");
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
if (root instanceof HTMLElement) new Page(root);
