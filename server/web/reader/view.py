"""What of a blog a page shows, and in which order: its address says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from server.domain.blog import Blog
from server.domain.errors import Invalid, NotFound
from server.domain.topic import slug_of
from server.store.entry_index import Wanted
from server.text.search import MAX_QUERY, words_in

MAX_DIGITS = 9
REFRESH_SECONDS = 60


@dataclass(frozen=True, slots=True)
class View:
    """`topic` is its slug. `before` (newest first) or `after` (oldest first) is an entry's number, on all pages
    but the first. `refresh`: loaded afresh every minute where scripts are off."""

    topic: str = ""
    key: bool = False
    query: str = ""
    oldest_first: bool = False
    before: int | None = None
    after: int | None = None
    refresh: bool = False

    @property
    def filtered(self) -> bool:
        """Whether it leaves entries out."""
        return bool(self.topic or self.key or self.query)

    @property
    def plain(self) -> bool:
        """Whether it is the blog itself: all entries, newest first."""
        return not self.filtered and not self.oldest_first

    @property
    def cursor(self) -> int | None:
        return self.after if self.oldest_first else self.before

    @property
    def wanted(self) -> Wanted:
        """What to ask the index of entries for."""
        words = words_in(self.query)
        return Wanted(self.topic, self.key, words, self.oldest_first, self.cursor)

    def at(self, cursor: int | None) -> View:
        """Another page of the same."""
        if self.oldest_first:
            return replace(self, after=cursor, before=None, refresh=False)
        return replace(self, before=cursor, after=None, refresh=False)

    def url(self, path: str) -> str:
        """The address of this page of the blog at `path`."""
        found = {
            "topic": self.topic, "key": "1" if self.key else "", "q": self.query,
            "order": "oldest" if self.oldest_first else "",
            "before": str(self.before or ""), "after": str(self.after or ""),
            "refresh": str(REFRESH_SECONDS) if self.refresh else "",
        }
        query = urlencode({name: value for name, value in found.items() if value})
        return f"{path}?{query}" if query else path

    def topic_name(self, blog: Blog) -> str:
        """The topic as the blog writes it. Raises NotFound if it has no such topic."""
        for name in blog.topics:
            if slug_of(name) == self.topic:
                return name
        raise NotFound("Topic not found.")


def view_of(query: Mapping[str, str]) -> View:
    """What the query of an address asks for. A search for nothing is none.

    Raises:
        NotFound: there is no such page.
        Invalid: the search is too long.
    """
    words = query.get("q", "").strip()
    if len(words) > MAX_QUERY:
        raise Invalid.field("q", f"at most {MAX_QUERY} characters; this has {len(words)}")
    if query.get("key", "1") != "1" or query.get("order", "oldest") != "oldest":
        raise NotFound("Page not found.")
    view = View(
        slug_of(query.get("topic", "")), "key" in query, words if words_in(words) else "", "order" in query,
        _number(query.get("before")), _number(query.get("after")), "refresh" in query,
    )
    if query.get("refresh", str(REFRESH_SECONDS)) != str(REFRESH_SECONDS):
        raise NotFound("Page not found.")
    if (view.before if view.oldest_first else view.after) is not None:
        raise NotFound("Page not found.")
    return view


def _number(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS and int(text)):
        raise NotFound("Page not found.")
    return int(text)
