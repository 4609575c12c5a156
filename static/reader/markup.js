/**
 * HTML of the server as elements. Where a page requires Trusted Types (W3C), which other sites may, it has to allow the
 * policy `stop-press`.
 */

/** @typedef {{ createHTML: (html: string) => string }} Policy */

const policy = makePolicy();

/** @returns {Policy | undefined} */
function makePolicy() {
  /** @type {{ createPolicy: (name: string, policy: Policy) => Policy } | undefined} */
  const factory = /** @type {any} */ (globalThis).trustedTypes;
  try {
    return factory?.createPolicy("stop-press", { createHTML: (html) => html });
  } catch {
    return undefined; // not allowed here, or made by another copy of this script
  }
}

/** @param {string} html of our server, which has sanitised what was typed */
function trusted(html) {
  return policy ? policy.createHTML(html) : html;
}

/** @param {string} html */
export function elements(html) {
  const template = document.createElement("template");
  template.innerHTML = trusted(html);
  return /** @type {HTMLElement[]} */ ([...template.content.children]);
}

/** @param {string} html */
export function documentOf(html) {
  return new DOMParser().parseFromString(trusted(html), "text/html");
}
