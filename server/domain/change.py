"""Changes of a feed: the newest state of an entry or a blog, with its position."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

from server.domain.position import Position

FeedName: TypeAlias = Literal["public", "newsroom"]
ChangeKind: TypeAlias = Literal["entry", "gone", "blog"]
FEEDS: tuple[FeedName, ...] = get_args(FeedName)
KINDS: tuple[ChangeKind, ...] = get_args(ChangeKind)
PLACE = ("slug", "blog_language", "time_zone")
"""What the data of an entry says of its blog, for those who render it."""


class FeedKey(NamedTuple):
    """Identifies a feed by blog and audience."""

    blog_id: str
    name: FeedName

    def __str__(self) -> str:
        return f"{self.blog_id}.{self.name}"


@dataclass(frozen=True, slots=True)
class Change:
    """The newest state of one thing in a feed.

    `kind` is `entry` (shown or changed), `gone` (nothing of it may be shown any more; `data` then holds only
    its place) or `blog` (the furniture). `data` is the thing as the API serves it, and for an entry also what
    `PLACE` names. `at` is when it was written, in seconds since 1970.
    """

    feed: FeedKey
    position: Position
    kind: ChangeKind
    id: str
    revision: int
    data: dict[str, Any]
    at: float = 0.0

    def to_bytes(self) -> bytes:
        """Serialise for the broker."""
        return json.dumps(
            [self.feed.blog_id, self.feed.name, self.position.epoch, self.position.seq, self.kind, self.id,
             self.revision, self.data, self.at],
            ensure_ascii=False, separators=(",", ":"),
        ).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Change:
        """Inverse of `to_bytes`. Raises ValueError for malformed data."""
        try:
            blog_id, name, epoch, seq, kind, id_, revision, body, at = json.loads(data)
        except (TypeError, UnicodeDecodeError) as error:
            raise ValueError("not a change") from error
        if (
            name not in FEEDS or kind not in KINDS or not isinstance(body, dict)
            or not isinstance(seq, int) or not isinstance(revision, int) or not isinstance(at, int | float)
            or not all(isinstance(x, str) for x in (blog_id, epoch, id_))
        ):
            raise ValueError("not a change")
        return cls(FeedKey(blog_id, name), Position(epoch, seq), kind, id_, revision, body, at)
