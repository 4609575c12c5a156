// @ts-check
/** The words of a document as Markdown, for the plain form, which has one box for them. */

/** @typedef {import("prosemirror-model").Node} Node */

/** @type {Record<string, string>} */
const AROUND = { strong: "**", em: "*", s: "~~", code: "`" };

/** @param {Node} doc @returns {string} */
export function asMarkdown(doc) {
  return doc.content.content.map(block).filter(Boolean).join("\n\n");
}

/** @param {Node} node @returns {string} */
function block(node) {
  switch (node.type.name) {
    case "paragraph":
      return inline(node);
    case "heading":
      return `${"#".repeat(node.attrs.level)} ${inline(node)}`;
    case "quote": {
      const said = node.content.content.slice(0, -1).map(block).join("\n\n");
      const cite = node.lastChild?.textContent;
      return quoted(cite ? `${said}\n— ${cite}` : said);
    }
    case "blockquote":
      return quoted(asMarkdown(node));
    case "bullet_list":
      return node.content.content.map((item) => listed("- ", item)).join("\n");
    case "ordered_list":
      return node.content.content.map((item, index) => listed(`${Number(node.attrs.start ?? 1) + index}. `, item)).join("\n");
    case "code_block":
      return `\`\`\`\n${node.textContent}\n\`\`\``;
    case "horizontal_rule":
      return "---";
    default:
      return node.isAtom ? "" : node.textBetween(0, node.content.size, "\n", "\n");
  }
}

/** @param {string} mark @param {Node} item @returns {string} */
const listed = (mark, item) => mark + item.content.content.map(block).join("\n").replace(/\n/g, `\n${" ".repeat(mark.length)}`);

/** @param {string} text @returns {string} */
const quoted = (text) => text.split("\n").map((line) => `> ${line}`.trimEnd()).join("\n");

/** @param {Node} node @returns {string} */
function inline(node) {
  let made = "";
  node.forEach((child) => {
    if (!child.isText) {
      made += "\n";
      return;
    }
    const code = child.marks.some((mark) => mark.type.name === "code");
    const text = code ? child.text ?? "" : (child.text ?? "").replace(/([\\`*_[\]<>~])/g, "\\$1");
    const [, before = "", words = "", after = ""] = /^(\s*)([\s\S]*?)(\s*)$/.exec(text) ?? [];
    const around = child.marks.map((mark) => AROUND[mark.type.name] ?? "").join("");
    const link = child.marks.find((mark) => mark.type.name === "link");
    const inner = words && `${around}${words}${[...around.matchAll(/\*\*|~~|\*|`/g)].reverse().join("")}`;
    made += before + (link && words ? `[${inner}](${link.attrs.href})` : inner) + after;
  });
  return made;
}
