"""Tables of sanitised HTML in a frame that scrolls sideways by itself, so that a wide one does not widen the
page: as an element of its own, because a table that is displayed as a block is no table to a screen reader."""

from __future__ import annotations

import re

from server.text.excerpt import plain

_TABLE = re.compile(r"<table\b.*?</table>", re.DOTALL)
_CAPTION = re.compile(r"<caption\b[^>]*>(.*?)</caption>", re.DOTALL)


def framed(html: str, label: str) -> str:
    """The same HTML with each table in a `<div class="table-frame">` that takes the focus, so that it can be
    scrolled with the keyboard. It is named after the table's caption, else `label`."""
    return _TABLE.sub(lambda table: _frame(table[0], label), html) if "<table" in html else html


def _frame(table: str, label: str) -> str:
    caption = _CAPTION.search(table)
    name = (plain(caption[1]) if caption else "") or label
    name = str(name).replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return f'<div class="table-frame" role="region" tabindex="0" aria-label="{name}">{table}</div>'
