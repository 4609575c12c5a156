// @ts-check
/** Makes the plain console quicker to use. Every form works without it. */

const SAVE_AFTER_MS = 400;
const REFRESH_AFTER_MS = 300;
const KEPT = ["title", "body", "byline", "publish_at"];

/** @param {HTMLFormElement} form @param {string} name */
function field(form, name) {
  return /** @type {HTMLInputElement | HTMLTextAreaElement | null} */ (form.querySelector(`[name="${name}"]`));
}

/**
 * Keep what is typed in this browser, under the entry and the revision it is about, until it is posted.
 * @param {HTMLFormElement} form
 */
function keepDraft(form) {
  const key = `stoppress:draft:${form.dataset.compose}:${field(form, "revision")?.value ?? "new"}`;
  const fields = KEPT.flatMap((name) => field(form, name) ?? []);
  const typed = fields.map((f) => f.value);
  let timer = 0;
  const save = () => {
    clearTimeout(timer);
    const changed = fields.some((f, i) => f.value !== typed[i]);
    try {
      if (changed) localStorage.setItem(key, JSON.stringify(Object.fromEntries(fields.map((f) => [f.name, f.value]))));
      else localStorage.removeItem(key);
    } catch {
      // a browser without storage only loses this convenience
    }
  };
  const done = new URLSearchParams(location.search).get("done");
  try {
    // a form that comes back with errors already holds newer words; after a post the draft is done with
    if (done && done !== "stale" && done !== "refused") localStorage.removeItem(key);
    else if (!document.querySelector(".wrong, .preview")) {
      const kept = JSON.parse(localStorage.getItem(key) ?? "{}");
      for (const f of fields) if (typeof kept[f.name] === "string") f.value = kept[f.name];
    }
  } catch {
    // unreadable: leave the form as the server sent it
  }
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = window.setTimeout(save, SAVE_AFTER_MS);
  });
  window.addEventListener("pagehide", save);
}

/** Ctrl+Enter or Cmd+Enter presses the first button. @param {HTMLFormElement} form */
function publishByKey(form) {
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    const button = /** @type {HTMLButtonElement | null} */ (form.querySelector("button.do"));
    form.requestSubmit(button);
  });
}

/** Load the list afresh when anything in the newsroom changes. @param {HTMLElement} list */
function follow(list) {
  const source = new EventSource(`/live/${list.dataset.entries}/stream?feed=newsroom`);
  let timer = 0;
  const refresh = async () => {
    const answer = await fetch(location.pathname + location.search, { headers: { Accept: "text/html" } }).catch(() => null);
    if (!answer?.ok || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("entries");
    // never under the hands of somebody who is on a button
    if (fresh && !list.contains(document.activeElement)) list.replaceChildren(...fresh.childNodes);
  };
  for (const kind of ["entry", "gone", "blog", "reset"]) {
    source.addEventListener(kind, () => {
      clearTimeout(timer);
      timer = window.setTimeout(refresh, REFRESH_AFTER_MS);
    });
  }
}

for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll("form[data-compose]"))) {
  keepDraft(form);
  publishByKey(form);
}
const list = document.getElementById("entries");
if (list) follow(list);
