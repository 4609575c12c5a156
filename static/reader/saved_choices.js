/**
 * The reader's choices and where they stopped. They stay in this browser, or with `sessionStorage` in this tab; where
 * storage is blocked nothing is kept.
 */

const PREFIX = "stoppress.";

/** @typedef {"localStorage" | "sessionStorage"} Kind */

/**
 * @param {string} name
 * @param {Kind} kind
 */
export function recall(name, kind = "localStorage") {
  try {
    return window[kind].getItem(PREFIX + name) ?? "";
  } catch {
    return "";
  }
}

/**
 * @param {string} name
 * @param {string} value an empty one is forgotten
 * @param {Kind} kind
 */
export function remember(name, value, kind = "localStorage") {
  try {
    if (value) window[kind].setItem(PREFIX + name, value);
    else window[kind].removeItem(PREFIX + name);
  } catch {
    // Storage is blocked or full.
  }
}
