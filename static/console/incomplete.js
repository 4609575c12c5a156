// @ts-check
/** Says what keeps an entry from being sent, goes there, and takes the notice back once that is mended. */
import { say } from "./notice.js";

/** @typedef {import("./composer/composer.js").Composer} Composer */
/** @typedef {import("./entry_body.js").Incomplete} Incomplete */

/** @param {Incomplete} error @param {HTMLFormElement} form @param {Composer} composer */
export function sayIncomplete(error, form, composer) {
  const box = say(error.message, { failed: true });
  const changed = () => {
    if (box.isConnected && composer.missing === error.message) return;
    box.remove();
    form.removeEventListener("input", changed);
  };
  form.addEventListener("input", changed);
  const more = error.field?.closest("details");
  if (more) more.open = true;
  if (error.field) error.field.focus();
  else composer.showMissing();
}
