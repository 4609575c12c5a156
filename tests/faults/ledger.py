"""What editors and readers of a scenario tell about: what was accepted, what was retracted, what was received
too late. Their accounts are compared at the end."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.support.listeners import State, seq_of

MARK = re.compile(r"mark-\d+-\d+-")
"""In every text, and in no two."""
RETRACTION_SECONDS = 20.0
"""After that no process sends what was retracted to anyone who comes: the longest wait between two looks at the
head (10 s, docs/broker.md), faults that hold it up, and a slow machine."""


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """When a retraction was answered (time.monotonic), and by which server, when that is certain."""

    at: float
    server: int | None


@dataclass(slots=True)
class Ledger:
    accepted: dict[str, str] = field(default_factory=dict)
    """The id of every entry whose post was answered with 201, and its first mark."""
    marks: dict[str, list[str]] = field(default_factory=dict)
    """The marks of each entry that is never restored once it is retracted."""
    withdrawn: dict[str, Withdrawn] = field(default_factory=dict)
    """By mark."""
    latest: dict[str, int] = field(default_factory=dict)
    """The highest seq at which anybody received a mark."""
    slow_ends: dict[int, int] = field(default_factory=dict)
    """How many listeners each server ended because they were slow."""
    counts: Counter[str] = field(default_factory=Counter)

    def withdraw(self, entry: str, server: int | None) -> None:
        when = Withdrawn(time.monotonic(), server)
        for mark in self.marks.get(entry, ()):
            self.withdrawn.setdefault(mark, when)

    def received(self, mark: str, seq: int, *, server: int, since: float) -> None:
        """Somebody who came to `server` at `since` received a mark."""
        self.latest[mark] = max(seq, self.latest.get(mark, 0))
        if (gone := self.withdrawn.get(mark)) is not None:
            # the one that took the retraction knows at once; the others within the bound
            assert since < gone.at or server != gone.server, f"{mark} at {seq} from the server that withdrew it"
            assert since < gone.at + RETRACTION_SECONDS, f"{mark} at {seq} was withdrawn long ago"


class Notes(State):
    """What a reader has on screen, as digests, so that a long run of many readers fits in memory."""

    def __init__(self, ledger: Ledger, begin: str) -> None:
        super().__init__(begin)
        self._ledger = ledger
        self.server, self.since = 0, 0.0

    def came_to(self, server: int) -> None:
        self.server, self.since = server, time.monotonic()

    def begin_again(self, position: str) -> None:
        """Forget everything, and start where one was long ago."""
        self.position = position
        self.things = {}

    def apply(self, change: dict[str, Any]) -> None:
        if change["kind"] in ("beat", "hello", "reset"):
            super().apply(change)
            return
        text = json.dumps(change, sort_keys=True)
        super().apply(digested(change, text))
        self.log.clear()
        for mark in set(MARK.findall(text)):
            self._ledger.received(mark, seq_of(change["position"]), server=self.server, since=self.since)


def digested(change: dict[str, Any], text: str = "") -> dict[str, Any]:
    text = text or json.dumps(change, sort_keys=True)
    kept = {name: change[name] for name in ("kind", "id", "position", "revision")}
    return kept | {"digest": hashlib.sha256(text.encode()).hexdigest()[:16]}
