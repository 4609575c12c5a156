/**
 * "Load more updates" without a page load. The link works without scripts.
 */

/**
 * @param {HTMLElement} root
 * @param {(articles: HTMLElement[], first: number) => void} extend
 */
export function loadMore(root, extend) {
  const link = /** @type {HTMLAnchorElement | null} */ (root.querySelector("[data-more]"));
  if (!link || root.hasAttribute("data-older")) return;
  link.addEventListener("click", async (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    if (link.getAttribute("aria-busy") === "true") return;
    link.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(link.href);
      if (!answer.ok) throw new Error(String(answer.status));
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const older = /** @type {HTMLElement | null} */ (page.querySelector(".live"));
      const articles = /** @type {HTMLElement[]} */ ([...page.querySelectorAll("[data-entries] > article")]);
      extend(articles, Number(older?.dataset["first"] ?? "1"));
      const next = /** @type {HTMLAnchorElement | null} */ (page.querySelector("[data-more]"));
      if (next) link.href = next.href;
      else link.remove();
      const first = articles[0] && root.querySelector(`[data-id="${articles[0].dataset["id"]}"]`);
      if (first instanceof HTMLElement) {
        first.tabIndex = -1;
        first.focus({ preventScroll: true });
      }
    } catch {
      location.href = link.href;
    } finally {
      link.removeAttribute("aria-busy");
    }
  });
}
