/**
 * Clicks that a script may answer in place of the browser.
 */

/** Whether a click would open a link in this tab. @param {MouseEvent} event */
export function isPlain(event) {
  const { button, metaKey, ctrlKey, shiftKey, altKey, defaultPrevented } = event;
  return button === 0 && !(metaKey || ctrlKey || shiftKey || altKey || defaultPrevented);
}

/**
 * Answer plain clicks on the links that a selector finds, in place of the browser.
 * @param {string} selector
 * @param {(link: HTMLAnchorElement) => void} answer
 * @param {Document | ShadowRoot | HTMLElement} root where they are
 */
export function onLink(selector, answer, root = document) {
  root.addEventListener("click", (given) => {
    const event = /** @type {MouseEvent} */ (given);
    const link = event.target instanceof Element ? event.target.closest(selector) : null;
    if (!(link instanceof HTMLAnchorElement) || !isPlain(event)) return;
    event.preventDefault();
    answer(link);
  });
}
