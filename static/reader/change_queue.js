/**
 * Changes that wait to be applied. After a while of work the browser gets a turn, so that a burst does not block the page.
 */

/** @typedef {import("./transports.js").Change} Change */

const TURN_MS = 8;

export class ChangeQueue {
  /** @type {Change[]} */
  #waiting = [];
  #isBusy = false;
  #work;

  /** @param {(applyEach: (apply: (change: Change) => void) => void) => void} work applies what fits into one turn */
  constructor(work) {
    this.#work = work;
  }

  /** @param {Change} change */
  push(change) {
    this.#waiting.push(change);
    if (this.#isBusy) return;
    this.#isBusy = true;
    setTimeout(() => this.#turn());
  }

  #turn() {
    const until = performance.now() + TURN_MS;
    this.#work((apply) => {
      do {
        const change = this.#waiting.shift();
        if (change !== undefined) apply(change);
      } while (this.#waiting.length > 0 && performance.now() < until);
    });
    this.#isBusy = this.#waiting.length > 0;
    if (this.#isBusy) setTimeout(() => this.#turn());
  }
}
