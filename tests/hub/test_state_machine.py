"""Promises 2 to 5 against every order of events that Hypothesis can think of; and, so that this says
something, one defect at a time that it must find."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias
from unittest import mock

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from server.domain.change import Change, FeedKey
from server.domain.position import Position
from server.hub.feed import Feed
from server.hub.history import Item, Ring
from server.hub.hub import Hub
from server.hub.subscriber import Listener
from tests.hub.machine import Promises

SEARCH = settings(
    derandomize=True, max_examples=30, stateful_step_count=30, deadline=None, database=None,
    phases=[Phase.generate],  # to see a failure made smaller, add Phase.shrink: minutes
    suppress_health_check=list(HealthCheck), report_multiple_bugs=False, print_blob=False,
)

SEARCH_LONGER = settings(SEARCH, max_examples=400)
"""Each defect shows within SEARCH; another version of Hypothesis, or other modules in the same
process (it draws their constants), may choose other examples."""

TestPromises = Promises.TestCase
TestPromises.settings = SEARCH

Planted: TypeAlias = tuple[type, str, Any]
"""Where it is planted, and what stands there instead."""
Defect: TypeAlias = Callable[[], Planted]
DEFECTS: list[Defect] = []


def defect(plant: Defect) -> Defect:
    DEFECTS.append(plant)
    return plant


accept, seat, lag, add, after = Feed.accept, Feed.seat, Feed.lag, Ring.add, Ring.after
read_items = Hub._read_items


@defect
def a_gap_is_accepted() -> Planted:
    return Feed, "accept", lambda self, change, *, compacted=False: accept(self, change, compacted=True)


@defect
def a_repeat_is_delivered_again() -> Planted:
    def broken(self: Feed, change: Change, *, compacted: bool = False) -> bool:
        if change.position.seq <= self.head:
            for seats in self.seats.values():
                for listener, write in list(seats.items()):
                    write(self.encoded(Item(change), listener.variant))
        return accept(self, change, compacted=compacted)

    return Feed, "accept", broken


@defect
def another_history_goes_on_in_the_old_one() -> Planted:
    def broken(self: Feed, change: Change, *, compacted: bool = False) -> bool:
        self.epoch = change.position.epoch
        return accept(self, change, compacted=compacted)

    return Feed, "accept", broken


@defect
def no_reset_on_a_new_epoch() -> Planted:
    return Hub, "_send_reset", lambda self, feed: None


@defect
def seated_without_what_it_missed() -> Planted:
    def broken(self: Feed, listener: Listener, seq: int) -> bool:
        with mock.patch.object(Feed, "_replay"):
            return seat(self, listener, seq)

    return Feed, "seat", broken


@defect
def seated_with_one_too_many() -> Planted:
    return Feed, "seat", lambda self, listener, seq: seat(self, listener, max(self.ring.floor, seq - 1))


@defect
def a_lagging_listener_keeps_its_old_seq() -> Planted:
    def broken(self: Feed, listener: Listener) -> None:
        before = listener.seq
        lag(self, listener)
        listener.seq = before

    return Feed, "lag", broken


@defect
def a_drained_listener_goes_on_from_now() -> Planted:
    def broken(self: Feed, listener: Listener) -> None:
        if listener in self.lagging:
            self.lagging.discard(listener)
            seat(self, listener, self.delivered)

    return Feed, "catch_up", broken


@defect
def the_ring_keeps_superseded_versions() -> Planted:
    def broken(self: Ring, change: Change, *, keep_after: int) -> None:
        kept = self._items.pop(change.id, None)
        add(self, change, keep_after=keep_after)
        if kept is not None:
            self._items[f"{change.id} before {change.position}"] = kept
            self._items.move_to_end(change.id)

    return Ring, "add", broken


@defect
def the_ring_puts_a_new_version_in_the_old_place() -> Planted:
    def broken(self: Ring, change: Change, *, keep_after: int) -> None:
        self._items[change.id] = Item(change)

    return Ring, "add", broken


@defect
def the_ring_forgets_in_silence() -> Planted:
    def broken(self: Ring, change: Change, *, keep_after: int) -> None:
        floor = self.floor
        add(self, change, keep_after=keep_after)
        self.floor = floor

    return Ring, "add", broken


@defect
def a_replay_from_memory_lacks_the_first() -> Planted:
    return Ring, "after", lambda self, seq, upto: after(self, min(seq + 1, upto), upto)


@defect
def a_replay_from_the_store_lacks_the_first() -> Planted:
    async def broken(self: Hub, key: FeedKey, seq: int) -> tuple[Position, list[Item]]:
        at, items = await read_items(self, key, seq)
        return at, items[1:]

    return Hub, "_read_items", broken


@defect
def a_replay_from_the_store_lacks_the_last() -> Planted:
    async def broken(self: Hub, key: FeedKey, seq: int) -> tuple[Position, list[Item]]:
        at, items = await read_items(self, key, seq)
        return at, items[:-1]

    return Hub, "_read_items", broken


@defect
def what_is_retracted_stays_in_the_rest_of_a_replay() -> Planted:
    return Ring, "supersedes", lambda self, change: False


@pytest.mark.parametrize("plant", DEFECTS, ids=lambda plant: plant.__name__)
def test_the_machine_finds(plant: Defect) -> None:
    where, name, broken = plant()
    with mock.patch.object(where, name, broken), pytest.raises(AssertionError):
        run_state_machine_as_test(Promises, settings=SEARCH_LONGER)
