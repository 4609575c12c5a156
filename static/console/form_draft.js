// @ts-check
/** Keeps what is typed in one form until it was taken or thrown away, also across tabs, crashes and the Back button. */
import { clockAndDay } from "./clock.js";
import { Drafts, ENDED, isSpent, newKey, same, wasTaken } from "./drafts.js";
import { fill, hidden, read, readAsSent, readPieces, setHidden } from "./form.js";
import { actButton } from "./notice.js";
import { isQueued } from "./outbox.js";
import { newerOf, serverDrafts } from "./server_drafts.js";
import { word } from "./words.js";

/** @typedef {import("./drafts.js").Draft} Draft */
/** @typedef {import("./drafts.js").Fields} Fields */
/** @typedef {import("./server_drafts.js").ServerDraft} ServerDraft */

/** What is typed is kept at once, and while somebody types on, this often. */
const SAVE_EVERY_MS = 250;
const SENDING_MS = 5_000;
const WORDS_SHOWN = 40;

export class FormDraft {
  #form;
  #drafts;
  #user;
  /** Of entries, the server keeps drafts too. */
  #server;
  /** What needs no keeping: the form as the server has it. Null when the server only handed back what was typed. */
  /** @type {Fields | null} */
  #unchanged;
  /** @type {Fields | null} */
  #written = null;
  #over = false;
  #sending = false;
  #timer = 0;

