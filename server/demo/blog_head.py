"""What stands at the head and at the end of the demo's blog."""

from __future__ import annotations

from typing import Any

from server.demo.cast import ADRESSA, BRIDGE, SANNAPORT
from server.demo.steps import Picture
from server.domain.blog import Related

SLUG = "un-aid-convoys"

RELATED = (
    Related("Explained: how the Tamsin valley was cut off", "https://news.example.org/tamsin-valley-explained"),
    Related("Six weeks without a delivery: a doctor’s diary", "https://news.example.org/dorrin-doctor-diary"),
    Related("The bridge that everybody needs", "https://news.example.org/hallin-bridge"),
)

OPENING: dict[str, Any] = {
    "headline": "UN to resume aid convoys to the Tamsin valley after six weeks",
    "standfirst": (
        "The first lorries are to leave the port of Sannaport today for three towns that have had no delivery "
        "since the Hallin Bridge was closed. Follow it here, live."
    ),
    "key_developments": (
        "The UN says both sides have agreed to a 72-hour humanitarian pause",
        "Forty-two lorries with food, medicine and fuel are loaded at Sannaport",
        "About 86,000 people live in Dorrin, Ashkeel and Upper Maro",
    ),
    "bylines": SANNAPORT + BRIDGE + ADRESSA,
    "status": "live",
    "related": RELATED,
}
LEAD = Picture(
    "convoy", "Drawing: a row of white lorries on a road below hills at dawn", "The first lorries on the coast road."
)
ENDING: dict[str, Any] = {
    "closing_summary": (
        "The convoys have reached the valley, and the pause in the fighting **holds**. We end our live coverage "
        "here, and report on when the next lorries leave."
    ),
    "successor": Related("The days after: what reached the valley", "https://news.example.org/after-the-convoy"),
}
"""Readers see this once somebody closes the blog."""
