"""Which numbers are on which page. Pages are cut at fixed numbers, so that an older page never shifts.

Entries are numbered 1…n in the order of publication, for good. The first page takes the remainder: with 20 to
a page it holds 20 to 39 entries once there are as many.
"""

from __future__ import annotations

from dataclasses import dataclass

SIZE = 20


@dataclass(frozen=True, slots=True)
class Page:
    """The publications numbered `first` to `last`; `before` is None for the first page."""

    first: int
    last: int
    before: int | None = None

    @property
    def older(self) -> int | None:
        """`before` of the next page down, or None at the start of the blog."""
        return self.first if self.first > 1 else None


def first_page(count: int) -> Page:
    """The newest entries of a blog with `count` publications."""
    return Page(max(0, count // SIZE - 1) * SIZE + 1, count)


def page_before(before: int, count: int) -> Page | None:
    """The page of the 20 numbers before `before`, or None when that is no page's border."""
    if before % SIZE != 1 or not SIZE < before <= count + 1:
        return None
    return Page(before - SIZE, before - 1, before)


def page_of(number: int, count: int) -> Page:
    """The page that shows a number."""
    newest = first_page(count)
    if number >= newest.first:
        return newest
    before = (number - 1) // SIZE * SIZE + SIZE + 1
    return Page(before - SIZE, before - 1, before)


def newer(page: Page, count: int) -> int | None:
    """`before` of the next page up; None: that is the first page."""
    following = page.last + 1
    return None if following >= first_page(count).first else following + SIZE
