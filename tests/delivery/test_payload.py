"""A change is rendered once, however many listeners follow in however many ways."""

from __future__ import annotations

import json
from typing import get_args

import pytest

from server.delivery.framing import Framing, Wire
from server.delivery.payload import encoder
from server.domain.change import Change, ChangeKind, FeedKey
from server.domain.position import Position
from server.hub.history import Item

BLOG = {"status": "live", "headline": "Storm"}
ENTRY = {"number": 3, "pinned": False, "slug": "storm", "blog_language": "en", "time_zone": "UTC"}


class Counting:
    """Renders nothing, and tells what was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def entry(self, _: Change) -> str:
        return self._told("entry")

    def key_event(self, _: Change) -> str:
        return self._told("key_event")

    def furniture(self, _: Change) -> str:
        return self._told("furniture")

    def _told(self, name: str) -> str:
        self.asked.append(name)
        return f"<{name}>"


@pytest.mark.parametrize(("kind", "data", "asked", "inner"), [
    ("blog", BLOG, ["furniture"], "blog"),
    ("entry", ENTRY, ["entry", "key_event"], "entry"),
])
def test_a_change_is_rendered_once_for_all_framings(
    kind: ChangeKind, data: dict[str, object], asked: list[str], inner: str
) -> None:
    rendering = Counting()
    encode = encoder(rendering)
    item = Item(Change(FeedKey("b", "public"), Position("aaaa", 7), kind, "x", 2, data, at=0.0))
    made = {framing: encode(item, Wire("html", framing)) for framing in get_args(Framing)}
    assert rendering.asked == asked
    # programs get the data as it is, in each framing, and nothing is rendered for them
    for framing in get_args(Framing):
        encode(item, Wire("json", framing))
    assert rendering.asked == asked
    assert json.loads(made["ws"])["html"] == f"<{asked[0]}>"
    told = json.loads(encode(item, Wire("json", "ws")))
    assert {"html", "key_html"}.isdisjoint(told)
    assert told[inner].items() <= data.items()
