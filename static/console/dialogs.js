// @ts-check
/**
 * Links with `data-dialog` open the part of their page that is marked `data-in-dialog` in a dialog, so that what
 * stands in the composer is not left. Its forms are sent from there; without scripts the link leads to the page.
 */
import { taken } from "./drafts.js";
import { hidden } from "./form.js";
import { FormDraft } from "./form_draft.js";
import { listenToKeys } from "./keyboard.js";
import { requireLogIn } from "./log_in.js";
import { removeAfter, say, SHOWN_MS } from "./notice.js";
import { word } from "./words.js";

/** @typedef {import("./live_lists.js").Lists} Lists */

const UNAUTHENTICATED = 401;
const HTML = { headers: { Accept: "text/html" }, cache: /** @type {RequestCache} */ ("no-store") };

/** @param {Lists} lists @param {string} user */
export function listenToDialogs(lists, user) {
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a[data-dialog]") : null;
    if (!(link instanceof HTMLAnchorElement) || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const menu = link.closest("details.menu");
    menu?.removeAttribute("open");
    const opener = /** @type {HTMLElement | null} */ (menu?.querySelector("summary") ?? link);
    void open(link.href, opener, lists, user);
  });
}

/** @param {string} address @param {HTMLElement | null} opener gets the focus back @param {Lists} lists @param {string} user */
async function open(address, opener, lists, user) {
  const answer = await fetch(address, HTML).catch(() => null);
  if (answer?.redirected) {
    if (await requireLogIn()) await open(address, opener, lists, user);
    return;
  }
  const page = await parsed(answer);
  const dialog = document.createElement("dialog");
  dialog.className = "over";
  if (!answer?.ok || !show(dialog, page, lists, user)) {
    say(page.querySelector(".notice__words")?.textContent ?? word("no_answer"), { failed: true });
    return;
  }
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (opener?.isConnected) opener.focus({ preventScroll: true });
  });
  document.body.append(dialog);
  dialog.showModal();
  focusFirst(dialog);
}

/** @param {HTMLDialogElement} dialog @param {Document} page @param {Lists} lists @param {string} user @returns {boolean} whether the page has such a part */
function show(dialog, page, lists, user) {
  const part = page.querySelector("[data-in-dialog]");
  if (!part) return false;
  const wrong = page.querySelector("main > .wrong");
  dialog.replaceChildren(...[wrong, part].flatMap((one) => (one ? [document.importNode(one, true)] : [])));
  const title = dialog.querySelector("h1");
  if (title) {
    title.id = "dialog-title";
    dialog.setAttribute("aria-labelledby", title.id);
  }
  // a field of the page below may have the same id: labels lead to the one in the dialog
  for (const field of dialog.querySelectorAll("[id]")) rename(dialog, field);
  for (const cancel of dialog.querySelectorAll("a[data-cancel]")) {
    cancel.addEventListener("click", (event) => {
      event.preventDefault();
      dialog.close();
    });
  }
  for (const form of dialog.querySelectorAll("form")) {
    listenToKeys(form);
    const draft = form.dataset.draft === undefined ? null : new FormDraft(form, user, "");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      event.stopImmediatePropagation();
      void send(dialog, form, event.submitter, draft, lists, user);
    }, { capture: true });
  }
  return true;
}

/** @param {HTMLElement} dialog @param {Element} field */
function rename(dialog, field) {
  const old = field.id;
  if (old === "dialog-title") return;
  field.id = `dialog-${old}`;
  for (const one of dialog.querySelectorAll(`[for="${CSS.escape(old)}"]`)) one.setAttribute("for", field.id);
  for (const one of dialog.querySelectorAll(`[href="#${CSS.escape(old)}"]`)) one.setAttribute("href", `#${field.id}`);
  for (const name of ["aria-describedby", "aria-labelledby", "list"]) {
    for (const one of dialog.querySelectorAll(`[${name}~="${CSS.escape(old)}"]`)) {
      const ids = (one.getAttribute(name) ?? "").split(/\s+/);
      one.setAttribute(name, ids.map((id) => (id === old ? field.id : id)).join(" "));
    }
  }
}

/**
 * @param {HTMLDialogElement} dialog @param {HTMLFormElement} form @param {HTMLElement | null} submitter
 * @param {FormDraft | null} draft @param {Lists} lists @param {string} user
 */
async function send(dialog, form, submitter, draft, lists, user) {
  if (form.dataset.sending !== undefined) return;
  form.dataset.sending = "";
  const body = new FormData(form, submitter);
  const multipart = form.enctype === "multipart/form-data";
  const answer = await fetch(form.action, {
    ...HTML, method: "POST",
    body: multipart ? body : new URLSearchParams(/** @type {[string, string][]} */ ([...body])),
  }).catch(() => null);
  delete form.dataset.sending;
  if (!answer) {
    fail(dialog, word("no_answer_kept"));
  } else if (answer.status === UNAUTHENTICATED) {
    if (await requireLogIn()) await send(dialog, form, submitter, draft, lists, user);
  } else if (answer.redirected) {
    draft?.leave();
    const sent = new URL(answer.url).searchParams.get("sent");
    if (sent) taken(user, hidden(form, "request_key"));
    const page = await parsed(answer);
    dialog.close();
    sayAs(page);
    const entry = new URL(answer.url).searchParams.get("entry");
    await lists.refresh(entry ?? undefined);
    if (new URL(answer.url).pathname !== location.pathname) location.assign(answer.url);
  } else {
    const page = await parsed(answer);
    draft?.leave();
    if (!show(dialog, page, lists, user)) {
      dialog.close();
      say(page.querySelector(".notice__words")?.textContent ?? word("no_answer"), { failed: true });
    }
    focusFirst(dialog);
  }
}

/** @param {HTMLElement} dialog @param {string} words */
function fail(dialog, words) {
  const box = document.createElement("div");
  box.className = "wrong";
  box.setAttribute("role", "alert");
  box.textContent = words;
  dialog.querySelector(".wrong")?.remove();
  dialog.prepend(box);
}

/** Say what the page says that follows. @param {Document} page */
function sayAs(page) {
  const said = [...page.getElementById("said")?.children ?? []].map((one) => document.importNode(one, true));
  document.getElementById("said")?.replaceChildren(...said);
  for (const one of said) if (one instanceof HTMLElement && !one.matches(".said--failed")) removeAfter(one, SHOWN_MS);
}

/** @param {HTMLElement} dialog */
function focusFirst(dialog) {
  const first = /** @type {HTMLElement | null} */ (dialog.querySelector("[aria-invalid], [autofocus], input:not([type=hidden]), textarea, select, button"));
  first?.focus();
}

/** @param {Response | null} answer @returns {Promise<Document>} */
async function parsed(answer) {
  return new DOMParser().parseFromString(await answer?.text().catch(() => "") ?? "", "text/html");
}
