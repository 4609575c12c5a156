/**
 * Script of the live blog page: follows the feed and applies changes. The page is complete without it.
 */

import { Arrivals } from "./arrivals.js";
import "./embeds.js";
import { Follower } from "./follower.js";
import { loadMore } from "./more.js";
import { keepTimes, showTimes } from "./times.js";
import { Updates } from "./updates.js";
import { word } from "./words.js";

const RELOADED = "stoppress.reloaded";
const RELOAD_EVERY_MS = 10_000;
const RELOAD_SPREAD_MS = 4_000;
const HIDDEN_RELOAD_SPREAD_MS = 30_000;

/** @param {string | null} text */
function transport(text) {
  return text === "sse" || text === "ws" || text === "poll" ? text : null;
}

let reloading = false;

/**
 * Reload after a reset: never in a loop, and not in the same second as every other page. A page in the background
 * waits longer, or until it is shown.
 */
function reload() {
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

/** @param {HTMLElement} root */
function start(root) {
  const connection = /** @type {HTMLElement} */ (root.querySelector("[data-connection]"));
  const label = /** @type {HTMLElement} */ (root.querySelector("[data-connection-word]"));
  const tools = /** @type {HTMLElement} */ (root.querySelector("[data-tools]"));
  const isOlder = root.hasAttribute("data-older");
  const arrivals = new Arrivals(root, (article) => showTimes(article));
  const updates = new Updates(root, (article) => arrivals.add(article));

  const headline = () => root.querySelector("h1")?.textContent ?? "";

  const show = (/** @type {boolean} */ live) => {
    const state = root.dataset["status"] === "closed" ? "closed" : live ? "live" : "reconnecting";
    connection.dataset["state"] = state;
    connection.dataset["transport"] = follower.transport;
    label.textContent = word(state);
  };

  const follower = new Follower({
    addresses: {
      stream: root.dataset["stream"] ?? "",
      socket: root.dataset["socket"] ?? "",
      changes: root.dataset["changes"] ?? "",
    },
    position: root.dataset["position"] ?? "",
    forced: transport(new URLSearchParams(location.search).get("transport")),
    on: {
      change(change) {
        if (change.kind === "gone" && change.id === root.dataset["blog"]) return reload();
        const before = headline();
        updates.apply(change);
        if (headline() !== before) arrivals.rename(arrivals.title.replace(before, () => headline()));
        arrivals.recount();
        showTimes(root);
        root.dataset["position"] = follower.position;
        show(true);
      },
      reset: reload,
      live: show,
    },
  });

  tools.hidden = isOlder;
  loadMore(root, (articles, first) => {
    updates.extend(articles, first);
    showTimes(root);
  });
  follower.connect();
}

keepTimes();
const root = document.querySelector(".live");
if (root instanceof HTMLElement) start(root);
