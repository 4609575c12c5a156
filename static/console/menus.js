// @ts-check
/** Menus (`<details class="menu">`) close when the focus or the pointer goes elsewhere, and with Escape. */

export function closeMenusBehind() {
  for (const kind of ["click", "focusin"]) document.addEventListener(kind, (event) => closeOthers(event.target));
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && event.target instanceof Element && event.target.closest("details.menu[open]");
    if (!menu) return;
    menu.removeAttribute("open");
    menu.querySelector("summary")?.focus();
    // what else Escape does here is not meant
    event.stopImmediatePropagation();
  });
}

/** @param {EventTarget | null} target */
function closeOthers(target) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!(target instanceof Node && menu.contains(target))) menu.removeAttribute("open");
  }
}
