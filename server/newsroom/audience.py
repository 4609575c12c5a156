"""How many readers a blog has: counted by each process several times a minute, added up over all of them, and
forgotten after `KEPT`. Aggregates only: nothing here tells one reader from another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.permissions import Action, Caller, require
from server.newsroom.desk import Desk
from server.store import audience
from server.store.audience import Minute, Readers

KEPT = timedelta(hours=48)
FRESH = timedelta(minutes=2)
"""Numbers older than that are not those of now: every process counts in every minute."""


@dataclass(frozen=True, slots=True)
class Span:
    """The most readers of a minute from `begins` on, up to the next span."""

    begins: datetime
    most: Readers


async def sample(desk: Desk, process: str, counted: Mapping[str, Readers]) -> None:
    """Keep what this process counts now, by blog, as its number of this minute."""
    now = desk.now()
    async with desk.database.write() as connection:
        await audience.put(connection, process, now.replace(second=0, microsecond=0), counted)
        await audience.forget(connection, before=now - KEPT)


async def of_blog(
    connection: AsyncConnection, caller: Caller, blog_id: str, *, now: datetime
) -> Sequence[Minute]:
    """The minutes that are kept, the oldest first. Raises NotFound, Forbidden: only editors see numbers."""
    require(caller, Action.BLOG_EDIT, blog_id)
    return await audience.minutes(connection, blog_id, since=now - KEPT)


def now_of(minutes: Sequence[Minute], now: datetime) -> Readers:
    """The readers of now: of the last minute that is over, or of this one if that had more, because processes
    count one after the other."""
    fresh = [minute.readers for minute in minutes if minute.at > now - FRESH]
    return max(fresh, key=lambda readers: readers.total, default=Readers())


def spans(minutes: Sequence[Minute], *, minutes_each: int) -> list[Span]:
    """The highest minute of each span of so many minutes (a divisor of a day), the oldest first; spans in which
    nobody was counted are left out."""
    found: dict[datetime, Readers] = {}
    for minute in minutes:
        past = (minute.at.hour * 60 + minute.at.minute) % minutes_each
        begins = minute.at - timedelta(minutes=past)
        before = found.get(begins, Readers())
        found[begins] = max(before, minute.readers, key=lambda readers: readers.total)
    return [Span(begins, most) for begins, most in sorted(found.items())]
