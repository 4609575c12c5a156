"""An entry's displayed time, and moving or copying it to another blog."""

from __future__ import annotations

import dataclasses

from starlette.requests import Request
from starlette.responses import Response

from server.domain.blog import STATUSES, Blog
from server.domain.entry import Entry
from server.domain.errors import Conflict, Invalid, KeyReused, NotFound, StaleRevision
from server.domain.permissions import Action, Caller, may, require
from server.domain.position import new_id
from server.newsroom import moves
from server.store import blogs as stored
from server.web.console import console_page, entry_form, forms
from server.web.console.entry_pages import found, shown
from server.web.console.forms import Form
from server.web.site import site_of

MAX_LISTED = 200


@console_page.for_members
async def retime(request: Request, caller: Caller) -> Response:
    """`…/entries/{id}/time`: the time that readers see on it."""
    blog, entry = await _entry(request, caller)
    form, error = Form(), None
    text = entry_form.local(entry.published_at, blog.time_zone)
    if request.method == "POST":
        form = await forms.read(request)
        text = form.text("published_at")
        try:
            await _retime(request, caller, blog, entry, form)
        except (Invalid, Conflict, StaleRevision) as refused:
            error = refused
            blog, entry = await _entry(request, caller)
        else:
            return console_page.to(
                f"/console/blogs/{blog.slug}", "retimed", entry=entry.id, sent=form.text("request_key")
            )
    return console_page.show(
        request, caller, "time", error=error, blog=blog.to_json(), entry=entry.to_json(), text=text,
        request_key=form.text("request_key") or new_id(),
    )


async def _retime(request: Request, caller: Caller, blog: Blog, entry: Entry, form: Form) -> None:
    revision, text = form.revision, form.text("published_at")
    if entry.published_at is not None and text == entry_form.local(entry.published_at, blog.time_zone):
        return  # to the minute it is what it was
    try:
        at = entry_form.moment(text, blog.time_zone)
    except Invalid as error:
        raise Invalid(*(dataclasses.replace(f, field="published_at") for f in error.fields)) from error
    if at is None:
        raise Invalid.field("published_at", "needs a day and a time")
    await moves.retime(site_of(request).desk, caller, blog.slug, entry.id, at, revision=revision)


@console_page.for_members
async def send(request: Request, caller: Caller) -> Response:
    """`…/entries/{id}/move`: copies or moves it to another blog."""
    blog, entry = await _entry(request, caller)
    form, error = Form(), None
    if request.method == "POST":
        form = await forms.read(request)
        try:
            done = await _send(request, caller, blog, entry, form)
        except (Invalid, Conflict, StaleRevision, KeyReused, NotFound) as refused:
            error = refused
            blog, entry = await _entry(request, caller)
        else:
            return console_page.to(
                f"/console/blogs/{blog.slug}", done, entry=entry.id, sent=form.text("request_key")
            )
    return console_page.show(
        request, caller, "move", error=error, blog=blog.to_json(), entry=entry.to_json(),
        targets=await _targets(request, caller, blog), chosen=form.text("to"),
        shown=shown(request, blog, entry), request_key=form.text("request_key") or new_id(),
    )


async def _send(request: Request, caller: Caller, blog: Blog, entry: Entry, form: Form) -> str:
    """Copy or move; the name of what was done."""
    revision, do = form.revision, form.text("do")
    if do not in ("copy", "move"):
        raise Conflict("There is no such button.")
    if not form.text("to"):
        raise Invalid.field("to", "choose a blog")
    await moves.send(
        site_of(request).desk, caller, blog.slug, entry.id, form.text("to"), "move" if do == "move" else "copy",
        revision=revision, key=form.text("request_key") or None,
    )
    return "moved" if do == "move" else "copied"


async def _entry(request: Request, caller: Caller) -> tuple[Blog, Entry]:
    blog, entry = await found(request, caller)
    require(caller, Action.ENTRY_PUBLISH, blog.id)
    return blog, entry


async def _targets(request: Request, caller: Caller, blog: Blog) -> list[dict[str, str]]:
    """The other blogs in which this person publishes."""
    async with site_of(request).database.read() as connection:
        others = await stored.listed(
            connection, statuses=STATUSES, limit=MAX_LISTED,
            only=None if caller.role else list(caller.blog_roles),
        )
    return [
        {"slug": b.slug, "headline": b.headline, "status": b.status} for b in others
        if b.id != blog.id and may(caller, Action.ENTRY_PUBLISH, b.id)
    ]
