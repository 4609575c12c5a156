// @ts-check
/** What is on its way, as rows above the entries: sending, waiting, published, failed with the reason. */
import { html, nothing, render } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { clock } from "./clock.js";
import { word } from "./words.js";

/** @typedef {import("./outbox.js").Item} Item */
/** @typedef {{ retry: (key: string) => void, edit: (key: string) => void, drop: (key: string) => void }} Acts */

/** @param {HTMLElement} place @param {readonly Item[]} items @param {string | undefined} zone of the blog @param {Acts} acts */
export function drawOutbox(place, items, zone, acts) {
  place.hidden = items.length === 0;
  render(repeat(items, (item) => item.key, (item) => row(item, zone, acts)), place);
}

/** @param {Item} item @param {string | undefined} zone @param {Acts} acts */
function row(item, zone, acts) {
  /** @param {string} name @param {(key: string) => void} act */
  const button = (name, act) => html`<button type="button" class="act" @click=${() => act(item.key)}>${word(name)}</button>`;
  const stays = item.state !== "sending";
  return html`<li class=${`row row--${item.state}`} data-outbox=${item.state}>
    <time class="row__time" datetime=${new Date(item.at).toISOString()}>${clock(item.at, zone)}</time><div class="row__words">
    <span class="row__line">${item.line || word("untitled")}</span>
    <p class="row__facts"><span class=${`state state--${item.state}`}>${word(`state_${item.state}`)}</span></p>
    ${item.reason ? html`<p class="row__note">${item.reason}</p>` : nothing}</div>
    ${stays ? html`<div class="row__acts" role="group" aria-label=${item.line}>${button(item.state === "log_in" ? "log_in" : "try_again", acts.retry)}
    ${button("edit", acts.edit)} ${button("discard", acts.drop)}</div>` : nothing}</li>`;
}
