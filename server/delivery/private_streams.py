"""The open streams that took a permission, by who has it, so that they end when that changes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from server.delivery.subscription import Subscription
from server.domain.permissions import Authority

KEPT = 1000
"""Changes of rights that are remembered, for streams that were being authorised when they came."""

End: TypeAlias = Callable[[], None]


class PrivateStreams:
    """Ends the streams of a caller. Each resumes by itself and is authorised again.

    A caller's rights may change after they were looked up and before the stream is added here. `as_of` closes
    that gap: it is read before the look-up, and a stream whose caller changed since is ended as it is added.
    """

    def __init__(self) -> None:
        self._open: dict[str, dict[End, Authority]] = {}
        self._changed: deque[str | None] = deque(maxlen=KEPT)
        self.as_of = 0
        """How many changes of rights this process was told of."""

    def __len__(self) -> int:
        return sum(len(ends) for ends in self._open.values())

    def add(self, authority: Authority, end: End, *, as_of: int) -> None:
        """End this stream when the rights of its caller change; at once if they did since `as_of`."""
        caller_id = authority.caller.id
        self._open.setdefault(caller_id, {})[end] = authority
        if self._changed_since(as_of, caller_id):
            end()

    def remove(self, authority: Authority, end: End) -> None:
        """The stream has ended."""
        ends = self._open.get(authority.caller.id)
        if ends is not None:
            ends.pop(end, None)
            if not ends:
                del self._open[authority.caller.id]

    def authorities(self) -> list[Authority]:
        """What the open streams were permitted on, one for each."""
        return [authority for ends in self._open.values() for authority in ends.values()]

    def end(self, caller_id: str | None) -> None:
        """The rights of this caller changed; None: perhaps those of anybody."""
        self.as_of += 1
        self._changed.append(caller_id)
        callers = list(self._open) if caller_id is None else [caller_id]
        for end in [end for caller in callers for end in self._open.get(caller, ())]:
            end()

    @contextmanager
    def held(self, wanted: Subscription, end: End) -> Iterator[None]:
        """Add the stream of a subscription while it is served; a public one needs nothing."""
        if wanted.authority is None:
            yield
            return
        self.add(wanted.authority, end, as_of=wanted.as_of)
        try:
            yield
        finally:
            self.remove(wanted.authority, end)

    def _changed_since(self, as_of: int, caller_id: str) -> bool:
        missed = self.as_of - as_of
        if missed > len(self._changed):
            return True
        newest = list(self._changed)[len(self._changed) - missed :] if missed else []
        return caller_id in newest or None in newest
