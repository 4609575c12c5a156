/**
 * Script of the page of one update in an iframe: follows its edits and its retraction.
 */

import { ChangeQueue } from "./change_queue.js";
import { Connection } from "./connection.js";
import { playInPlace } from "./embeds.js";
import { openLine } from "./lines.js";
import { reload } from "./reload.js";
import { Scope } from "./page_filter.js";
import { keepTimes, showTimes } from "./times.js";
import { Updates } from "./updates.js";

/** @param {HTMLElement} root it says `data-older`, so that no other update is added */
function follow(root) {
  const { stream = "", socket = "", changes = "", position = "" } = root.dataset;
  const updates = new Updates(root, { scope: new Scope(root) });
  const queue = new ChangeQueue((applyEach) => {
    applyEach((change) => updates.apply(change));
    for (const each of updates.takeChanged()) showTimes(each);
  });
  new Connection({
    addresses: { stream, socket, changes },
    position,
    open: openLine(null),
    on: {
      change: (change) => (change.kind === "gone" && change.id === root.dataset["blog"] ? reload() : queue.push(change)),
      reset: reload,
      live: (live) => (root.dataset["connected"] = String(live)),
    },
  });
}

playInPlace(document);
keepTimes();
const root = document.querySelector(".live");
if (root instanceof HTMLElement) follow(root);
