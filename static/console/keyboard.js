// @ts-check
/** Enter in a one-line field sends nothing. Ctrl+Enter or Cmd+Enter presses the first button of the form. */

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

/** While there is a time to publish at, scheduling is all that the first button does. @param {HTMLFormElement} form */
export function followPublishTime(form) {
  const button = primary(form);
  const at = /** @type {HTMLInputElement | null} */ (form.querySelector('[name="publish_at"]'));
  const kind = button?.dataset.primary;
  if (!button || !at || !kind) return;
  const update = () => {
    const set = at.value !== "" || at.validity.badInput;
    if (kind === "publish") button.value = set ? "schedule" : "publish";
    button.textContent = set ? "Schedule" : kind === "publish" ? "Publish" : "Save as draft";
  };
  for (const name of ["input", "change", "restored"]) form.addEventListener(name, update);
  window.addEventListener("pageshow", update);
  update();
}

/** @param {HTMLFormElement} form @returns {HTMLButtonElement | null} */
function primary(form) {
  return form.querySelector("button[data-primary]");
}