  /**
   * @param {HTMLFormElement} form with `data-draft` and `data-home`
   * @param {string} user
   * @param {string} taken the slot of the form that was taken just now, if one was
   */
  constructor(form, user, taken) {
    this.#form = form;
    this.#user = user;
    this.#drafts = new Drafts(user, form.dataset.draft ?? "");
    this.#server = form.dataset.slug === undefined ? null : serverDrafts(user);
    this.#unchanged = form.dataset.unsaved === undefined ? readAsSent(form) : null;
    // the draft brings back what was typed; the browser would bring back what was published as well
    form.autocomplete = "off";
    if (this.#unchanged) this.#restoreNewest(taken === this.#drafts.slot);
    else this.#takeOver();
    this.#listen();
    void this.#compareWithServer();
  }

  get #key() {
    return hidden(this.#form, "request_key");
  }

  #listen() {
    const soon = () => {
      if (this.#timer) return;
      this.#save();
      this.#timer = window.setTimeout(() => {
        this.#timer = 0;
        this.#save();
      }, SAVE_EVERY_MS);
    };
    this.#form.addEventListener("input", soon);
    this.#form.addEventListener("change", soon);
    this.#form.addEventListener("submit", (event) => this.#submit(event));
    window.addEventListener("pagehide", () => this.#save());
    document.addEventListener("visibilitychange", () => this.#save());
    window.addEventListener("storage", (event) => this.#heard(event));
    window.addEventListener("pageshow", (event) => event.persisted && this.#shownAgain());
    for (const link of document.querySelectorAll("a[data-cancel]")) {
      if ((link.closest("form") ?? this.#form) !== this.#form) continue;
      link.addEventListener("click", (event) => {
        if (event instanceof MouseEvent && !event.ctrlKey && !event.metaKey && !event.shiftKey) this.#drop();
      });
    }
  }

  #save() {
    if (this.#over) return;
    const fields = read(this.#form);
    if (this.#unchanged && same(fields, this.#unchanged)) {
      if (this.#written) {
        this.#drafts.remove(this.#key);
        this.#server?.end(this.#key);
      }
      this.#written = null;
    } else if (!this.#written || !same(fields, this.#written)) {
      this.#write(fields);
    }
  }

  /** @param {Fields} fields */
  #write(fields) {
    this.#written = fields;
    const revision = hidden(this.#form, "revision");
    const form = { fields, ...readPieces(this.#form), revision };
    const key = this.#key;
    this.#drafts.put(key, { ...form, at: Date.now() });
    this.#server?.put(key, {
      blog: this.#form.dataset.slug ?? "", entry: this.#form.dataset.entry ?? "", form,
      overtaken: (other) => this.#overtaken(key, other),
    });
  }

  /** @param {SubmitEvent} event */
  #submit(event) {
    if (event.defaultPrevented) return;
    if (this.#sending) {
      event.preventDefault();
      return;
    }
    this.#sending = true;
    // a navigation that was stopped leaves the page here
    window.setTimeout(() => (this.#sending = false), SENDING_MS);
    this.#save();
    this.#server?.hold(this.#key);
    this.#drafts.sending(this.#key, read(this.#form));
  }

  /** The server handed back what was typed: that is the newest, perhaps under a new key. */
  #takeOver() {
    const before = this.#drafts.lastSent();
    if (before && before !== this.#key) this.#drafts.remove(before);
    this.#save();
  }

  /** @param {boolean} startsAfresh a form of this kind was just taken: what else there is, is only offered */
  #restoreNewest(startsAfresh) {
    const found = this.#drafts.all().filter(({ draft }) => !this.#unchanged || !same(draft.fields, this.#unchanged));
    const [newest, ...others] = found;
    if (newest && !startsAfresh) {
      this.#restore(newest.key, newest.draft, others);
      return;
    }
    if (newest) this.#announce([], [], found);
    this.#save();
  }

  /** @param {string} key @param {Draft} draft @param {{ key: string, draft: Draft }[]} others */
  #restore(key, draft, others) {
    const current = hidden(this.#form, "revision");
    fill(this.#form, draft);
    setHidden(this.#form, "revision", draft.revision || current);
    setHidden(this.#form, "request_key", key);
    this.#written = draft.fields;
    if (isSpent(key)) this.#fork();
    this.#form.dispatchEvent(new Event("restored"));
    const words = [word("restored", { time: this.#clock(draft.at) })];
    if (draft.revision !== current && current !== "") {
      words.push(word("restored_changed"));
    }
    if (draft.file) words.push(word("restored_picture", { name: draft.file }));
    this.#announce(words, [actButton(word("discard_draft"), () => this.#discard())], others);
  }

  /** @param {string[]} words @param {HTMLElement[]} buttons @param {{ key: string, draft: Draft }[]} others */
  #announce(words, buttons, others) {
    const place = this.#form.querySelector("[data-restored]");
    if (!place) return;
    const text = document.createElement("p");
    text.textContent = words.join(" ") || word("other_draft");
    const box = document.createElement("div");
    box.className = "said";
    box.append(text, ...buttons);
    for (const other of others) {
      box.append(actButton(word("use_draft", { time: this.#clock(other.draft.at), words: beginning(other.draft) }), () => {
        this.#restore(other.key, other.draft, []);
      }));
    }
    place.replaceChildren(box);
  }

  /**
   * What stands in the form goes to somebody else, who keeps it before the draft ends; the form begins afresh, under
   * a key of its own.
   * @param {(key: string, fields: Fields) => void} take
   */
  handOver(take) {
    const [key, fields] = [this.#key, read(this.#form)];
    take(key, fields);
    this.#drafts.end(key, fields);
    this.#begin();
  }

  /** Put what was handed over into the form again. What stands there stays a draft. @param {string} key @param {Fields} fields */
  takeBack(key, fields) {
    this.#save();
    this.#begin();
    fill(this.#form, { fields, pieces: [], file: "", revision: "", at: Date.now() });
    setHidden(this.#form, "request_key", key);
    this.#write(fields);
    this.#form.dispatchEvent(new Event("restored"));
  }

  /** Before the page is left for what the server says of it. */
  leave() {
    this.#save();
    this.#server?.hold(this.#key);
    this.#drafts.sending(this.#key, read(this.#form));
    this.#over = true;
  }

  /** What stands in the form is what the server has by now: nothing of it needs keeping. */
  settle() {
    this.#drafts.remove(this.#key);
    this.#unchanged = readAsSent(this.#form);
    this.#written = null;
    setHidden(this.#form, "request_key", newKey());
    this.#form.querySelector("[data-restored]")?.replaceChildren();
  }

  /** The draft is not wanted. */
  discard() {
    this.#drop();
  }

  #begin() {
    this.#written = null;
    this.#form.reset();
    setHidden(this.#form, "request_key", newKey());
    this.#form.querySelector("[data-restored]")?.replaceChildren();
    this.#form.dispatchEvent(new Event("restored"));
  }

  #drop() {
    this.#over = true;
    this.#drafts.end(this.#key, read(this.#form));
    this.#server?.end(this.#key);
  }

  #discard() {
    this.#drop();
    location.replace(this.#home);
  }

  /** @param {number} at */
  #clock(at) {
    return clockAndDay(at, this.#form.dataset.timeZone);
  }

  get #home() {
    return this.#form.dataset.home ?? location.pathname;
  }

  /** Go on under a key of its own: what the old one stands for is published or another tab's. */
  #fork() {
    setHidden(this.#form, "request_key", newKey());
    this.#write(read(this.#form));
  }

  /** @param {StorageEvent} event what another tab did */
  #heard(event) {
    if (this.#over) return;
    if (event.key === ENDED) this.#ended(JSON.parse(event.newValue ?? "null"));
    else if (event.key === this.#drafts.slot + this.#key) this.#writtenElsewhere();
  }

  /** @param {{ key: string, fields: Fields } | null} ended */
  #ended(ended) {
    if (!ended || ended.key !== this.#key) return;
    if (same(ended.fields, read(this.#form))) {
      this.#over = true;
      location.replace(this.#home);
    } else {
      this.#fork();
    }
  }

  #writtenElsewhere() {
    const fields = read(this.#form);
    const draft = this.#drafts.get(this.#key);
    const untouched = same(fields, this.#written ?? this.#unchanged ?? {});
    if (!draft) {
      if (!this.#unchanged || !same(fields, this.#unchanged)) this.#write(fields);
    } else if (!same(draft.fields, fields)) {
      if (!untouched) this.#fork();
      else {
        this.#written = draft.fields;
        fill(this.#form, draft);
        this.#form.dispatchEvent(new Event("restored"));
      }
    }
  }

  /** Drafts of other browsers are offered; what is older than the server's goes on from there. */
  async #compareWithServer() {
    const found = await this.#server?.listed(this.#form.dataset.slug ?? "", this.#form.dataset.entry ?? "") ?? [];
    if (this.#over) return;
    for (const there of found) {
      const here = this.#drafts.get(there.key);
      if (isSpent(there.key) || isQueued(this.#user, this.#form.dataset.slug ?? "", there.key)) continue;
      if (here) this.#join(here, there);
      else this.#offer(there);
    }
  }

  /** @param {Draft} here @param {ServerDraft} there a later or earlier state of it */
  #join(here, there) {
    const current = there.key === this.#key;
    const newer = newerOf(this.#server?.known(there.key) ?? null, here, there);
    if (newer === "both") {
      if (!current) this.#drafts.put(newKey(), here);
      this.#overtaken(there.key, there);
      return;
    }
    this.#server?.adopt(there);
    if (newer === "here" && current) this.#write(read(this.#form));
    if (newer !== "there") return;
    if (current && same(read(this.#form), here.fields)) this.#use(there);
    else this.#offer(there);
  }

  /**
   * Another browser went on with this draft, or ended it (`other` is null): what stands here goes on as a draft of
   * its own.
   * @param {string} key @param {ServerDraft | null} other
   */
  #overtaken(key, other) {
    if (this.#over) return;
    if (other) {
      this.#server?.adopt(other);
      this.#drafts.put(key, localOf(other));
    } else {
      this.#drafts.remove(key);
    }
    if (key === this.#key) this.#fork();
    if (other) this.#offer(other);
  }

  /** @param {ServerDraft} there */
  #offer(there) {
    const box = document.createElement("div");
    box.className = "said";
    const words = document.createElement("p");
    const draft = localOf(there);
    words.textContent = word("draft_elsewhere", { time: this.#clock(draft.at), words: beginning(draft) });
    box.append(
      words,
      actButton(word("draft_use"), () => {
        box.remove();
        this.#use(there);
      }),
      actButton(word("discard"), () => {
        box.remove();
        this.#drafts.remove(there.key);
        this.#server?.adopt(there);
        this.#server?.end(there.key);
      }),
    );
    this.#form.querySelector("[data-offered]")?.append(box);
  }

  /** Go on with a draft of another browser. What stands in the form stays a draft. @param {ServerDraft} there */
  #use(there) {
    this.#save();
    const before = this.#drafts.get(this.#key);
    const others = before && this.#key !== there.key ? [{ key: this.#key, draft: before }] : [];
    this.#server?.adopt(there);
    this.#drafts.put(there.key, localOf(there));
    this.#restore(there.key, localOf(there), others);
  }

  /** The browser shows the page again as it was left: what was published meanwhile must not be sent once more. */
  #shownAgain() {
    this.#sending = false;
    if (this.#over || wasTaken(this.#key, read(this.#form))) location.replace(this.#home);
    else if (isSpent(this.#key)) this.#fork();
  }
}

/** @param {ServerDraft} there @returns {Draft} */
const localOf = ({ form, at }) => ({ ...form, at: Date.parse(at) });

/** @param {Draft} draft @returns {string} */
function beginning(draft) {
  const words = String(draft.fields.title || draft.fields.body || draft.fields.headline || "");
  return `${words.slice(0, WORDS_SHOWN)}${words.length > WORDS_SHOWN ? "…" : ""}`;
}
