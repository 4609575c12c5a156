"""What stands at the head and at the end of the demo's blog, and which topics its entries have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from server.demo.story import Picture
from server.domain.blog import Related
from server.domain.byline import Byline

LEAD = Picture(
    "convoy", "Drawing: a row of white lorries on a road below hills at dawn", "The first lorries on the coast road."
)
_BY_PLACE = {
    "Sannaport": "The convoy", "Hallin Bridge": "The convoy", "Dorrin": "In the valley", "Adressa": "Diplomacy",
}
TOPICS = tuple(dict.fromkeys(_BY_PLACE.values()))
ENDING: dict[str, Any] = {
    "closing_summary": (
        "The convoys have reached the valley, and the pause in the fighting **holds**. We end our live coverage "
        "here, and report on when the next lorries leave."
    ),
    "successor": Related("The days after: what reached the valley", "https://news.example.org/after-the-convoy"),
}
"""Readers see this once somebody closes the blog."""


def topics_of(bylines: Sequence[Byline]) -> tuple[str, ...]:
    """The topics of an entry that was written there."""
    return tuple(dict.fromkeys(_BY_PLACE[b.place] for b in bylines if b.place in _BY_PLACE))
