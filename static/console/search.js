// @ts-check
/**
 * Search and filters of the list, without leaving the page: the address says what the list is limited to, and the
 * list, which follows the blog, asks by it.
 */

/** @typedef {import("./live_lists.js").Lists} Lists */

const PAUSE_MS = 200;

/** @param {Lists} lists */
export function listenToSearch(lists) {
  const form = document.getElementById("search");
  if (!(form instanceof HTMLFormElement)) return;
  const button = form.querySelector("button");
  if (button) button.hidden = true;
  let timer = 0;
  const apply = () => {
    window.clearTimeout(timer);
    show(lists, new URLSearchParams(/** @type {[string, string][]} */ ([...new FormData(form)])));
  };
  form.addEventListener("input", () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(apply, PAUSE_MS);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    apply();
  });
  document.addEventListener("click", (event) => {
    const tab = event.target instanceof Element ? event.target.closest("#filter a") : null;
    if (!(tab instanceof HTMLAnchorElement) || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    setStatus(form, new URLSearchParams(tab.search).get("status") ?? "");
    apply();
  });
}

/** @param {Lists} lists @param {URLSearchParams} asked */
function show(lists, asked) {
  for (const [name, value] of [...asked]) if (!value.trim()) asked.delete(name);
  const query = asked.toString();
  history.replaceState(null, "", `${location.pathname}${query && `?${query}`}${location.hash}`);
  void lists.refresh("", { asked: true });
}

/** The tabs are one more field of the form. @param {HTMLFormElement} form @param {string} status empty for all */
function setStatus(form, status) {
  form.querySelector("input[name=status]")?.remove();
  if (!status) return;
  const field = document.createElement("input");
  field.type = "hidden";
  field.name = "status";
  field.value = status;
  form.append(field);
}
