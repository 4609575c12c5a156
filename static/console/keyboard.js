// @ts-check
/** Enter in a one-line field sends nothing. Ctrl+Enter or Cmd+Enter presses the first button of the form. */
import { primary } from "./primary_button.js";

const PRESSED_BY_ENTER = new Set(["submit", "button", "reset", "image", "file"]);

/** @param {HTMLFormElement} form */
export function listenToKeys(form) {
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      if (!event.repeat) form.requestSubmit(primary(form));
    } else if (event.target instanceof HTMLInputElement && !PRESSED_BY_ENTER.has(event.target.type)) {
      event.preventDefault();
    }
  });
  // a field that holds a sending up must be in sight
  form.addEventListener("invalid", (event) => {
    const more = event.target instanceof Element && event.target.closest("details");
    if (more) more.open = true;
  }, true);
}
