"""What a blog's list in the console is limited to, by its address: `?q=words&status=draft&key=1&pinned=1`."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.requests import Request

from server.domain.entry import STATUSES
from server.newsroom.timeline import Wanted
from server.text import search


@dataclass(frozen=True, slots=True)
class Filter:
    """The words as they were typed, a status or empty for all, and whether only key or pinned entries."""

    q: str = ""
    status: str = ""
    key: bool = False
    pinned: bool = False

    @property
    def some(self) -> bool:
        """Whether anything is left out."""
        return self != Filter()

    @property
    def wanted(self) -> Wanted:
        statuses = tuple(status for status in STATUSES if self.status in ("", status))
        return Wanted(statuses, search.words_in(self.q), self.key, self.pinned)

    def address(self, path: str, *, status: str | None = None, before: str = "") -> str:
        """The page at `path` with this filter; with another `status` or further `before`."""
        given = {
            "q": self.q, "status": self.status if status is None else status, "key": "1" if self.key else "",
            "pinned": "1" if self.pinned else "", "before": before,
        }
        query = urlencode({name: value for name, value in given.items() if value})
        return f"{path}?{query}" if query else path


def of(request: Request) -> Filter:
    """The filter of an address. What it does not know it leaves out: a filter is no order."""
    query = request.query_params
    status = query.get("status", "")
    return Filter(
        query.get("q", "").strip()[: search.MAX_QUERY], status if status in STATUSES else "",
        query.get("key") == "1", query.get("pinned") == "1",
    )
