"""The recent changes of one feed, compacted: each thing once, in its newest state, in seq order.

Because an older version is dropped when a newer one comes, or is only heard of, a replay from here can never
send text that was retracted since.
"""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from typing import TypeAlias

from server.domain.change import Change

Variant: TypeAlias = Hashable
"""Names one way to put a change on the wire: view, transport, compression. The hub does not look inside."""


class Item:
    """A change with what was encoded of it so far: each variant is encoded once for all listeners."""

    __slots__ = ("change", "encoded")

    def __init__(self, change: Change) -> None:
        self.change = change
        self.encoded: dict[Hashable, bytes] = {}


Encode: TypeAlias = Callable[[Item, Variant], bytes]


class Ring:
    """Holds every thing that changed after `floor`, the newest state of each.

    Args:
        floor: the seq after which nothing is missing here.
        capacity: changes kept at most; the oldest go first and raise the floor.
    """

    def __init__(self, floor: int, capacity: int) -> None:
        self.floor = floor
        self._capacity = capacity
        self._items: OrderedDict[str, Item] = OrderedDict()
        self._heard_of: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._items)

    def add(self, change: Change, *, keep_after: int) -> None:
        """Take the newest change. What has a seq above `keep_after` is still to be delivered and stays,
        whatever the capacity."""
        self._items.pop(change.id, None)
        if self._heard_of.get(change.id, 0) <= change.position.seq:
            self._items[change.id] = Item(change)
        while len(self._items) > self._capacity:
            oldest = next(iter(self._items.values()))
            if oldest.change.position.seq > keep_after:
                return
            self._items.popitem(last=False)
            self.floor = oldest.change.position.seq

    def hear_of(self, change: Change) -> None:
        """There is a newer state of this thing, which cannot be taken yet because others before it are
        missing. What is here of it is told to nobody any more: it may be retracted."""
        self._heard_of[change.id] = max(change.position.seq, self._heard_of.get(change.id, 0))
        self._items.pop(change.id, None)

    def complete(self) -> bool:
        """Whether everything that was heard of has come, now that the store has told all that it has."""
        heard_of, self._heard_of = self._heard_of, {}
        return all(
            seq <= self.floor or (key in self._items and self._items[key].change.position.seq >= seq)
            for key, seq in heard_of.items()
        )

    def rest(self, delivered: int) -> Ring:
        """A ring that holds only what is still to be delivered."""
        ring = Ring(delivered, self._capacity)
        ring._items.update((item.change.id, item) for item in self.after(delivered, sys.maxsize))
        ring._heard_of = self._heard_of
        return ring

    def after(self, seq: int, upto: int) -> list[Item]:
        """What changed after `seq` and not after `upto`, in seq order. Only for `seq >= floor`."""
        found: list[Item] = []
        for item in reversed(self._items.values()):
            at = item.change.position.seq
            if at <= seq:
                break
            if at <= upto:
                found.append(item)
        found.reverse()
        return found

    def supersedes(self, change: Change) -> bool:
        """Whether there is a newer state of the same thing."""
        item, seq = self._items.get(change.id), change.position.seq
        return self._heard_of.get(change.id, 0) > seq or (item is not None and item.change.position.seq > seq)

    def __iter__(self) -> Iterator[Item]:
        return iter(self._items.values())
