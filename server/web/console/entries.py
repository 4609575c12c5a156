"""A blog's entries: the composer with the list beneath it, editing, marking, retracting, revisions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import Response

from server.domain.blog import Blog
from server.domain.entry import STATUSES, UNPUBLISHED, Entry, EntryStatus
from server.domain.errors import Conflict, Invalid, KeyReused, NotFound, StaleRevision, StopPressError
from server.domain.permissions import Action, Caller, may, require
from server.domain.position import new_id
from server.domain.times import now, to_text
from server.newsroom import blogs, entries
from server.newsroom.content import prepare
from server.store import entries as stored
from server.store import feeds
from server.store.bylines import known_names
from server.text.title import title_of
from server.web.api import requests
from server.web.console import composing, forms, page, writing
from server.web.console.writing import Writing
from server.web.site import site_of

PAGE = 50
SEEN_BY_ALL: tuple[EntryStatus, ...] = ("published", "retracted")
MARKS: dict[str, dict[str, bool]] = {
    "pin": {"pinned": True}, "unpin": {"pinned": False},
    "key": {"key": True}, "unkey": {"key": False},
    "breaking": {"breaking": True}, "unbreaking": {"breaking": False},
}
"""What each button of the list changes."""


@page.for_members
async def index(request: Request, caller: Caller) -> Response:
    """`/console/blogs/{slug}`: write on top, what was written beneath."""
    site, slug = site_of(request), request.path_params["slug"]
    async with site.database.read() as connection:
        blog = await blogs.readable(connection, caller, slug)
    require(caller, Action.ENTRY_CREATE, blog.id)
    if request.method != "POST":
        return await _list(request, caller, blog, Writing.empty())
    form = await forms.read(request)
    typed = Writing.empty()
    try:
        typed = await writing.read(request, caller, form, blog)
        if form.text("do") == "preview":
            preview = await _preview(request, caller, blog, typed)
            return await _list(request, caller, blog, typed, preview=preview)
        body = typed.checked()
        status = writing.STATUS.get(form.text("do"), "published")
        content = await typed.content(body, (), blog.language)
        draft = entries.Draft(content, status, typed.publish_at(blog) if status == "scheduled" else None)
        made = await entries.create(site.desk, caller, slug, draft, key=form.text("request_key") or None)
    except KeyReused:
        again = Conflict("This form was sent before, and that is posted. Send it again if this is another.")
        return await _list(request, caller, blog, replace(typed, request_key=new_id()), error=again)
    except (Invalid, Conflict) as error:
        return await _list(request, caller, blog, typed.or_typed(form), error=error)
    return page.to(f"/console/blogs/{slug}", made.entry.status, anchor=f"row-{made.entry.id}")


@page.for_members
async def edit(request: Request, caller: Caller) -> Response:
    """`…/entries/{id}`: a stale revision shows both versions side by side."""
    site, slug = site_of(request), request.path_params["slug"]
    blog, entry = await _found(request, caller)
    require(caller, Action.ENTRY_EDIT, blog.id, own=_own(caller, entry))
    if request.method != "POST":
        return await _form(request, caller, blog, entry, Writing.of(entry, blog))
    form = await forms.read(request)
    typed = Writing.empty()
    try:
        typed = await writing.read(request, caller, form, blog)
        if form.text("do") == "preview":
            preview = await _preview(request, caller, blog, typed, entry)
            return await _form(request, caller, blog, entry, typed, preview=preview)
        changed = await typed.changed(typed.checked(), entry.content, blog.language)
        status = writing.STATUS.get(form.text("do"))
        scheduled = "scheduled" in (status, None if status else entry.status)
        written = await entries.edit(
            site.desk, caller, slug, entry.id, changed, revision=form.revision, status=status,
            publish_at=typed.publish_at(blog) if scheduled else None,
        )
    except StaleRevision as error:
        blog, entry = await _found(request, caller)
        yours = replace(typed.without_places(), revision=str(entry.revision))
        return await _form(request, caller, blog, entry, yours, error=error, conflict=True)
    except (Invalid, Conflict) as error:
        return await _form(request, caller, blog, entry, typed.or_typed(form), error=error)
    done = "saved" if status is None else written.entry.status
    return page.to(f"/console/blogs/{slug}", done, anchor=f"row-{entry.id}")


@page.for_members
async def mark(request: Request, caller: Caller) -> Response:
    """The buttons of the list: publish, pin, key, breaking, restore."""
    desk, slug, entry_id = site_of(request).desk, request.path_params["slug"], request.path_params["id"]
    form = await forms.read(request)
    do, done = form.text("do"), "saved"
    try:
        if do == "restore":
            await entries.restore(desk, caller, slug, entry_id)
            done = "restored"
        elif do == "publish":
            await entries.edit(desk, caller, slug, entry_id, {}, revision=form.revision, status="published")
            done = "published"
        elif do in MARKS:
            await entries.edit(desk, caller, slug, entry_id, dict(MARKS[do]), revision=form.revision)
        else:
            raise Invalid.field("do", "there is no such button")
    except StaleRevision:
        done = "stale"
    except Conflict:
        done = "refused"
    return page.to(f"/console/blogs/{slug}", done, anchor=f"row-{entry_id}")


@page.for_members
async def retract(request: Request, caller: Caller) -> Response:
    """`…/retract`: asks first, on a page of its own."""
    slug = request.path_params["slug"]
    blog, entry = await _found(request, caller)
    require(caller, Action.ENTRY_RETRACT, blog.id, own=_own(caller, entry))
    error: StopPressError | None = None
    if request.method == "POST":
        form = await forms.read(request)
        try:
            await entries.retract(site_of(request).desk, caller, slug, entry.id, revision=form.revision)
        except (StaleRevision, Invalid) as refused:
            error = refused
            blog, entry = await _found(request, caller)
        else:
            return page.to(f"/console/blogs/{slug}", "retracted", anchor=f"row-{entry.id}")
    return page.show(
        request, caller, "retract", error=error, blog=blog.to_json(), entry=entry.to_json(),
        shown=_shown(request, blog, entry),
    )


@page.for_members
async def revisions(request: Request, caller: Caller) -> Response:
    """`…/revisions`: every version, the newest first."""
    async with site_of(request).database.read() as connection:
        blog = await blogs.readable(connection, caller, request.path_params["slug"])
        entry, found = await entries.history(
            connection, caller, request.path_params["slug"], request.path_params["id"]
        )
    shown = [
        {
            "revision": r.revision, "status": r.status, "author": r.author_name, "at": to_text(r.at),
            "title": r.content.title, "source": composing.to_markdown(r.content.blocks),
            "media": composing.media_of(r.content.blocks),
        }
        for r in found
    ]
    return page.show(
        request, caller, "revisions", blog=blog.to_json(), entry=entry.to_json(), revisions=shown
    )


async def _found(request: Request, caller: Caller) -> tuple[Blog, Entry]:
    async with site_of(request).database.read() as connection:
        blog = await blogs.readable(connection, caller, request.path_params["slug"])
        entry = await stored.get(connection, blog.id, request.path_params["id"])
    if not entries.visible_to(caller, blog, entry):
        raise NotFound("There is no such entry.")
    return blog, entry


def _own(caller: Caller, entry: Entry) -> bool:
    return entry.author_id == caller.id and entry.status in UNPUBLISHED


async def _list(request: Request, caller: Caller, blog: Blog, typed: Writing, **more: Any) -> Response:
    wanted = request.query_params.get("status", "")
    statuses = [s for s in STATUSES if wanted in ("", s)]
    publishes = may(caller, Action.ENTRY_PUBLISH, blog.id)
    async with site_of(request).database.read() as connection:
        found = await _listed(connection, caller, blog, statuses, before=requests.before_of(request))
        names = await known_names(connection)
        counts = await stored.counts(connection, blog.id) if publishes else {}
        waiting = [] if not publishes or wanted else await stored.listed(
            connection, blog.id, statuses=["pending"], limit=PAGE
        )
    last = found[PAGE - 1] if len(found) > PAGE else None
    return page.show(
        request, caller, "entries", blog=blog.to_json(), typed=typed,
        rows=[_row(caller, blog, e) for e in found[:PAGE]], counts=counts, wanted=wanted,
        waiting=[_row(caller, blog, e) for e in waiting], statuses=STATUSES, publishes=publishes,
        may_furnish=may(caller, Action.BLOG_EDIT, blog.id),
        names=names,
        older=requests.cursor(last.created_at, last.id) if last else "", **({"preview": ""} | more),
    )


async def _listed(
    connection: AsyncConnection, caller: Caller, blog: Blog, statuses: list[EntryStatus], *, before: Any
) -> list[Entry]:
    """One more than a page of what this person sees, the newest written first."""
    parts: list[tuple[list[EntryStatus], str | None]] = [(statuses, None)]
    if not may(caller, Action.ENTRY_PUBLISH, blog.id):
        parts = [
            ([s for s in statuses if s in SEEN_BY_ALL], None),
            ([s for s in statuses if s not in SEEN_BY_ALL], caller.id),
        ]
    found: list[Entry] = []
    for some, author in parts:
        found += await stored.listed(
            connection, blog.id, statuses=some, author_id=author, before=before, limit=PAGE + 1
        )
    return sorted(found, key=lambda e: (e.created_at, e.id), reverse=True)


def _row(caller: Caller, blog: Blog, entry: Entry) -> dict[str, Any]:
    own = _own(caller, entry)
    data = entry.to_json()
    return data | {
        "line": "Retracted" if entry.status == "retracted" else title_of(
            entry.content.title, entry.content.blocks, 140
        ),
        "may_edit": entry.status != "retracted" and may(caller, Action.ENTRY_EDIT, blog.id, own=own),
        "may_retract": entry.status != "retracted" and may(caller, Action.ENTRY_RETRACT, blog.id, own=own),
        "may_publish": may(caller, Action.ENTRY_PUBLISH, blog.id),
    }


async def _form(
    request: Request, caller: Caller, blog: Blog, entry: Entry, typed: Writing, **more: Any
) -> Response:
    async with site_of(request).database.read() as connection:
        names = await known_names(connection)
    theirs = composing.to_markdown(entry.content.blocks)
    context: dict[str, Any] = {"preview": "", "conflict": False} | more
    return page.show(
        request, caller, "edit", blog=blog.to_json(), entry=entry.to_json(), typed=typed, theirs=theirs,
        names=names,
        shown=_shown(request, blog, entry) if context["conflict"] else "",
        publishes=may(caller, Action.ENTRY_PUBLISH, blog.id), **context,
    )


def _shown(request: Request, blog: Blog, entry: Entry) -> str:
    return site_of(request).renderer.entry(feeds.of_entry(entry, blog, "newsroom", ""))


async def _preview(
    request: Request, caller: Caller, blog: Blog, typed: Writing, entry: Entry | None = None
) -> str:
    """The entry as readers would see it, without keeping anything. Raises Invalid."""
    written = await typed.content(typed.checked(), entry.content.blocks if entry else (), blog.language)
    content = await prepare(written, blog.language)
    at = entry.published_at if entry and entry.published_at else now()
    made = Entry(
        id="preview", blog_id=blog.id, status="published", revision=0, content=content,
        author_id=caller.id, author_name=caller.name, created_at=at, updated_at=at, published_at=at,
    )
    return site_of(request).renderer.entry(feeds.of_entry(made, blog, "public", ""))


