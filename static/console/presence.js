// @ts-check
/** Who else is in the blog, and who writes in which entry. */
import { newKey } from "./drafts.js";
import { actButton } from "./notice.js";
import { word } from "./words.js";

/** @typedef {{ name: string, entry: string }} Other */

const EVERY_MS = 10_000;
const tab = newKey();

export class Presence {
  #address;
  #entry = "";
  #timer = 0;
  /** @type {(holder: string) => void} */
  #told = () => undefined;

  /** @param {string} slug of the blog */
  constructor(slug) {
    this.#address = `/console/blogs/${slug}/presence`;
    document.addEventListener("visibilitychange", () => document.hidden || void this.#beat());
    window.addEventListener("pageshow", () => void this.#beat());
    window.addEventListener("pagehide", () => {
      navigator.sendBeacon(this.#address, new Blob([JSON.stringify({ tab, leave: true })], { type: "application/json" }));
    });
  }

  /**
   * Say which entry stands in the editor, or none.
   * @param {string} entry @param {(holder: string) => void} [told] of who else holds it, whenever that changes
   */
  write(entry, told = () => undefined) {
    this.#entry = entry;
    this.#told = told;
    void this.#beat();
  }

  takeOver() {
    return this.#beat(true);
  }

  async #beat(take = false) {
    window.clearTimeout(this.#timer);
    const entry = this.#entry;
    const answer = await fetch(this.#address, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ tab, entry, take }),
    }).catch(() => null);
    const found = answer?.ok ? await answer.json().catch(() => null) : null;
    if (found) {
      show(found.present);
      if (entry === this.#entry) this.#told(found.holder);
    }
    // a hidden tab is there too, and its entry stays its own
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => void this.#beat(), EVERY_MS);
  }
}

/** @param {Other[]} others */
function show(others) {
  const names = [...new Set(others.map(({ name }) => name))];
  const place = document.querySelector("[data-people]");
  const shown = names.map((name) => {
    const made = document.createElement("li");
    made.title = name;
    made.setAttribute("aria-label", name);
    made.textContent = name.split(/\s+/).map((part) => [...part][0]).join("").slice(0, 2);
    return made;
  });
  if (place && place.textContent !== shown.map((one) => one.textContent).join("")) place.replaceChildren(...shown);
  for (const row of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("#lists .row"))) {
    const writers = others.filter(({ entry }) => entry && row.id.endsWith(`-${entry}`)).map(({ name }) => name);
    if (writers.length) row.dataset.writers = word("is_editing", { name: [...new Set(writers)].join(", ") });
    else delete row.dataset.writers;
  }
}

/**
 * What stands over the editor while somebody else holds the entry. Nothing is lost: the words stay, and saving an
 * older version shows both.
 * @param {import("./composer/composer.js").Composer} composer @param {HTMLElement} place @param {Presence} presence
 * @returns {(holder: string) => void}
 */
export function lockNotice(composer, place, presence) {
  const box = document.createElement("div");
  box.className = "said said--failed lock";
  box.setAttribute("role", "status");
  let shown = "";
  return (holder) => {
    if (holder === shown) return;
    shown = holder;
    composer.view.setProps({ editable: () => !holder });
    if (!holder) {
      box.remove();
      return;
    }
    const words = document.createElement("p");
    words.textContent = word("held_by", { name: holder });
    const button = actButton(word("take_over"), async () => {
      await presence.takeOver();
      composer.focus();
    });
    box.replaceChildren(words, button);
    place.prepend(box);
  };
}
