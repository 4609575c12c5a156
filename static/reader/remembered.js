/**
 * The reader's choices and where they stopped. They stay in this browser; where storage is blocked nothing is kept.
 */

const PREFIX = "stoppress.";

/** @param {string} name */
export function recall(name) {
  try {
    return localStorage.getItem(PREFIX + name) ?? "";
  } catch {
    return "";
  }
}

/**
 * @param {string} name
 * @param {string} value an empty one is forgotten
 */
export function remember(name, value) {
  try {
    if (value) localStorage.setItem(PREFIX + name, value);
    else localStorage.removeItem(PREFIX + name);
  } catch {
    // Storage is blocked or full.
  }
}
