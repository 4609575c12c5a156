/**
 * Changes an element into another one, and touches only what differs: a playing video goes on, focus, selection and open
 * disclosures stay. Both come from the same template, so plain comparison of neighbours is enough.
 */

/** Attributes that belong to the reader or to the script, not to the server. */
const OWN = new Set(["open", "tabindex", "style", "aria-busy"]);
/** A player that the reader asked for, and the link below it that it was made from (embeds.js). */
const PLAYER = "iframe.player";
const PLAYED = `${PLAYER} + a`;
/** Classes that scripts add. */
const OWN_CLASSES = ["entry--new", "entry--edited"];

/**
 * @param {Element} live the element on the page; it stays the same object
 * @param {Element} wanted the new version; parts of it are moved to the page
 */
export function morph(live, wanted) {
  if (live.isEqualNode(wanted) || isKept(live, wanted)) return;
  setAttributes(live, wanted);
  setChildren(live, wanted);
}

/**
 * A time that shows the same moment has been written in the reader's time zone, and the link of a player that the reader
 * asked for is no longer what the server sent.
 * @param {Element} live
 * @param {Element} wanted
 */
function isKept(live, wanted) {
  if (live instanceof HTMLTimeElement && live.dataset["time"]) {
    return live.dateTime === /** @type {HTMLTimeElement} */ (wanted).dateTime;
  }
  return live.matches(PLAYED) && identity(live) === wanted.getAttribute("href");
}

/**
 * @param {Element} live
 * @param {Element} wanted
 */
function setAttributes(live, wanted) {
  for (const { name } of [...live.attributes]) {
    if (!OWN.has(name) && !wanted.hasAttribute(name)) live.removeAttribute(name);
  }
  const kept = OWN_CLASSES.filter((name) => live.classList.contains(name));
  for (const { name, value } of wanted.attributes) {
    if (!OWN.has(name) && live.getAttribute(name) !== value) live.setAttribute(name, value);
  }
  if (kept.length > 0) live.classList.add(...kept);
}

/**
 * @param {Element} live
 * @param {Element} wanted
 */
function setChildren(live, wanted) {
  let next = live.firstChild;
  const coming = [...wanted.childNodes];
  coming.forEach((child, index) => {
    const found = counterpart(next, child, coming, index);
    if (found === null) return live.insertBefore(child, next);
    while (next !== found && next !== null) next = isPlayerOf(found, next) ? next.nextSibling : remove(next);
    next = found.nextSibling;
    if (found instanceof Element) morph(found, /** @type {Element} */ (child));
    else if (found.nodeValue !== child.nodeValue) found.nodeValue = child.nodeValue;
  });
  while (next !== null) next = remove(next);
}

/**
 * @param {ChildNode} link
 * @param {ChildNode} node
 */
function isPlayerOf(link, node) {
  return node instanceof Element && node.matches(PLAYER) && node.nextElementSibling === link;
}

/** @param {ChildNode} node */
function remove(node) {
  const next = node.nextSibling;
  node.remove();
  return next;
}

/**
 * The node from `start` on that becomes `child`: an equal one, else the first of its kind that no later child equals.
 * @param {ChildNode | null} start
 * @param {ChildNode} child
 * @param {ChildNode[]} coming
 * @param {number} index
 */
function counterpart(start, child, coming, index) {
  for (let node = start; node !== null; node = node.nextSibling) if (same(node, child)) return node;
  if (start === null || !alike(start, child)) return null;
  return coming.slice(index + 1).some((later) => same(start, later)) ? null : start;
}

/**
 * @param {Node} one
 * @param {Node} other
 */
function same(one, other) {
  if (one.nodeType !== other.nodeType || one.nodeName !== other.nodeName) return false;
  if (one instanceof Element && identity(one) && identity(one) === identity(/** @type {Element} */ (other))) return true;
  return one.isEqualNode(other) && one.nodeValue?.trim() !== "";
}

/**
 * @param {Node} one
 * @param {Node} other
 */
function alike(one, other) {
  if (one.nodeType !== other.nodeType || one.nodeName !== other.nodeName) return false;
  if (!(one instanceof Element)) return true;
  const others = /** @type {Element} */ (other);
  return identity(one) === identity(others) && one.className === others.className;
}

/**
 * What makes an element this one and no other of its kind: an id, or what it loads.
 * @param {Element} element
 */
function identity(element) {
  const loads = element.matches("video, audio, img, iframe, source") ? element.getAttribute("src") : null;
  const inside = element.matches("figure, details") ? element.querySelector("video, audio, iframe, img") : null;
  const leads = element.matches(`a[data-player], ${PLAYED}`) ? element.getAttribute("href") : null;
  return element.id || loads || leads || inside?.getAttribute("src") || "";
}
