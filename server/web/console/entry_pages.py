"""A blog's entries: the composer with the lists beneath it, editing, revisions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from server.domain.blog import Blog
from server.domain.entry import Content, Entry
from server.domain.errors import Conflict, Invalid, KeyReused, NotFound, StaleRevision
from server.domain.message import Message
from server.domain.permissions import Action, Caller, may, require
from server.domain.position import new_id
from server.newsroom import blogs, entries
from server.store import entries as stored
from server.store import feeds, idempotency
from server.store.bylines import known_names
from server.text.title import title_of
from server.web.api.request_models import EntryChanges
from server.web.console import (
    blog_page,
    console_page,
    drafts,
    entry_form,
    forms,
    media,
    preview,
    submitted_entry,
)
from server.web.console.blog_page import is_own
from server.web.console.forms import Form
from server.web.console.submitted_entry import TypedEntry
from server.web.console.terms import TERMS
from server.web.site import site_of

DISCARD = "discard"
"""What the button asks for that throws a restored draft away."""


@console_page.for_members
async def index(request: Request, caller: Caller) -> Response:
    """`/console/blogs/{slug}`: write on top, what was written beneath."""
    async with site_of(request).database.read() as connection:
        blog = await blogs.readable(connection, caller, request.path_params["slug"])
    require(caller, Action.ENTRY_CREATE, blog.id)
    if request.method != "POST":
        typed = await drafts.restored(request, caller, blog.slug) or TypedEntry.empty()
        kept = await drafts.offered(request, caller, blog.slug)
        return await blog_page.show(request, caller, blog, typed, kept=kept)
    form = await forms.read(request)
    if form.text("do") == DISCARD:
        await drafts.end_sent(request, caller, form)
        return console_page.to(request.url.path)
    typed = TypedEntry.empty()
    try:
        typed = await submitted_entry.read(request, caller, form, blog)
        if form.text("do") not in submitted_entry.STATUS:
            as_read = await _preview(request, caller, blog, typed)
            return await blog_page.show(request, caller, blog, typed, preview=as_read)
        made = await _create(request, caller, blog, form, typed)
    except KeyReused:
        error = await _sent_before(request, caller, blog, form)
        return await blog_page.show(request, caller, blog, replace(typed, request_key=new_id()), error=error)
    except (Invalid, Conflict) as error:
        return await blog_page.show(request, caller, blog, typed.or_typed(form), error=error)
    await drafts.end_sent(request, caller, form)
    done = "again" if made.replayed else made.entry.status
    return console_page.to(
        f"/console/blogs/{blog.slug}", done, entry=made.entry.id, sent=form.text("request_key")
    )


async def _create(
    request: Request, caller: Caller, blog: Blog, form: Form, typed: TypedEntry
) -> entries.Written:
    desk, status = site_of(request).desk, typed.status(form.text("do")) or "draft"
    content = await typed.content(typed.checked(Content()), blog, Content())
    at = typed.publish_at(blog, now=desk.now(), draft=status == "draft")
    draft = entries.Draft(content, status, at)
    try:
        return await entries.create(desk, caller, blog.slug, draft, key=form.text("request_key") or None)
    except Invalid as error:
        raise submitted_entry.located(error, content) from error


async def _sent_before(request: Request, caller: Caller, blog: Blog, form: Form) -> Conflict:
    """What became of this form when it was sent before: the Back button shows it once more."""
    async with site_of(request).database.read() as connection:
        made = await idempotency.made_with(connection, caller.id, form.text("request_key"))
        try:
            entry = await stored.get(connection, blog.id, made or "")
        except NotFound:
            return Conflict("This form was sent before. Send it again if this is another entry.")
    english = TERMS["entry_status"][entry.status]
    if entry.status == "retracted":
        return Conflict(Message(
            "This form was sent before. Its entry is retracted now. What you typed since is below; send it "
            "again to make another entry of it."
        ))
    return Conflict(Message(
        "This form was sent before. Its entry: “%(title)s”, %(status)s. What you typed since is below; send it "
        "again to make another entry of it.",
        title=title_of(entry.content.title, entry.content.blocks), status=Message(english),
    ))


@console_page.for_members
async def edit(request: Request, caller: Caller) -> Response:
    """`…/entries/{id}`: a stale revision shows both versions side by side."""
    blog, entry = await found(request, caller)
    require(caller, Action.ENTRY_EDIT, blog.id, own=is_own(caller, entry))
    if request.method != "POST":
        typed = await drafts.restored(request, caller, blog.slug, entry.id, revision=str(entry.revision))
        kept = await drafts.offered(request, caller, blog.slug, entry.id)
        return await _form(request, caller, blog, entry, typed or TypedEntry.of(entry, blog), kept=kept)
    form = await forms.read(request)
    if form.text("do") == DISCARD:
        await drafts.end_sent(request, caller, form)
        return console_page.to(request.url.path)
    typed = TypedEntry.empty()
    try:
        typed = await submitted_entry.read(request, caller, form, blog)
        if form.text("do") not in submitted_entry.STATUS:
            as_read = await _preview(request, caller, blog, typed, entry)
            return await _form(request, caller, blog, entry, typed, preview=as_read)
        written = await _save(request, caller, blog, entry, form, typed)
    except StaleRevision as error:
        blog, entry = await found(request, caller)
        yours = replace(typed.without_places(), revision=str(entry.revision))
        return await _form(request, caller, blog, entry, yours, error=error, conflict=True)
    except (Invalid, Conflict) as error:
        return await _form(request, caller, blog, entry, typed.or_typed(form), error=error)
    await drafts.end_sent(request, caller, form)
    return console_page.to(
        f"/console/blogs/{blog.slug}", _done(entry, written.entry), entry=entry.id,
        sent=form.text("request_key"),
    )


async def _save(
    request: Request, caller: Caller, blog: Blog, entry: Entry, form: Form, typed: TypedEntry
) -> entries.Written:
    desk, do = site_of(request).desk, form.text("do")
    content = await typed.content(typed.checked(entry.content), blog, entry.content)
    status = typed.status(do)
    wanted = status or entry.status
    at = None if do in ("unschedule", "now") or wanted == "published" else typed.publish_at(
        blog, now=desk.now(), before=entry.publish_at, draft=wanted == "draft"
    )
    changed = typed.changed(content, entry.content)
    try:
        correction = forms.checked(EntryChanges, {"correction": form.text("correction")}).correction
        return await entries.edit(
            desk, caller, blog.slug, entry.id, changed, revision=form.revision, status=status, publish_at=at,
            correction=correction, remove_from_history=form.ticked("remove_from_history"),
        )
    except Invalid as error:
        raise submitted_entry.located(error, content) from error


def _done(before: Entry, after: Entry) -> str:
    """What the notice says: the new status where it changed, else that it is saved."""
    if before.status == "scheduled" and after.status == "draft":
        return "unscheduled"
    if after.status == "scheduled":
        return "scheduled"
    return "saved" if after.status == before.status and after.status != "draft" else after.status


async def found(request: Request, caller: Caller) -> tuple[Blog, Entry]:
    """The blog and the entry of the address. Raises NotFound for what this person does not see."""
    async with site_of(request).database.read() as connection:
        blog = await blogs.readable(connection, caller, request.path_params["slug"])
        entry = await stored.get(connection, blog.id, request.path_params["id"])
    if not entries.visible_to(caller, blog, entry):
        raise NotFound("Entry not found.")
    return blog, entry


def shown(request: Request, blog: Blog, entry: Entry) -> str:
    """The entry as the reader's page has it."""
    return site_of(request).renderer.entry(feeds.of_entry(entry, blog, "newsroom", ""))


async def _form(
    request: Request, caller: Caller, blog: Blog, entry: Entry, typed: TypedEntry, **more: Any
) -> Response:
    async with site_of(request).database.read() as connection:
        names = [entry_form.in_line([name]) for name in await known_names(connection)]
        library = await media.offered(connection, caller)
    theirs = entry_form.to_markdown(entry.content.blocks)
    context: dict[str, Any] = {"preview": "", "conflict": False, "kept": []} | more
    return console_page.show(
        request, caller, "edit", blog=blog.to_json(), entry=entry.to_json(), typed=typed, theirs=theirs,
        names=names, library=library,
        shown=shown(request, blog, entry) if context["conflict"] else "",
        publishes=may(caller, Action.ENTRY_PUBLISH, blog.id), **context,
    )


async def _preview(
    request: Request, caller: Caller, blog: Blog, typed: TypedEntry, entry: Entry | None = None
) -> str:
    """The entry as readers would see it, without keeping anything. Raises Invalid."""
    before = entry.content if entry else Content()
    written = await typed.content(typed.checked(before), blog, before)
    return await preview.rendered(request, caller, blog, written, entry)
