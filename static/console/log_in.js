// @ts-check
/** Logging in again in place, when a session has ended: what stands on the page stays. */
import { html, nothing, render } from "lit";
import { word } from "./words.js";

const SESSION = "/api/v1/session";

/** @type {Promise<boolean> | null} */
let asking = null;
const user = document.getElementById("main")?.dataset.user ?? "";
const name = document.getElementById("main")?.dataset.userName ?? "";

/** Ask for the password until it is right. @returns {Promise<boolean>} false when the person closed the dialog */
export function requireLogIn() {
  asking ??= ask().finally(() => { asking = null; });
  return asking;
}

/** @returns {Promise<boolean>} */
function ask() {
  const before = document.activeElement;
  const dialog = document.createElement("dialog");
  dialog.className = "log-in";
  dialog.setAttribute("aria-labelledby", "log-in-title");
  let wrong = "";
  return new Promise((resolve) => {
    /** @param {boolean} done */
    const close = (done) => {
      dialog.close();
      dialog.remove();
      if (before instanceof HTMLElement) before.focus();
      resolve(done);
    };
    /** @param {SubmitEvent} event */
    const submit = async (event) => {
      event.preventDefault();
      const form = /** @type {HTMLFormElement} */ (event.target);
      wrong = await logIn(new FormData(form));
      if (wrong) draw();
      else close(true);
    };
    const draw = () => render(html`<form class="log-in__form" @submit=${submit}>
      <h2 id="log-in-title">${word("session_ended")}</h2><p>${word("session_kept")}</p>
      ${wrong ? html`<p class="field__wrong" role="alert">${wrong}</p>` : nothing}
      <div class="field"><label for="log-in-name">${word("user_name")}</label>
      <input id="log-in-name" name="username" autocomplete="username" required></div>
      <div class="field"><label for="log-in-password">${word("password")}</label>
      <input id="log-in-password" name="password" type="password" autocomplete="current-password" required></div>
      <p class="buttons"><button class="do">${word("log_in")}</button>
      <button type="button" class="act" @click=${() => close(false)}>${word("later")}</button></p></form>`, dialog);
    draw();
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      close(false);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** @param {FormData} fields @returns {Promise<string>} what is wrong, or an empty text */
async function logIn(fields) {
  const answer = await fetch(SESSION, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(Object.fromEntries(fields)),
  }).catch(() => null);
  if (!answer) return word("no_answer");
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) return body.detail ?? word("no_answer");
  if (body.id === user) return "";
  // what is written here belongs to somebody else
  await fetch(SESSION, { method: "DELETE" }).catch(() => null);
  return word("other_user", { name });
}
