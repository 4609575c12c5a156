// @ts-check
/** Whether a person writes in the full editor or in the plain form, remembered in this browser. */
import { load, store } from "./storage.js";
import { word } from "./words.js";

/** @typedef {import("./composer/composer.js").Composer} Composer */

const CHOICE = "stoppress:plain";

/** @returns {boolean} */
export const prefersPlain = () => load(localStorage, CHOICE) === true;

/** The way from one to the other. What is typed is kept as a draft, and comes back there. @param {HTMLFormElement} form @param {Composer | null} composer */
export function addSwitch(form, composer) {
  if (form.dataset.editor === undefined || form.dataset.unsaved !== undefined) return;
  const made = document.createElement("button");
  made.type = "button";
  made.className = "act act--switch";
  made.textContent = word(composer ? "plain_form" : "full_editor");
  made.addEventListener("click", () => {
    if (composer?.onlyHere) {
      made.after(note(word("plain_form_needs")));
      return;
    }
    store(localStorage, CHOICE, composer ? true : null);
    location.reload();
  });
  form.querySelector(".buttons")?.append(made);
}

/** @param {string} words @returns {HTMLElement} */
function note(words) {
  const made = document.createElement("p");
  made.className = "field__hint";
  made.setAttribute("role", "status");
  made.textContent = words;
  return made;
}
