// @ts-check
/** JSON in the browser's storage. A browser without storage only loses what it would have kept. */

/** @param {Storage} storage @param {string} key @returns {any} the value, or null for none or an unreadable one */
export function load(storage, key) {
  try {
    return JSON.parse(storage.getItem(key) ?? "null");
  } catch {
    return null;
  }
}

/**
 * @param {Storage} storage @param {string} key @param {unknown} value null removes it
 * @returns {boolean} whether it is kept: storage may be full or forbidden
 */
export function store(storage, key, value) {
  try {
    if (value === null) storage.removeItem(key);
    else storage.setItem(key, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

/** @param {string} prefix @returns {string[]} the keys of localStorage that start with it */
export function keysFrom(prefix) {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(prefix));
  } catch {
    return [];
  }
}
