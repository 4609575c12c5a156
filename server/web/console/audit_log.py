"""`/console/log`: who did what, of one blog, one entry or one person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import Response

from server.domain.permissions import Action, Caller, may, require
from server.domain.times import to_text
from server.newsroom import blogs
from server.store import audit
from server.store import blogs as stored
from server.store import entries as stored_entries
from server.text.title import title_of
from server.web.api import request_parsing
from server.web.console import console_page
from server.web.site import site_of

PAGE = 100
MAX_LISTED = 200
WHAT = {
    "blog_created": "Blog created", "blog_edited": "Blog changed", "blog_live": "Blog set live",
    "blog_closed": "Blog closed", "blog_reopened": "Blog reopened", "blog_imported": "Blog imported",
    "entry_created": "Draft written", "entry_edited": "Entry changed", "entry_draft": "Made a draft again",
    "entry_pending": "Sent to the editors", "entry_scheduled": "Scheduled", "entry_published": "Published",
    "entry_retracted": "Retracted", "entry_restored": "Restored", "entry_links_filled": "Links looked up",
    "byline_added": "Byline added", "byline_changed": "Byline changed", "byline_removed": "Byline removed",
    "picture_uploaded": "Picture uploaded",
    "user_added": "User added", "user_changed": "User changed", "password_changed": "Password changed",
    "token_added": "Token created", "token_revoked": "Token revoked", "logged_in": "Logged in",
    "logged_out": "Logged out",
}
"""What each kind of line is called."""
NOT_SHOWN = {"changed", "revision", "user", "token", "byline", "picture"}
FIELDS = {"with_it": "with it", "blog_roles": "roles in blogs"}


@console_page.for_members
async def show(request: Request, caller: Caller) -> Response:
    """The newest lines first. Editors see what was done in blogs; what belongs to no blog is for admins."""
    slug, entry_id, person = (request.query_params.get(name, "") for name in ("blog", "entry", "person"))
    everything = may(caller, Action.USERS_MANAGE)
    async with site_of(request).database.read() as connection:
        blog = await blogs.readable(connection, caller, slug) if slug else None
        require(caller, Action.AUDIT_READ, blog.id if blog else None)
        wanted = audit.Wanted(blog.id if blog else "", entry_id if blog else "", person, everything)
        found = await audit.listed(
            connection, wanted, before=request_parsing.before_of(request), limit=PAGE + 1
        )
        people = await audit.people(connection, audit.Wanted(wanted.blog_id, everything=everything))
        lines = found[:PAGE]
        titles = await _titles(connection, [line.entry_id for line in lines if line.entry_id])
        slugs = await _slugs(connection, caller)
    last = lines[-1] if len(found) > PAGE else None
    chosen = {"blog": slug, "entry": wanted.entry_id, "person": person}
    return console_page.show(
        request, caller, "log", lines=[_line(line, titles) for line in lines], people=people, slugs=slugs,
        blog=blog.to_json() if blog else None, zone=blog.time_zone if blog else "UTC", chosen=chosen,
        entry_title=titles.get(entry_id, ""),
        older=_query(chosen | {"before": request_parsing.cursor(last.at, last.id)}) if last else "",
    )


async def _slugs(connection: AsyncConnection, caller: Caller) -> list[str]:
    """Of the blogs whose log this person sees."""
    found = await stored.listed(
        connection, statuses=("draft", "live", "closed"), limit=MAX_LISTED,
        only=None if caller.role else list(caller.blog_roles),
    )
    return [blog.slug for blog in found if may(caller, Action.AUDIT_READ, blog.id)]


async def _titles(connection: AsyncConnection, entry_ids: list[str]) -> dict[str, str]:
    """What the entries are called now. A retracted one has no words, but editors know what it was called."""
    found = await stored_entries.by_ids(connection, sorted(set(entry_ids)))
    gone = await stored_entries.last_titles(connection, [e.id for e in found if e.status == "retracted"])
    return {
        e.id: gone.get(e.id) or "Retracted" if e.status == "retracted"
        else title_of(e.content.title, e.content.blocks, 90)
        for e in found
    }


def _line(line: audit.Line, titles: Mapping[str, str]) -> dict[str, Any]:
    return {
        "at": to_text(line.at), "by": line.by_name, "by_id": line.by_id, "slug": line.slug,
        "what": WHAT.get(line.what, line.what.replace("_", " ").capitalize()),
        "headline": line.headline, "entry": line.entry_id, "title": titles.get(line.entry_id or "", ""),
        "about": _about(line.about),
    }


def _about(about: Mapping[str, Any]) -> str:
    """The details of a line as words: `key, breaking`; `name: Ada; role: editor`."""
    changed = ", ".join(str(name).replace("_", " ") for name in about.get("changed", ()))
    said = [changed] if changed else []
    for name, value in about.items():
        if name not in NOT_SHOWN and value not in (None, [], {}, ""):
            shown = ", ".join(map(str, value)) if isinstance(value, list) else value
            said.append(f"{FIELDS.get(name, name.replace('_', ' '))}: {shown}")
    return "; ".join(said)


def _query(values: Mapping[str, str]) -> str:
    return urlencode({name: value for name, value in values.items() if value})
