// @ts-check
/** An entry as readers would see it, made by the server from what stands in the editor. */
import { bodyOf } from "./entry_body.js";
import { say } from "./notice.js";
import { reasonOf } from "./outbox.js";
import { word } from "./words.js";

/** @typedef {import("./composer/composer.js").Composer} Composer */

const FIELDS = ["title", "blocks", "bylines", "topics", "language", "pinned", "key", "breaking"];

/** @param {string} slug @param {Record<string, any>} entry @returns {Promise<HTMLElement>} @throws {Error} with what is wrong */
export async function previewOf(slug, entry) {
  const body = Object.fromEntries(FIELDS.filter((name) => name in entry).map((name) => [name, entry[name]]));
  const answer = await fetch(`/console/blogs/${slug}/preview`, {
    method: "POST", headers: { "Content-Type": "application/json", Accept: "application/json" }, body: JSON.stringify(body),
  }).catch(() => null);
  if (!answer) throw new Error(word("no_answer_kept"));
  const found = await answer.json().catch(() => null);
  if (!answer.ok || !found) throw new Error(reasonOf(found));
  return new DOMParser().parseFromString(found.html, "text/html").body;
}

/** @param {HTMLFormElement} form @param {Composer} composer */
export function listenToPreview(form, composer) {
  form.addEventListener("submit", (event) => {
    const pressed = event.submitter instanceof HTMLButtonElement ? event.submitter : null;
    if (pressed?.value !== "preview") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    void show(form, composer);
  }, { capture: true });
}

/** @param {HTMLFormElement} form @param {Composer} composer */
async function show(form, composer) {
  try {
    const shown = await previewOf(form.dataset.slug ?? "", bodyOf(form, composer, "draft"));
    const section = document.getElementById("preview") ?? document.createElement("section");
    section.id = "preview";
    section.className = "preview";
    section.setAttribute("aria-label", word("preview"));
    const title = document.createElement("h2");
    title.textContent = word("preview");
    section.replaceChildren(title, ...shown.childNodes);
    form.after(section);
    section.scrollIntoView({ block: "nearest" });
  } catch (error) {
    say(/** @type {Error} */ (error).message, { failed: true });
  }
}
