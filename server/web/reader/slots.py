"""Where a theme's places between entries stand. Pure; static/reader/slots.js does the same on open pages."""

from __future__ import annotations

from collections.abc import Sequence

from server.domain.entry import Entry


def before(shown: Sequence[Entry], pinned: int, every: int) -> frozenset[int]:
    """The indices of the entries that have a slot above them: where numbers pass a multiple of `every`, so that
    a slot stays where it is while entries arrive.

    Args:
        shown: the entries of a page in its order, of which the first `pinned` stand apart.
        every: entries between two slots; 0 for none.
    """
    if not every:
        return frozenset()
    parts = [((entry.number or 1) - 1) // every for entry in shown]
    return frozenset(i for i in range(pinned + 1, len(parts)) if parts[i] != parts[i - 1])
