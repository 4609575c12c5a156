/**
 * Reloads the page after a reset: never in a loop, and not in the same second as every other page. A page in the
 * background waits longer, or until it is shown.
 */

const RELOADED = "stoppress.reloaded";
const RELOAD_EVERY_MS = 10_000;
const RELOAD_SPREAD_MS = 4_000;
const HIDDEN_RELOAD_SPREAD_MS = 30_000;

let reloading = false;

export function reload() {
  if (reloading) return;
  reloading = true;
  const last = Number(sessionStorage.getItem(RELOADED) ?? "0");
  const visible = document.visibilityState === "visible";
  const wait = Math.max(0, last + RELOAD_EVERY_MS - Date.now());
  setTimeout(reloadNow, wait + Math.random() * (visible ? RELOAD_SPREAD_MS : HIDDEN_RELOAD_SPREAD_MS));
  if (visible) return;
  document.addEventListener("visibilitychange", () => setTimeout(reloadNow, wait), { once: true });
}

function reloadNow() {
  sessionStorage.setItem(RELOADED, String(Date.now()));
  location.reload();
}
