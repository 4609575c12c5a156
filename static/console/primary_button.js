// @ts-check
/** The first button of a form, which the shortcut presses: it schedules while there is a time to publish at. */

import { BLOG, closedBecause } from "./blog_state.js";
import { word } from "./words.js";

/** @param {HTMLFormElement} form @returns {HTMLButtonElement | null} */
export function primary(form) {
  return form.querySelector("button[data-primary]");
}

/** While there is a time to publish at, scheduling is all that the first button does. @param {HTMLFormElement} form */
export function followPublishTime(form) {
  const button = primary(form);
  const at = /** @type {HTMLInputElement | null} */ (form.querySelector('[name="publish_at"]'));
  const kind = button?.dataset.primary;
  if (!button || !at || !kind) return;
  const update = () => {
    const set = at.value !== "" || at.validity.badInput;
    if (kind === "publish") button.value = set ? "schedule" : "publish";
    button.setAttribute("aria-disabled", String(!form.dataset.entry && closedBecause() !== ""));
    button.textContent = word(set ? "schedule" : kind === "publish" ? "publish" : "save_as_draft");
  };
  for (const name of ["input", "change", "restored"]) form.addEventListener(name, update);
  document.addEventListener(BLOG, update);
  window.addEventListener("pageshow", update);
  update();
}
