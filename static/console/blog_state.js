// @ts-check
/** What the page says of the blog follows what others do to it: headline, status, key developments, whether it takes entries. */

/** Told to the document when the blog has changed. */
export const BLOG = "stoppress:blog";

/** @returns {string} why nothing can be published, or an empty text */
export function closedBecause() {
  const note = document.getElementById("blog-closed");
  return note && !note.hidden ? note.textContent?.trim() ?? "" : "";
}

/** @param {HTMLElement} fresh the page's parts with `data-of-blog`, from the server */
export function updateBlog(fresh) {
  let changed = false;
  for (const made of fresh.querySelectorAll("[data-of-blog]")) {
    const shown = document.getElementById(made.id);
    if (!shown || shown.outerHTML === made.outerHTML) continue;
    shown.replaceWith(document.importNode(made, true));
    changed = true;
  }
  if (!changed) return;
  const form = document.getElementById("compose");
  if (form && !closedBecause()) form.hidden = false;
  const headline = document.getElementById("blog-headline")?.textContent;
  if (headline) document.title = document.title.replace(/^.*(?= – )/s, () => headline);
  document.dispatchEvent(new Event(BLOG));
}
