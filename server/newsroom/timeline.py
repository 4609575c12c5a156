"""The newsroom's list of a blog's entries, as one person sees it: all of them, or by status, words, key events
and pins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.blog import Blog
from server.domain.entry import STATUSES, Entry, EntryStatus
from server.domain.permissions import Action, Caller, may
from server.store import entries
from server.text import search

SCANNED = 400
"""Entries that readers do not see, the newest, in which words are looked for: these have no index."""
_SEEN_BY_ALL: tuple[EntryStatus, ...] = ("published", "retracted")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries: with one of these statuses and all of these words (text/search.py); `key` and `pinned`:
    only such."""

    statuses: tuple[EntryStatus, ...] = STATUSES
    words: tuple[str, ...] = ()
    key: bool = False
    pinned: bool = False


async def listed(
    connection: AsyncConnection, caller: Caller, blog: Blog, wanted: Wanted, *,
    before: tuple[datetime, str] | None = None, limit: int,
) -> list[Entry]:
    """Up to `limit` entries that this person sees, those written last first; `before` is as in
    `store.entries.listed`. Of retracted entries editors find the titles, and nobody finds the text."""
    found: list[Entry] = []
    for statuses, author in _parts(caller, blog, wanted.statuses):
        public = [s for s in statuses if s == "published" or not wanted.words]
        found += await entries.listed(
            connection, blog.id, statuses=public, author_id=author, key=wanted.key, pinned=wanted.pinned,
            words=wanted.words, before=before, limit=limit,
        )
        if wanted.words:
            others = await entries.listed(
                connection, blog.id, statuses=[s for s in statuses if s != "published"], author_id=author,
                key=wanted.key, pinned=wanted.pinned, before=before, limit=SCANNED,
            )
            found += await _with_words(connection, caller, blog, others, wanted.words)
    return sorted(found, key=lambda e: (e.created_at, e.id), reverse=True)[:limit]


def _parts(
    caller: Caller, blog: Blog, statuses: Sequence[EntryStatus]
) -> list[tuple[list[EntryStatus], str | None]]:
    """Statuses, and whose entries of them this person sees (None: everybody's)."""
    if may(caller, Action.ENTRY_PUBLISH, blog.id):
        return [(list(statuses), None)]
    return [
        ([s for s in statuses if s in _SEEN_BY_ALL], None),
        ([s for s in statuses if s not in _SEEN_BY_ALL], caller.id),
    ]


async def _with_words(
    connection: AsyncConnection, caller: Caller, blog: Blog, found: Sequence[Entry], words: Sequence[str]
) -> list[Entry]:
    titles: dict[str, str] = {}
    if may(caller, Action.ENTRY_PUBLISH, blog.id):
        titles = await entries.last_titles(connection, [e.id for e in found if e.status == "retracted"])

    def text_of(entry: Entry) -> str:
        if entry.status == "retracted":
            return search.folded(titles.get(entry.id, ""))
        return search.searched(entry.content)

    return [entry for entry in found if all(word in text_of(entry) for word in words)]
