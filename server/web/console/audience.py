"""`/console/blogs/{slug}/audience`: the readers of a blog now and over the last hours, for its editors, as a
line and as a table. The server makes both, without scripts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from server.domain.permissions import Caller
from server.domain.times import to_text
from server.newsroom import audience, blogs
from server.newsroom.audience import Span
from server.store.audience import Readers
from server.web.console import console_page
from server.web.site import site_of

SHOWN = timedelta(hours=12)
"""Of the line; the table has all that is kept."""
MINUTES_OF_LINE, MINUTES_OF_ROW = 5, 60
WIDTH, HEIGHT = 720, 120
"""Units of the drawing."""


@console_page.for_members
async def show(request: Request, caller: Caller) -> Response:
    """The numbers of all processes, as of now."""
    site = site_of(request)
    now = site.desk.now()
    async with site.database.read() as connection:
        blog = await blogs.readable(connection, caller, request.path_params["slug"])
        minutes = await audience.of_blog(connection, caller, blog.id, now=now)
    shown = [m for m in minutes if m.at > now - SHOWN]
    spans = audience.spans(shown, minutes_each=MINUTES_OF_LINE)
    rows = audience.spans(minutes, minutes_each=MINUTES_OF_ROW)
    return console_page.show(
        request, caller, "audience", blog=blog.to_json(), now=_row(now, audience.now_of(minutes, now)),
        line=_path(spans, now), most=max((s.most.total for s in spans), default=0),
        width=WIDTH, height=HEIGHT, hours=SHOWN // timedelta(hours=1),
        rows=[_row(span.begins, span.most) for span in reversed(rows)],
    )


def _row(at: datetime, readers: Readers) -> dict[str, Any]:
    return {"at": to_text(at), "total": readers.total, **readers._asdict()}


def _path(spans: Sequence[Span], now: datetime) -> str:
    """The line as an SVG path: steps, down to zero where nobody was counted. Empty without readers."""
    most = max((span.most.total for span in spans), default=0)
    if not most:
        return ""
    begins, each = now - SHOWN, timedelta(minutes=MINUTES_OF_LINE)
    parts, ends = [f"M0 {HEIGHT}"], begins
    for span in spans:
        left, right = (_across(moment, begins) for moment in (span.begins, min(now, span.begins + each)))
        if span.begins > ends:
            parts.append(f"V{HEIGHT}")
        parts.append(f"H{left} V{round(HEIGHT - span.most.total / most * (HEIGHT - 2), 1)} H{right}")
        ends = span.begins + each
    return " ".join([*parts, f"V{HEIGHT} H{WIDTH}"])


def _across(moment: datetime, begins: datetime) -> float:
    return round(max(0.0, (moment - begins) / SHOWN * WIDTH), 1)
