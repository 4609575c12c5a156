"""The recent changes of one feed, compacted: each thing once, in its newest state, in seq order.

Because an older version is dropped when a newer one comes, or is only announced, a replay from here can never
send text that was retracted since.
"""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import TypeAlias

from server.domain.change import Change

Variant: TypeAlias = Hashable
"""Names one way to put a change on the wire: view, transport, compression. The hub does not look inside."""

ITEM_BYTES = 2_000
"""What an item costs beside its text: objects, dictionaries, dates."""


class Item:
    """A change with what was encoded of it so far: each variant is encoded once for all listeners."""

    __slots__ = ("change", "encoded", "size")

    def __init__(self, change: Change) -> None:
        self.change = change
        self.encoded: dict[Hashable, bytes] = {}
        self.size = ITEM_BYTES + _text_bytes(change.data)


Encode: TypeAlias = Callable[[Item, Variant], bytes]


class History:
    """Holds every thing that changed after `floor`, the newest state of each.

    Args:
        floor: the seq after which nothing is missing here.
        max_changes: changes kept at most; the oldest go first and raise the floor.
        max_bytes: bytes kept at most, what was encoded included; the newest change always stays.
    """

    def __init__(self, floor: int, *, max_changes: int, max_bytes: int) -> None:
        self.floor = floor
        self._max_changes, self._max_bytes = max_changes, max_bytes
        self._items: OrderedDict[str, Item] = OrderedDict()
        self._announced: dict[str, int] = {}
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Item]:
        return iter(self._items.values())

    @property
    def size(self) -> int:
        """Bytes that are held, roughly."""
        return self._bytes

    def add(self, change: Change, *, keep_after: int) -> None:
        """Add the newest change. What has a seq above `keep_after` is still to be delivered and stays,
        whatever the bounds."""
        self._drop(change.id)
        if self._announced.get(change.id, 0) <= change.position.seq:
            item = self._items[change.id] = Item(change)
            self._bytes += item.size
        self.shrink(keep_after)

    def grow(self, item: Item, size: int) -> None:
        """Count `size` more bytes that were encoded of an item."""
        item.size += size
        if self._items.get(item.change.id) is item:
            self._bytes += size

    def announce(self, change: Change) -> None:
        """There is a newer state of this thing, which cannot be added yet because changes before it are
        missing. The older state is dropped: it may be retracted."""
        self._announced[change.id] = max(change.position.seq, self._announced.get(change.id, 0))
        self._drop(change.id)

    def is_complete(self) -> bool:
        """Whether everything that was announced has arrived, now that the store was read to its head."""
        announced, self._announced = self._announced, {}
        return all(
            seq <= self.floor or (key in self._items and self._items[key].change.position.seq >= seq)
            for key, seq in announced.items()
        )

    def undelivered(self, delivered: int) -> History:
        """A history that holds only what is still to be delivered."""
        history = History(delivered, max_changes=self._max_changes, max_bytes=self._max_bytes)
        for item in self.after(delivered, sys.maxsize):
            history._items[item.change.id] = item
            history._bytes += item.size
        history._announced = self._announced
        return history

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
        return self._announced.get(change.id, 0) > seq or (item is not None and item.change.position.seq > seq)

    def _drop(self, key: str) -> None:
        item = self._items.pop(key, None)
        if item is not None:
            self._bytes -= item.size

    def shrink(self, keep_after: int) -> None:
        """Drop the oldest until the bounds are kept, but nothing with a seq above `keep_after`."""
        while len(self._items) > self._max_changes or (self._bytes > self._max_bytes and len(self._items) > 1):
            key, oldest = next(iter(self._items.items()))
            if oldest.change.position.seq > keep_after:
                return
            self._drop(key)
            self.floor = oldest.change.position.seq


def _text_bytes(data: object) -> int:
    """Bytes of all strings in a change, roughly: characters may take one to four."""
    if isinstance(data, str):
        return len(data)
    if isinstance(data, dict):
        return _sum(data.values())
    return _sum(data) if isinstance(data, list) else 0


def _sum(values: Iterable[object]) -> int:
    return sum(_text_bytes(value) for value in values)
