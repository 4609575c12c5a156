"""Who writes in the demo's story and from where, and the topics that follow from it."""

from __future__ import annotations

from collections.abc import Sequence

from server.domain.byline import Byline

SANNAPORT = (Byline("Jonas Ferre", place="Sannaport"),)
BRIDGE = (Byline("Amira Castell", place="Hallin Bridge"),)
DORRIN = (Byline("Amira Castell", place="Dorrin"),)
ADRESSA = (Byline("Lucia Brandt", role="Diplomatic correspondent", place="Adressa"),)

_BY_PLACE = {
    "Sannaport": "The convoy", "Hallin Bridge": "The convoy", "Dorrin": "In the valley", "Adressa": "Diplomacy",
}
TOPICS = tuple(dict.fromkeys(_BY_PLACE.values()))


def topics_of(bylines: Sequence[Byline]) -> tuple[str, ...]:
    """The topics of an entry that was written there."""
    return tuple(dict.fromkeys(_BY_PLACE[b.place] for b in bylines if b.place in _BY_PLACE))
