"""What somebody has typed and not sent yet, kept so that it can be finished in another browser. A draft is its
owner's alone: no editor and no admin reads it. It ends when it is sent or thrown away, with its owner, and when
nobody has touched it for `KEPT`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from server.domain.errors import Forbidden, TooLarge
from server.domain.message import Message
from server.domain.permissions import Action, Caller, require
from server.newsroom.desk import Desk
from server.store import blogs, drafts, people
from server.store.drafts import Draft

MAX_BYTES = 600_000
"""Of one draft: the longest entry, as a document and as Markdown."""
MAX_DRAFTS = 50
"""Of one person; one more takes the place of the oldest."""
LISTED = 10
"""Drafts of one entry that are offered, the newest."""
KEPT = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Typed:
    """A form as it stands in a browser. `version` is the one of the draft that this browser knew before, 0 for
    none; `entry_id` is empty for a new entry."""

    key: str
    browser: str
    version: int
    entry_id: str
    form: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of it. `version` is 0 where it was not kept, because it would have written over what another
    browser wrote (`other`) or brought back what another one has sent or thrown away (no `other`)."""

    version: int
    other: Draft | None = None


async def keep(desk: Desk, caller: Caller, slug: str, typed: Typed) -> Kept:
    """Keep what was typed.

    Raises:
        NotFound, Forbidden: the caller does not write in this blog, or is a program.
        TooLarge: it has more than `MAX_BYTES`.
    """
    owner = _owner(caller)
    if len(typed.form.encode()) > MAX_BYTES:
        raise TooLarge(Message("A draft has at most %(n)s bytes.", n=MAX_BYTES))
    async with desk.database.write() as connection:
        blog = await blogs.by_slug(connection, slug)
        require(caller, Action.ENTRY_CREATE, blog.id)
        await people.user_by_id(connection, owner, lock=True)  # one browser of this person at a time
        before = await drafts.get(connection, owner, typed.key)
        if _would_lose(before, typed):
            return Kept(0, before)
        if before is not None and before.form == typed.form:
            return Kept(before.version)
        draft = Draft(
            typed.key, blog.id, typed.entry_id, typed.browser, before.version + 1 if before else 1, typed.form,
            desk.now(),
        )
        await drafts.put(connection, owner, draft)
        await drafts.remove_oldest(connection, owner, keep=MAX_DRAFTS)
    return Kept(draft.version)


async def end(desk: Desk, caller: Caller, *, key: str, version: int, browser: str) -> None:
    """The draft was sent, or thrown away. What another browser has written since this one's `version` stays."""
    owner = _owner(caller)
    async with desk.database.write() as connection:
        await people.user_by_id(connection, owner, lock=True)
        before = await drafts.get(connection, owner, key)
        if before is not None and not _differs(before, version, browser):
            await drafts.remove(connection, owner, key)


async def listed(desk: Desk, caller: Caller, slug: str, entry_id: str) -> Sequence[Draft]:
    """The caller's own drafts of an entry, or of new entries (empty `entry_id`), the newest first.

    Raises:
        NotFound, Forbidden: as for `keep`.
    """
    owner = _owner(caller)
    async with desk.database.read() as connection:
        blog = await blogs.by_slug(connection, slug)
        require(caller, Action.ENTRY_CREATE, blog.id)
        return await drafts.listed(connection, owner, blog_id=blog.id, entry_id=entry_id, limit=LISTED)


def _would_lose(before: Draft | None, typed: Typed) -> bool:
    if before is None:
        return typed.version > 0  # another browser has ended it
    # the same words are no loss, whoever wrote them
    return _differs(before, typed.version, typed.browser) and before.form != typed.form


def _differs(before: Draft, version: int, browser: str) -> bool:
    """Whether another browser wrote since. This one's own writes may have been answered without its hearing."""
    return before.version != version and before.browser != browser


def keeps_drafts(caller: Caller) -> bool:
    """Whether the caller is a person: programs have no drafts."""
    return caller.id.startswith("user:")


def _owner(caller: Caller) -> str:
    user_id = caller.id.partition(":")[2]
    if not keeps_drafts(caller):
        raise Forbidden("Only people have drafts.")
    return user_id
