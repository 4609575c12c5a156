/**
 * Pictures as large as the screen, in a dialog; those of a gallery one after the other. Without scripts the link leads to
 * the picture itself.
 */

import { onLink } from "./clicks.js";
import { word } from "./words.js";

// A frame in another page may be many screens high: there the link is followed.
if (parent === window) onLink("a[data-zoom]", (link) => new Zoom(link));

class Zoom {
  #links;
  #at;
  #dialog = document.createElement("dialog");
  #figure = document.createElement("figure");

  /** @param {HTMLAnchorElement} link of the picture to begin with */
  constructor(link) {
    const all = /** @type {NodeListOf<HTMLElement> | undefined} */ (link.closest(".gallery")?.querySelectorAll("a[data-zoom]"));
    // Those under a closed cover are left out.
    this.#links = [...(all ?? [link])].filter((one) => one.checkVisibility());
    this.#at = this.#links.indexOf(link);
    this.#dialog.className = "zoom";
    this.#figure.ariaLive = "polite";
    this.#dialog.append(this.#button("close", () => this.#dialog.close()), this.#figure);
    if (this.#links.length > 1) {
      this.#dialog.append(this.#button("previous", () => this.#step(-1)), this.#button("next", () => this.#step(1)));
      this.#dialog.addEventListener("keydown", ({ key }) => this.#press(key));
    }
    this.#dialog.addEventListener("click", ({ target }) => {
      if (target === this.#dialog || target === this.#figure) this.#dialog.close();
    });
    this.#dialog.addEventListener("close", () => {
      this.#dialog.remove();
      this.#links[this.#at]?.focus();
    });
    document.body.append(this.#dialog);
    this.#show();
    this.#dialog.showModal();
  }

  /**
   * @param {string} name
   * @param {() => void} press
   */
  #button(name, press) {
    const button = document.createElement("button");
    button.className = `zoom__${name}`;
    button.textContent = word(name);
    button.addEventListener("click", press);
    return button;
  }

  /** @param {string} key */
  #press(key) {
    const forward = document.dir === "rtl" ? "ArrowLeft" : "ArrowRight";
    if (key === "ArrowLeft" || key === "ArrowRight") this.#step(key === forward ? 1 : -1);
  }

  /** @param {number} by */
  #step(by) {
    this.#at = (this.#at + by + this.#links.length) % this.#links.length;
    this.#show();
  }

  #show() {
    const link = /** @type {HTMLAnchorElement} */ (this.#links[this.#at]);
    const small = /** @type {HTMLImageElement} */ (link.querySelector("img"));
    const picture = document.createElement("img");
    this.#dialog.ariaLabel = small.alt || (link.textContent ?? "").trim();
    Object.assign(picture, { alt: small.alt, width: small.width, height: small.height, src: link.href });
    const caption = link.closest("figure")?.querySelector("figcaption")?.cloneNode(true);
    this.#figure.replaceChildren(picture, ...(caption ? [caption] : []));
  }
}
