// @ts-check
/** Files that are being uploaded, in IndexedDB: a crash in the middle of an upload does not lose the picture. */

const NAME = "stoppress";
const STORE = "files";

/** @returns {Promise<IDBDatabase>} */
function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/**
 * @template T
 * @param {IDBTransactionMode} mode @param {(store: IDBObjectStore) => IDBRequest<T>} ask
 * @returns {Promise<T | null>} null where the browser keeps nothing
 */
async function once(mode, ask) {
  try {
    const database = await open();
    try {
      return await new Promise((resolve, reject) => {
        const request = ask(database.transaction(STORE, mode).objectStore(STORE));
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    } finally {
      database.close();
    }
  } catch {
    return null;
  }
}

/** @param {string} id @param {File} file */
export const keepFile = (id, file) => once("readwrite", (store) => store.put(file, id));

/** @param {string} id @returns {Promise<File | null>} */
export const keptFile = async (id) => (await once("readonly", (store) => store.get(id))) ?? null;

/** @param {string} id */
export const dropFile = (id) => once("readwrite", (store) => store.delete(id));
