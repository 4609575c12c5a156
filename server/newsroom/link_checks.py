"""Looks links up again that were gone when their entry was written: a post that was private, a provider with a
fault. Later and later, and not for ever. What is found is filled in as if it had been there from the start."""

from __future__ import annotations

from server.domain.errors import NotFound
from server.domain.permissions import SYSTEM
from server.newsroom import entries, previews
from server.newsroom.desk import Desk
from server.store import entries as stored
from server.store import link_checks
from server.store.link_checks import LinkCheck

AT_ONCE = 20
"""Entries of one round, one after the other."""


async def check_due(desk: Desk) -> int:
    """Look up what is due; how many entries have something new. Safe in many processes at once.

    Raises:
        Unavailable: the database cannot be used. What was claimed is looked up at its next time.
    """
    if desk.previews is None:
        return 0
    async with desk.database.read() as connection:
        found = await link_checks.due(connection, desk.now(), limit=AT_ONCE)
    changed = 0
    for item in found:
        async with desk.database.write() as connection:
            claimed = await link_checks.claim(connection, item, now=desk.now(), waits=previews.WAITS)
        if claimed:
            changed += await _check(desk, item)
    return changed


async def _check(desk: Desk, item: LinkCheck) -> bool:
    try:
        async with desk.database.read() as connection:
            entry = await stored.get(connection, item.blog_id, item.entry_id)
        if not entry.public:
            return False
        found = await previews.found_again(desk, SYSTEM, entry.content)
        return bool(found) and await entries.fill_in(desk, item.blog_id, item.entry_id, found)
    except NotFound:
        return False  # deleted meanwhile

