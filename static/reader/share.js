/**
 * The share link of each entry: the device's own share sheet, or where there is none, a small menu with the address.
 * Without scripts the link leads to the entry's own page.
 */

import { onLink } from "./clicks.js";
import { word } from "./words.js";

onLink("a.entry__share", async (link) => {
  const title = link.closest("article")?.querySelector("h3")?.textContent?.trim() || document.title;
  try {
    await navigator.share({ title, url: link.href });
  } catch (error) {
    // The reader closed the sheet; anything else means that there is none.
    if (!(error instanceof DOMException && error.name === "AbortError")) open(link, title);
  }
});

/**
 * @param {HTMLAnchorElement} link
 * @param {string} title
 */
function open(link, title) {
  const menu = document.createElement("div");
  menu.className = "share";
  menu.popover = "auto";
  menu.role = "dialog";
  menu.ariaLabel = word("share");
  menu.innerHTML = '<input readonly><button type="button"></button><a></a><span role="status"></span>';
  const [field, copy, mail, status] = /** @type {[HTMLInputElement, HTMLElement, HTMLAnchorElement, HTMLElement]} */ (
    /** @type {unknown} */ ([...menu.children])
  );
  field.value = link.href;
  field.ariaLabel = word("share");
  copy.textContent = word("copy");
  copy.addEventListener("click", async () => {
    field.select();
    // Only pages with HTTPS have a clipboard.
    await (navigator.clipboard?.writeText(link.href) ?? document.execCommand("copy"));
    status.textContent = word("copied");
  });
  mail.textContent = word("email");
  mail.href = `mailto:?subject=${encodeURIComponent(title)}&body=${encodeURIComponent(link.href)}`;
  menu.addEventListener("toggle", (event) => {
    if (/** @type {ToggleEvent} */ (event).newState === "closed") menu.remove();
  });
  link.after(menu);
  menu.showPopover();
  place(menu, link.getBoundingClientRect());
  copy.focus({ preventScroll: true });
}

/**
 * Below the link, within the page.
 * @param {HTMLElement} menu
 * @param {DOMRect} at
 */
function place(menu, at) {
  const { width, height } = menu.getBoundingClientRect();
  const left = document.dir === "rtl" ? at.left : at.right - width;
  const top = at.bottom + height > innerHeight ? at.top - height : at.bottom;
  menu.style.left = `${scrollX + Math.max(0, Math.min(left, document.documentElement.clientWidth - width))}px`;
  menu.style.top = `${scrollY + Math.max(0, top)}px`;
}
