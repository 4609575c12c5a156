// @ts-check
/**
 * A list of lines that is written and sorted in place: by buttons, by Alt with the arrow keys, and by dragging. It
 * stands for a textarea with one line for each, which keeps its value and is what a form sends.
 */

/** @typedef {{ item: string, up: string, down: string, remove: string, add: string, moved: string, drag: string }} Words */

export class Sortable {
  #area;
  #words;
  #list = document.createElement("ol");
  #said = document.createElement("p");
  /** @type {HTMLElement | null} */
  #dragged = null;

  /** @param {HTMLTextAreaElement} area @param {Words} words with `%(n)s` and `%(of)s` for places */
  constructor(area, words) {
    this.#area = area;
    this.#words = words;
    this.#list.className = "sortable";
    this.#said.className = "visually-hidden";
    this.#said.setAttribute("role", "status");
    this.#list.setAttribute("aria-labelledby", area.getAttribute("aria-labelledby") ?? "");
    const add = button(words.add, "act sortable__add", () => this.#insert(this.#list.children.length));
    area.hidden = true;
    area.after(this.#list, add, this.#said);
    this.#list.addEventListener("input", () => this.#tell());
    this.#list.addEventListener("keydown", (event) => this.#key(event));
    this.#list.addEventListener("dragover", (event) => this.#over(event));
    this.#list.addEventListener("drop", (event) => event.preventDefault());
    this.draw();
  }

  /** Show what the textarea holds, unless it is shown already. */
  draw() {
    if (this.#value() === this.#area.value) return;
    const lines = this.#area.value.split("\n").filter((line) => line.trim());
    this.#list.replaceChildren(...lines.map((line) => this.#row(line)));
    this.#number();
  }

  /** @param {string} line @returns {HTMLLIElement} */
  #row(line) {
    const row = document.createElement("li");
    row.className = "sortable__row";
    const field = document.createElement("textarea");
    growWithContent(field);
    field.rows = 1;
    field.value = line;
    field.dir = "auto";
    const handle = document.createElement("span");
    handle.className = "sortable__handle";
    handle.title = this.#words.drag;
    handle.draggable = true;
    handle.setAttribute("aria-hidden", "true");
    handle.addEventListener("dragstart", (event) => {
      this.#dragged = row;
      event.dataTransfer?.setDragImage(row, 0, 0);
      event.dataTransfer?.setData("text/plain", field.value);
    });
    handle.addEventListener("dragend", () => {
      this.#dragged = null;
      this.#tell();
    });
    const acts = document.createElement("span");
    acts.className = "sortable__acts";
    acts.append(
      button("↑", "sortable__act", () => this.#move(row, -1, "up")),
      button("↓", "sortable__act", () => this.#move(row, 1, "down")),
      button("×", "sortable__act", () => this.#remove(row)),
    );
    row.append(handle, field, acts);
    return row;
  }

  /** Names for who does not see where a row stands. */
  #number() {
    const rows = [.../** @type {HTMLCollectionOf<HTMLElement>} */ (this.#list.children)];
    rows.forEach((row, at) => {
      const [up, down, remove] = row.querySelectorAll("button");
      const field = row.querySelector("textarea");
      field?.setAttribute("aria-label", filled(this.#words.item, at + 1, rows.length));
      up?.setAttribute("aria-label", filled(this.#words.up, at + 1, rows.length));
      down?.setAttribute("aria-label", filled(this.#words.down, at + 1, rows.length));
      remove?.setAttribute("aria-label", filled(this.#words.remove, at + 1, rows.length));
      up?.setAttribute("aria-disabled", String(at === 0));
      down?.setAttribute("aria-disabled", String(at === rows.length - 1));
    });
  }

  /** @param {number} at @param {string} [line] */
  #insert(at, line = "") {
    const row = this.#row(line);
    this.#list.insertBefore(row, this.#list.children[at] ?? null);
    this.#number();
    row.querySelector("textarea")?.focus();
  }

  /** @param {HTMLElement} row @param {number} step @param {"up" | "down" | "field"} focus what has the focus afterwards */
  #move(row, step, focus) {
    const rows = [...this.#list.children];
    const to = rows.indexOf(row) + step;
    if (to < 0 || to >= rows.length) return;
    if (step < 0) this.#list.insertBefore(row, rows[to] ?? null);
    else this.#list.insertBefore(row, rows[to + 1] ?? null);
    this.#number();
    const [up, down] = row.querySelectorAll("button");
    const field = row.querySelector("textarea");
    ({ up, down, field })[focus]?.focus();
    this.#said.textContent = filled(this.#words.moved, to + 1, rows.length);
    this.#tell();
  }

  /** @param {HTMLElement} row */
  #remove(row) {
    const next = row.previousElementSibling ?? row.nextElementSibling;
    row.remove();
    this.#number();
    (next?.querySelector("textarea") ?? /** @type {HTMLElement | null} */ (this.#list.nextElementSibling))?.focus();
    this.#tell();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const field = event.target;
    const row = field instanceof HTMLTextAreaElement ? field.closest("li") : null;
    if (!(field instanceof HTMLTextAreaElement) || !row || event.isComposing) return;
    const vertical = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (event.altKey && vertical) this.#move(row, vertical, "field");
    else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) this.#split(row, field);
    else if (event.key === "Backspace" && !field.value) this.#remove(row);
    else return;
    event.preventDefault();
  }

  /** What stands after the cursor becomes the next line. @param {HTMLElement} row @param {HTMLTextAreaElement} field */
  #split(row, field) {
    const rest = field.value.slice(field.selectionEnd);
    field.value = field.value.slice(0, field.selectionStart);
    this.#insert([...this.#list.children].indexOf(row) + 1, rest.trim());
    this.#list.querySelectorAll("textarea")[[...this.#list.children].indexOf(row) + 1]?.setSelectionRange(0, 0);
    this.#tell();
  }

  /** @param {DragEvent} event */
  #over(event) {
    const over = event.target instanceof Element ? event.target.closest("li") : null;
    if (!this.#dragged || !over) return;
    event.preventDefault();
    const { top, height } = over.getBoundingClientRect();
    if (over !== this.#dragged) this.#list.insertBefore(this.#dragged, event.clientY < top + height / 2 ? over : over.nextSibling);
    this.#number();
  }

  #value() {
    return [...this.#list.querySelectorAll("textarea")].map(({ value }) => value.replace(/\s+/g, " ").trim()).filter(Boolean).join("\n");
  }

  #tell() {
    const value = this.#value();
    if (value === this.#area.value) return;
    this.#area.value = value;
    this.#area.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

/** @param {string} words @param {number} n @param {number} of @returns {string} */
const filled = (words, n, of) => words.replace("%(n)s", String(n)).replace("%(of)s", String(of));

/** @param {string} words @param {string} name of the class @param {() => void} act @returns {HTMLButtonElement} */
function button(words, name, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = name;
  made.textContent = words;
  made.addEventListener("click", act);
  return made;
}

/** Give a field the height of its words, where the browser can. Not in the style sheet: the checker of CSS does not know it yet. @param {HTMLTextAreaElement} field */
export function growWithContent(field) {
  field.style.setProperty("field-sizing", "content");
}
