"""Who is in a blog and who writes in which entry, so that two people do not write over one another. The lock
is a soft one: whoever opened an entry first has it until somebody takes it over, and saving an older version
still shows both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from server.domain.permissions import Action, Caller, require
from server.newsroom.desk import Desk
from server.store import blogs, presence
from server.store.presence import Present

AWAY = timedelta(seconds=35)
"""A tab that said nothing for so long is gone. Tabs speak every ten seconds."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a tab is told: everybody else, and who holds the entry that it has open (empty for itself)."""

    others: Sequence[Present]
    holder: str = ""


async def beat(desk: Desk, caller: Caller, slug: str, *, tab: str, entry_id: str, take: bool = False) -> Seen:
    """Say that a tab is there, with this entry open (empty for none), and hear of the others. `take` takes the
    entry over from whoever has it.

    Raises:
        NotFound, Forbidden: the caller does not write in this blog.
    """
    now = desk.now()
    async with desk.database.write() as connection:
        blog = await blogs.by_slug(connection, slug)
        require(caller, Action.ENTRY_CREATE, blog.id)
        before = await presence.get(connection, caller.id, tab)
        stays = before is not None and before.entry_id == entry_id and not take
        one = Present(
            caller.id, tab, caller.name, entry_id,
            before.since if stays and before is not None else now,
            before.taken_by if stays and before is not None else "",
        )
        if take and entry_id:
            await presence.take(connection, blog.id, entry_id, user_id=caller.id, name=caller.name)
        await presence.put(connection, blog.id, one, seen_at=now)
        await presence.forget(connection, before=now - AWAY)
        present = await presence.in_blog(connection, blog.id)
    others = [p for p in present if (p.user_id, p.tab) != (caller.id, tab)]
    return Seen(others, holder_of(one, others))


async def leave(desk: Desk, caller: Caller, *, tab: str) -> None:
    """The tab was closed."""
    async with desk.database.write() as connection:
        await presence.remove(connection, caller.id, tab)


def holder_of(own: Present, others: Sequence[Present]) -> str:
    """The name of who else holds the entry that `own` has open; empty if nobody does. Another tab of the same
    person holds nothing against them."""
    if not own.entry_id:
        return ""
    rivals = [p for p in others if p.entry_id == own.entry_id and p.user_id != own.user_id and not p.taken_by]
    if own.taken_by:
        return own.taken_by if any(p.name == own.taken_by for p in rivals) else ""
    earlier = [p for p in rivals if p.since < own.since]
    return earlier[0].name if earlier else ""
