"""Pagination by entry number, so that older pages never shift.

Entries are numbered 1…n in order of publication. Pages hold 20 entries; the first page takes the remainder and
holds 20 to 39.
"""

from __future__ import annotations

from dataclasses import dataclass

SIZE = 20


@dataclass(frozen=True, slots=True)
class Page:
    """The entries with numbers `first` to `last`; `before` is None on the first page."""

    first: int
    last: int
    before: int | None = None

    @property
    def older(self) -> int | None:
        """`before` of the next older page, or None on the oldest."""
        return self.first if self.first > 1 else None


def first_page(count: int) -> Page:
    """The first page of a blog with `count` published entries."""
    return Page(max(0, count // SIZE - 1) * SIZE + 1, count)


def page_before(before: int, count: int) -> Page | None:
    """The page with the 20 numbers before `before`, or None if no page starts there."""
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
    """`before` of the next newer page; None if that is the first page."""
    following = page.last + 1
    return None if following >= first_page(count).first else following + SIZE
