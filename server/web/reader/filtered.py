"""Pages of a blog by topic, by key events, by search, and from the beginning. Each begins after an entry's
number, so that it holds the same entries when the blog grows."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.blog import Blog
from server.domain.entry import Entry
from server.domain.errors import NotFound
from server.store import entries, entry_index
from server.web.reader.pagination import SIZE, Page
from server.web.reader.view import View


class Filtered(NamedTuple):
    """Entries in page order, and the pages before and after this one."""

    page: Page
    entries: list[Entry]
    preceding: View | None
    following: View | None


async def take(connection: AsyncConnection, blog: Blog, view: View, count: int) -> Filtered:
    """Read one page. `count` is the highest number of the blog. Raises NotFound if there is no such page."""
    if view.topic:
        view.topic_name(blog)
    if not view.filtered:
        return await _from_the_beginning(connection, blog, view, count)
    wanted = view.wanted
    found = await entry_index.found(connection, blog.id, wanted, count=count, limit=SIZE + 1)
    shown = list(found[:SIZE])
    if view.cursor is not None and not shown:
        raise NotFound("Page not found.")
    following = view.at(shown[-1].number) if len(found) > SIZE else None
    preceding = None
    if view.cursor is not None:
        inclusive = view.cursor + (1 if view.oldest_first else -1)
        back = wanted._replace(oldest_first=not view.oldest_first, after=inclusive)
        above = await entry_index.found(connection, blog.id, back, count=count, limit=SIZE + 1)
        preceding = view.at(above[SIZE].number if len(above) > SIZE else None)
    return Filtered(_page(view, shown), shown, preceding, following)


async def _from_the_beginning(
    connection: AsyncConnection, blog: Blog, view: View, count: int
) -> Filtered:
    after = view.after or 0
    if after % SIZE or (after and after >= count):
        raise NotFound("Page not found.")
    found = await entries.between(connection, blog.id, first=after + 1, last=after + SIZE)
    shown = list(reversed(found))
    return Filtered(
        replace(_page(view, shown), first=after + 1), shown,
        view.at(after - SIZE or None) if after else None,
        view.at(after + SIZE) if after + SIZE < count else None,
    )


def _page(view: View, shown: list[Entry]) -> Page:
    numbers = [entry.number or 0 for entry in shown]
    return Page(min(numbers, default=1), max(numbers, default=0), view.before)
