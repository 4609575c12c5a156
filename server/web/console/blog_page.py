"""A blog's page in the console: the composer, what waits for approval, and what was written, with a notice of
what was just done. The lists alone are what open pages ask for to stay fresh."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import Response

from server.domain.blog import Blog
from server.domain.entry import STATUSES, UNPUBLISHED, Entry, EntryStatus
from server.domain.errors import NotFound
from server.domain.permissions import Action, Caller, may, require
from server.domain.position import new_id
from server.domain.times import to_text
from server.newsroom import blogs, entries, timeline
from server.store import entries as stored
from server.store.bylines import known_names
from server.text.title import title_of
from server.web import times
from server.web.api import request_parsing
from server.web.conditional import client_has
from server.web.console import console_page, entry_form, media, timeline_filter
from server.web.console.submitted_entry import TypedEntry
from server.web.languages import Language
from server.web.request_language import console_language
from server.web.site import site_of

PAGE = 50


async def show(request: Request, caller: Caller, blog: Blog, typed: TypedEntry, **more: Any) -> Response:
    """The whole page. `more` holds an `error`, a `preview`, or the name of what was `done`."""
    name = more.pop("done_as", request.query_params.get("done", ""))
    context = await _lists(request, caller, blog) | await _notice(request, caller, blog, name)
    async with site_of(request).database.read() as connection:
        names = [entry_form.in_line([name]) for name in await known_names(connection)]
        library = await media.offered(connection, caller)
    return console_page.show(
        request, caller, "entries", typed=typed, names=names, library=library,
        furnish_key=new_id(), may_furnish=may(caller, Action.BLOG_EDIT, blog.id),
        **({"preview": "", "kept": []} | context | more),
    )


@console_page.for_members
async def lists(request: Request, caller: Caller) -> Response:
    """`/console/blogs/{slug}/list`: 304 as long as nothing in it has changed."""
    site = site_of(request)
    async with site.database.read() as connection:
        blog = await blogs.readable(connection, caller, request.path_params["slug"])
    require(caller, Action.ENTRY_CREATE, blog.id)
    text = site.renderer.template(
        "console/fresh.html", language=console_language(request), **await _lists(request, caller, blog)
    )
    etag = f'"{hashlib.sha256(text.encode()).hexdigest()[:20]}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-store"}
    if client_has(request, etag):
        return Response(status_code=304, headers=headers)
    return Response(text, media_type="text/html", headers=headers)


async def _lists(request: Request, caller: Caller, blog: Blog) -> dict[str, Any]:
    shows = timeline_filter.of(request)
    publishes = may(caller, Action.ENTRY_PUBLISH, blog.id)
    before = request_parsing.before_of(request)
    async with site_of(request).database.read() as connection:
        found = await timeline.listed(connection, caller, blog, shows.wanted, before=before, limit=PAGE + 1)
        counts = await stored.counts(connection, blog.id) if publishes else {}
        waiting = await _waiting(connection, blog, "pending") if publishes and not shows.some else []
        held = await _waiting(connection, blog, "scheduled") if blog.status == "closed" else []
        shown = found[:PAGE]
        titles = await _titles(connection, shown) if publishes else {}
    last = found[PAGE - 1] if len(found) > PAGE else None
    if shows.status == "scheduled":
        shown = sorted(shown, key=lambda e: (e.publish_at or e.created_at, e.id))
    now = site_of(request).desk.now()
    at, soon = to_text(now), to_text(now + site_of(request).desk.publish_delay)
    home = f"/console/blogs/{blog.slug}"
    return {
        "now": at, "blog": blog.to_json(newsroom=True), "publishes": publishes, "counts": counts,
        "shows": shows,
        "tabs": [(status, shows.address(home, status=status)) for status in ("", *STATUSES)],
        "rows": [_row(caller, blog, e, at, titles.get(e.id, ""), soon=soon) for e in shown],
        "waiting": [_row(caller, blog, e, at) for e in waiting],
        "held": [_row(caller, blog, e, at) for e in held if entries.visible_to(caller, blog, e)],
        "older": shows.address(home, before=request_parsing.cursor(last.created_at, last.id)) if last else "",
    }


async def _waiting(connection: AsyncConnection, blog: Blog, status: EntryStatus) -> list[Entry]:
    return await stored.listed(connection, blog.id, statuses=[status], limit=PAGE)


async def _titles(connection: AsyncConnection, found: list[Entry]) -> dict[str, str]:
    """What retracted entries were called, for those who may restore them. Only the title: nobody gets the
    text of a retracted entry."""
    return await stored.last_titles(connection, [e.id for e in found if e.status == "retracted"])


def _day(text: str, blog: Blog) -> date:
    return times.date_in(datetime.fromisoformat(text), blog.time_zone)


def _row(
    caller: Caller, blog: Blog, entry: Entry, at: str, title: str = "", *, soon: str = ""
) -> dict[str, Any]:
    """An entry as the list has it `at` this moment; `soon`: what goes out by then can only be stopped."""
    own = is_own(caller, entry)
    data = entry.to_json()
    retracted = entry.status == "retracted"
    planned = data["publish_at"] if entry.status != "published" else None
    shown = (planned if entry.status == "scheduled" else data["published_at"]) or data["created_at"]
    return data | {
        "line": (title or "") if retracted else title_of(
            entry.content.title, entry.content.blocks, 140
        ),
        "may_edit": not retracted and may(caller, Action.ENTRY_EDIT, blog.id, own=own),
        "may_retract": not retracted and may(caller, Action.ENTRY_RETRACT, blog.id, own=own),
        "notes": [asdict(n) for n in entry.internal_notes],
        "may_note": may(caller, Action.ENTRY_EDIT, blog.id, own=own),
        "may_publish": may(caller, Action.ENTRY_PUBLISH, blog.id),
        "planned": planned, "ahead": planned is not None and planned > at,
        "soon": planned is not None and planned <= soon,
        "at": shown, "other_day": _day(shown, blog) != _day(at, blog),
    }


async def _notice(request: Request, caller: Caller, blog: Blog, name: str) -> dict[str, Any]:
    """What is said first: what was done, to which entry, and the way back."""
    language = console_page.language_for(request)
    words = console_page.done_words(request, language, name)
    failed = name in console_page.FAILED
    notice: dict[str, Any] = {"done": words, "failed": failed, "about": None, "undo": False}
    entry_id = request.query_params.get("entry", "")
    if not words or not entry_id:
        return notice
    async with site_of(request).database.read() as connection:
        try:
            entry = await stored.get(connection, blog.id, entry_id)
        except NotFound:
            return notice
        titles = await _titles(connection, [entry])
    if not entries.visible_to(caller, blog, entry):
        return notice
    editor = may(caller, Action.ENTRY_PUBLISH, blog.id)
    now = to_text(site_of(request).desk.now())
    row = _row(caller, blog, entry, now, titles.get(entry.id, "") if editor else "")
    if name == "scheduled" and entry.publish_at is not None:
        words = _scheduled(entry, blog, language)
    return notice | {"done": words, "about": row, "undo": editor and entry.status == "retracted"}


def _scheduled(entry: Entry, blog: Blog, language: Language) -> str:
    assert entry.publish_at is not None
    _, at = language.gettext, times.in_full(to_text(entry.publish_at), blog.time_zone, language)
    words = _("Scheduled for %(time)s.", time=at)
    if not entry_form.comes_twice(entry.publish_at, blog.time_zone):
        return words
    if entry.publish_at.astimezone(times.zone_of(blog.time_zone)).fold:
        return f"{words} {_('Clocks go back that night, and this is the second of two such times.')}"
    return f"{words} {_('Clocks go back that night, and this is the first of two such times.')}"


def is_own(caller: Caller, entry: Entry) -> bool:
    return entry.author_id == caller.id and entry.status in UNPUBLISHED
