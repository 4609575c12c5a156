// @ts-check
/** A blog as the API has it, as the texts of the form that edits it in place, and what changed as a body for the API. */
import { instantOf } from "../instant.js";

/** @typedef {Record<string, string>} Texts */

const PLAIN = ["headline", "standfirst", "status"];
const LEAD = ["lead_picture_id", "lead_alt", "lead_decorative", "lead_caption", "lead_credit", "lead_video", "lead_video_title"];
export const FIELDS = [...PLAIN, "key_developments", "topics", "related", "planned_end", ...LEAD];

/** @param {any} blog @param {string} zone IANA name @returns {Texts} */
export function textsOf(blog, zone) {
  const lead = blog.lead ?? {};
  const video = lead.type === "video";
  return {
    ...Object.fromEntries(PLAIN.map((name) => [name, blog[name]])),
    key_developments: blog.key_developments.join("\n"),
    topics: blog.topics.join("\n"),
    related: blog.related.map((/** @type {any} */ link) => `${link.title} | ${link.url}`).join("\n"),
    planned_end: blog.planned_end ? localOf(blog.planned_end, zone) : "",
    lead_picture_id: (video ? lead.poster : lead.media_id) ?? "",
    lead_alt: lead.alt ?? "",
    lead_decorative: lead.decorative ? "1" : "",
    lead_caption: lead.caption ?? "",
    lead_credit: (video ? lead.byline : lead.credit) ?? "",
    lead_video: video ? lead.url : "",
    lead_video_title: video ? lead.title : "",
  };
}

/**
 * What a form asks for, with no more than the fields that are named.
 * @param {Texts} texts @param {string[]} names those that were changed @param {any} before the blog up to now @param {string} zone
 * @returns {Record<string, any>}
 */
export function bodyOf(texts, names, before, zone) {
  /** @param {string} name */
  const text = (name) => texts[name] ?? "";
  /** @type {Record<string, any>} */
  const body = {};
  for (const name of names) {
    if (LEAD.includes(name)) body.lead = leadOf(texts, before.lead);
    else if (name === "related") body.related = lines(text(name)).map(link);
    else if (name === "planned_end") body.planned_end = text(name) ? instantOf(text(name), zone) : null;
    else if (name === "key_developments" || name === "topics") body[name] = lines(text(name));
    else body[name] = text(name).trim();
  }
  return body;
}

/** @param {Texts} texts @param {any} before @returns {any} */
function leadOf(texts, before) {
  const { lead_picture_id: picture, lead_video: video, lead_caption: caption, lead_credit: credit } = texts;
  if (video) {
    const kept = before?.type === "video" && before.url === video ? before : {};
    return { ...kept, type: "video", url: video, title: texts.lead_video_title, byline: credit, caption, poster: picture };
  }
  if (!picture) return null;
  const kept = before?.media_id === picture ? before : {};
  return { ...kept, type: "image", media_id: picture, alt: texts.lead_alt, caption, credit, decorative: texts.lead_decorative === "1" };
}

/** @param {string} text @returns {string[]} */
const lines = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);

/** @param {string} line `title | address` @returns {{ title: string, url: string }} */
function link(line) {
  const at = line.lastIndexOf("|");
  return { title: line.slice(0, Math.max(0, at)).trim(), url: line.slice(at + 1).trim() };
}

/** @param {string} moment RFC 3339 @param {string} zone @returns {string} as `<input type=datetime-local>` has it */
function localOf(moment, zone) {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit",
  }).formatToParts(Date.parse(moment));
  const part = Object.fromEntries(parts.map(({ type, value }) => [type, value]));
  return `${part.year}-${part.month}-${part.day}T${part.hour}:${part.minute}`;
}
