// @ts-check
/** Uploading pictures. Each has an id of its own, which stands in the document until the server has given it one. */
import { dropFile, keepFile, keptFile } from "../file_store.js";
import { requireLogIn } from "../log_in.js";
import { newKey } from "../drafts.js";
import { word } from "../words.js";
import { schema } from "./schema.js";

/** @typedef {import("prosemirror-view").EditorView} View */

const ADDRESS = "/api/v1/media";
const ACCEPTED = /^image\/(jpeg|png|webp|gif|avif)$/;
export const ACCEPT = "image/jpeg,image/png,image/webp,image/gif,image/avif";
const UNAUTHENTICATED = 401;
/** Progress of each upload of this page, from 0 to 1. @type {Map<string, number>} */
const running = new Map();

/** @param {Iterable<File>} files @returns {File[]} */
export const pictureFiles = (files) => [...files].filter((file) => ACCEPTED.test(file.type));

/** @param {string} id @returns {number} */
export const progressOf = (id) => running.get(id) ?? 0;

/** The node for pictures that are chosen, whose uploads begin. @param {View} view @param {File[]} files @returns {any[]} */
export function beginUploads(view, files) {
  return files.map((file) => {
    const id = newKey();
    void keepFile(id, file);
    // after the node is in the document
    queueMicrotask(() => void upload(view, id, file));
    return { media_id: "", alt: "", caption: "", credit: "", decorative: false, _upload: id, _name: file.name };
  });
}

/** Go on with uploads of a document that was restored. @param {View} view */
export function resumeUploads(view) {
  for (const image of uploading(view)) {
    if (running.has(image._upload)) continue;
    running.set(image._upload, 0);
    void keptFile(image._upload).then((file) => {
      if (file) void upload(view, image._upload, file);
      else fail(view, image._upload, word("picture_again", { name: image._name ?? "" }));
    });
  }
}

/** @param {View} view @param {string} id */
export async function retryUpload(view, id) {
  const file = await keptFile(id);
  change(view, id, (image) => ({ ...image, _failed: undefined }));
  if (file) await upload(view, id, file);
}

/** @param {View} view @param {string} id @param {File} file */
async function upload(view, id, file) {
  running.set(id, 0);
  try {
    let answer = await send(file, (share) => {
      running.set(id, share);
      change(view, id, (image) => ({ ...image, _progress: Math.round(share * 100) }));
    });
    while (answer.status === UNAUTHENTICATED && await requireLogIn()) answer = await send(file, () => undefined);
    if (answer.status === 201) {
      const { id: media_id, width, height, widths, mime, alt, caption, credit } = answer.body;
      change(view, id, (image) => ({
        ...Object.fromEntries(Object.entries(image).filter(([name]) => !name.startsWith("_"))),
        _key: id, media_id, width, height, widths, mime,
        alt: image.alt || alt, caption: image.caption || caption, credit: image.credit || credit,
      }));
      void dropFile(id);
    } else {
      fail(view, id, answer.body?.errors?.[0]?.message ?? answer.body?.detail ?? word("upload_failed"));
    }
  } catch {
    fail(view, id, word("upload_failed"));
  }
  running.delete(id);
}

/** @param {View} view @param {string} id @param {string} reason */
function fail(view, id, reason) {
  change(view, id, (image) => ({ ...image, _failed: reason }));
}

/** @param {File} file @param {(share: number) => void} progress @returns {Promise<{ status: number, body: any }>} */
function send(file, progress) {
  return new Promise((resolve, reject) => {
    const form = new FormData();
    form.append("file", file);
    const request = new XMLHttpRequest();
    request.open("POST", ADDRESS);
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => event.lengthComputable && progress(event.loaded / event.total));
    request.addEventListener("load", () => resolve({ status: request.status, body: request.response }));
    request.addEventListener("error", () => reject(new Error("network")));
    request.send(form);
  });
}

/** @param {View} view */
function* uploading(view) {
  /** @type {any[]} */
  const found = [];
  view.state.doc.descendants((node) => {
    if (node.type === schema.nodes.pictures) found.push(...node.attrs.fields.images);
  });
  for (const image of found) if (image._upload && !image.media_id && !image._failed) yield image;
}

/** @param {View} view @param {string} id @param {(image: any) => any} to */
function change(view, id, to) {
  if (view.isDestroyed) return;
  const { tr } = view.state;
  view.state.doc.descendants((node, at) => {
    if (node.type !== schema.nodes.pictures) return;
    const { images } = node.attrs.fields;
    if (images.some((/** @type {any} */ image) => image._upload === id)) {
      tr.setNodeAttribute(at, "fields", { images: images.map((/** @type {any} */ i) => (i._upload === id ? to(i) : i)) });
    }
  });
  if (tr.docChanged) view.dispatch(tr.setMeta("addToHistory", false));
}
