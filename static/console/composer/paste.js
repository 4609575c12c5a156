// @ts-check
/** What comes from the clipboard and by dropping: pictures, a link alone, and the HTML of other programs. */
import { Plugin } from "prosemirror-state";
import { node } from "./blocks.js";
import { insertBlock, markType } from "./commands.js";
import { cleaned } from "./pasted_html.js";
import { beginUploads, pictureFiles } from "./uploads.js";

/** @typedef {import("prosemirror-view").EditorView} View */

const LINK = /^https?:\/\/\S+$/;
const FILM = /\.(mp4|webm|m4v|mov)(\?|$)|^https?:\/\/(www\.)?(youtube\.com\/watch|youtu\.be\/|vimeo\.com\/\d)/i;

/** @param {View} view @param {File[]} files */
export function placePictures(view, files) {
  if (!files.length) return false;
  return insertBlock(node("pictures", { fields: { images: beginUploads(view, files) } }))(view.state, view.dispatch, view);
}

/** @param {View} view @param {ClipboardEvent} event @returns {boolean} */
function paste(view, event) {
  const data = event.clipboardData;
  if (!data) return false;
  const files = pictureFiles(data.files);
  // Word and Excel put a picture of the words beside them
  if (files.length && !data.getData("text/html").replace(/<[^>]*>/g, "").trim()) return placePictures(view, files);
  const text = data.getData("text/plain").trim();
  if (!LINK.test(text)) return false;
  const { $from, empty } = view.state.selection;
  if (!empty) {
    const { from, to } = view.state.selection;
    view.dispatch(view.state.tr.addMark(from, to, markType("link").create({ href: text })));
    return true;
  }
  if ($from.depth !== 1 || $from.parent.childCount || $from.parent.type.name !== "paragraph") return false;
  return insertBlock(node(FILM.test(text) ? "video" : "embed", { fields: { url: text } }))(view.state, view.dispatch, view);
}

export const pasting = new Plugin({
  props: {
    handlePaste: paste,
    handleDrop: (view, event) => {
      const files = pictureFiles(event.dataTransfer?.files ?? []);
      if (!files.length) return false;
      event.preventDefault();
      return placePictures(view, files);
    },
    transformPastedHTML: cleaned,
  },
});
