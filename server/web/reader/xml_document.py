"""Writing XML: elements, and a document of which each character may be written."""

from __future__ import annotations

import re
from xml.etree import ElementTree as Xml

_UNPRINTABLE = re.compile("[^\n\t\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def add(parent: Xml.Element, name: str, text: str | None = None, **attributes: str) -> Xml.Element:
    """A new last child of `parent`."""
    element = Xml.SubElement(parent, name, attributes)
    element.text = printable(text) if text else None
    return element


def printable(text: str) -> str:
    """Without the characters that XML 1.0 has no way to write."""
    return _UNPRINTABLE.sub("", text)


def document(root: Xml.Element) -> str:
    return '<?xml version="1.0" encoding="utf-8"?>\n' + Xml.tostring(root, encoding="unicode")
