"""What a listener asks for, once it is known that it may have it."""

from __future__ import annotations

from dataclasses import dataclass

from server.delivery.framing import View
from server.domain.change import FeedKey
from server.domain.permissions import Authority
from server.domain.position import Position

PRIVATE_SECONDS = 300.0
"""A private stream ends after this long and resumes by itself: its permission is then checked again."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """`after` is None for "from now on"; `broken` says that its position cannot be parsed, which is answered
    with `reset`. `authority`: whose permission it took, for the newsroom's feed and for a draft. `as_of`: see
    `PrivateStreams`."""

    key: FeedKey
    view: View
    after: Position | None
    broken: bool
    authority: Authority | None = None
    as_of: int = 0

    @property
    def private(self) -> bool:
        """Whether it took a permission."""
        return self.authority is not None
