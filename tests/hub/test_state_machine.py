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
from server.hub import resume
from server.hub.feed import Feed
from server.hub.history import History, Item
from server.hub.hub import Hub
from server.hub.resume import Replays
from server.hub.subscriber import Subscriber
from tests.hub.machine import Promises

SEARCH = settings(
    derandomize=True, max_examples=30, stateful_step_count=30, deadline=None, database=None,
    phases=[Phase.generate],  # to see a failure made smaller, add Phase.shrink: minutes
    suppress_health_check=list(HealthCheck), report_multiple_bugs=False, print_blob=False,
)

SEARCH_LONGER = settings(SEARCH, max_examples=2000)
"""Most defects show within SEARCH, the rarest within 400 examples; another version of Hypothesis, or other
modules in the same process (it draws their constants), may choose others. It stops at the first find."""

TestPromises = Promises.TestCase
TestPromises.settings = SEARCH

Planted: TypeAlias = tuple[Any, str, Any]
"""Where it is planted, and what stands there instead."""
Defect: TypeAlias = Callable[[], Planted]
DEFECTS: list[Defect] = []


def defect(plant: Defect) -> Defect:
    DEFECTS.append(plant)
    return plant


accept, lag, add, after = Feed.accept, Feed.lag, History.add, History.after
subscribe, read_items = resume.subscribe, Replays._read_items


@defect
def a_gap_is_accepted() -> Planted:
    return Feed, "accept", lambda self, change, *, compacted=False: accept(self, change, compacted=True)


@defect
def a_repeat_is_delivered_again() -> Planted:
    def broken(self: Feed, change: Change, *, compacted: bool = False) -> bool:
        if change.position.seq <= self.head:
            for group in self.subscribers.values():
                for subscriber in list(group):
                    subscriber.write(self.encoded([Item(change)], subscriber.variant))
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
    return Hub, "_send_reset", lambda self, feed, at: None


@defect
def seated_without_what_it_missed() -> Planted:
    def broken(feed: Feed, subscriber: Subscriber, after: int) -> bool:
        with mock.patch.object(resume, "_pieces", lambda *_: ()):
            return subscribe(feed, subscriber, after)

    return resume, "subscribe", broken


@defect
def seated_with_one_too_many() -> Planted:
    def broken(feed: Feed, subscriber: Subscriber, after: int) -> bool:
        return subscribe(feed, subscriber, max(feed.history.floor, after - 1))

    return resume, "subscribe", broken


@defect
def a_lagging_listener_keeps_its_old_seq() -> Planted:
    def broken(self: Feed, subscriber: Subscriber) -> None:
        before = subscriber.seq
        lag(self, subscriber)
        subscriber.seq = before

    return Feed, "lag", broken


@defect
def a_drained_listener_goes_on_from_now() -> Planted:
    def broken(self: Hub, feed: Feed, subscriber: Subscriber) -> None:
        if subscriber in feed.lagging:
            feed.lagging.discard(subscriber)
            resume.subscribe(feed, subscriber, feed.delivered)

    return Hub, "drained", broken


@defect
def the_history_keeps_superseded_versions() -> Planted:
    def broken(self: History, change: Change, *, keep_after: int) -> None:
        kept = self._items.pop(change.id, None)
        add(self, change, keep_after=keep_after)
        if kept is not None:
            self._items[f"{change.id} before {change.position}"] = kept
            self._items.move_to_end(change.id)

    return History, "add", broken


@defect
def the_history_puts_a_new_version_in_the_old_place() -> Planted:
    def broken(self: History, change: Change, *, keep_after: int) -> None:
        self._items[change.id] = Item(change)

    return History, "add", broken


@defect
def the_history_forgets_in_silence() -> Planted:
    def broken(self: History, change: Change, *, keep_after: int) -> None:
        floor = self.floor
        add(self, change, keep_after=keep_after)
        self.floor = floor

    return History, "add", broken


@defect
def a_replay_from_memory_lacks_the_first() -> Planted:
    return History, "after", lambda self, seq, upto: after(self, min(seq + 1, upto), upto)


@defect
def a_replay_from_the_store_lacks_the_first() -> Planted:
    async def broken(self: Replays, key: FeedKey, seq: int) -> tuple[Position, list[Item]]:
        at, items = await read_items(self, key, seq)
        return at, items[1:]

    return Replays, "_read_items", broken


@defect
def a_replay_from_the_store_lacks_the_last() -> Planted:
    async def broken(self: Replays, key: FeedKey, seq: int) -> tuple[Position, list[Item]]:
        at, items = await read_items(self, key, seq)
        return at, items[:-1]

    return Replays, "_read_items", broken


@defect
def what_is_retracted_stays_in_the_rest_of_a_replay() -> Planted:
    return History, "supersedes", lambda self, change: False


@pytest.mark.parametrize("plant", DEFECTS, ids=lambda plant: plant.__name__)
def test_the_machine_finds(plant: Defect) -> None:
    where, name, broken = plant()
    with mock.patch.object(where, name, broken), pytest.raises(AssertionError):
        run_state_machine_as_test(Promises, settings=SEARCH_LONGER)
