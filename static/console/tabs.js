// @ts-check
/** On a phone, one part of a blog's page at a time. Without scripts they follow one another, and the tabs lead to them. */

/** @type {Record<string, string>} */
const OF_HASH = { "#lists": "lists", "#compose": "write", "#blog": "blog" };

export function followTabs() {
  const page = document.querySelector(".newsroom");
  const tabs = [.../** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll(".tabs a[data-tab]"))];
  if (!page || !tabs.length) return;
  /** @param {string} name */
  const show = (name) => {
    for (const pane of page.querySelectorAll(".pane")) pane.classList.toggle("pane--shown", pane.id === name);
    for (const tab of tabs) {
      if (tab.dataset.tab === name) tab.setAttribute("aria-current", "true");
      else tab.removeAttribute("aria-current");
    }
  };
  for (const tab of tabs) {
    tab.addEventListener("click", (event) => {
      event.preventDefault();
      show(tab.dataset.tab ?? "");
      window.scrollTo(0, 0);
    });
  }
  page.classList.add("newsroom--tabs");
  show(location.hash.startsWith("#row-") ? "lists" : OF_HASH[location.hash] ?? "write");
}
