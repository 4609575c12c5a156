"""What is done to an entry of the list without opening it: its marks, its schedule, approval, sending back,
retracting and restoring."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from server.domain.blog import Blog
from server.domain.entry import Entry
from server.domain.errors import Conflict, Invalid, StaleRevision, StopPressError
from server.domain.permissions import Action, Caller, may, require
from server.domain.position import new_id
from server.newsroom import blogs, entries
from server.web.api.request_models import EntryChanges
from server.web.console import blog_page, console_page, forms, submitted_entry
from server.web.console.blog_page import is_own
from server.web.console.entry_pages import found, shown
from server.web.console.forms import Form
from server.web.console.submitted_entry import TypedEntry
from server.web.site import site_of

MARKS: dict[str, tuple[str, bool, str]] = {
    "pin": ("pinned", True, "pinned"), "unpin": ("pinned", False, "unpinned"),
    "key": ("key", True, "marked_key"), "unkey": ("key", False, "unmarked_key"),
    "breaking": ("breaking", True, "marked_breaking"), "unbreaking": ("breaking", False, "unmarked_breaking"),
}
"""What each button of the list changes, and what is said of it."""


@console_page.for_members
async def mark(request: Request, caller: Caller) -> Response:
    """The buttons of the lists. They are sent with the composer's form, so that what stands in it comes back
    in the answer; a script sends the button alone."""
    blog, entry = await found(request, caller)
    form = await forms.read(request)
    revision = request.query_params.get("revision", form.text("revision"))
    try:
        done = await _done(request, caller, blog, entry, Form(form.values | {"revision": revision}))
    except StaleRevision:
        done = "stale"
    except Conflict:
        done = "refused"
    except Invalid:
        done = "incomplete"
    if "body" in form.values:
        return await _with_composer(request, caller, form, done)
    home = f"/console/blogs/{blog.slug}"
    return console_page.to(home, done, entry=entry.id, anchor=f"row-{entry.id}")


async def _done(request: Request, caller: Caller, blog: Blog, entry: Entry, form: Form) -> str:
    """Do what the button asks for; what to say of it. Raises StaleRevision, Conflict, Invalid."""
    desk, do = site_of(request).desk, form.text("do")
    if do == "restore":
        await entries.restore(desk, caller, blog.slug, entry.id)
        return "restored"
    changed: dict[str, Any]
    asked: dict[str, Any]
    if do in MARKS:
        name, value, done = MARKS[do]
        changed, asked = {name: value}, {}
    elif do == "unschedule":
        changed, asked, done = {}, {"status": "draft", "publish_at": None}, "unscheduled"
    elif do == "publish" and entry.publish_at is not None and entry.publish_at > desk.now():
        # its author planned it for later: approving it is no reason to publish it at once
        changed, asked, done = {}, {"status": "scheduled"}, "scheduled"
    elif do in ("publish", "now"):
        changed, asked, done = {}, {"status": "published"}, "published"
    else:
        raise Conflict("There is no such button.")
    written = await entries.edit(
        desk, caller, blog.slug, entry.id, changed, revision=form.revision, **asked
    )
    held = done == "published" and written.entry.status == "scheduled"
    return "scheduled" if held else done


async def _with_composer(request: Request, caller: Caller, form: Form, done: str) -> Response:
    async with site_of(request).database.read() as connection:
        blog = await blogs.readable(connection, caller, request.path_params["slug"])
    typed = TypedEntry.empty()
    try:
        typed = await submitted_entry.read(request, caller, form, blog)
    except Invalid as error:
        return await blog_page.show(request, caller, blog, typed.or_typed(form), error=error, done_as=done)
    return await blog_page.show(request, caller, blog, typed, done_as=done)


@console_page.for_members
async def retract(request: Request, caller: Caller) -> Response:
    """`…/retract`: asks first, on a page of its own."""
    blog, entry = await found(request, caller)
    require(caller, Action.ENTRY_RETRACT, blog.id, own=is_own(caller, entry))
    error: StopPressError | None = None
    if request.method == "POST":
        form = await forms.read(request)
        try:
            await entries.retract(
                site_of(request).desk, caller, blog.slug, entry.id, revision=form.revision
            )
        except (StaleRevision, Invalid) as refused:
            error = refused
            blog, entry = await found(request, caller)
        else:
            done = "retracted" if entry.number is not None else "dropped"
            return console_page.to(f"/console/blogs/{blog.slug}", done, entry=entry.id)
    return console_page.show(
        request, caller, "retract", error=error, blog=blog.to_json(), entry=entry.to_json(),
        shown=shown(request, blog, entry), restores=may(caller, Action.ENTRY_PUBLISH, blog.id),
    )


@console_page.for_members
async def send_back(request: Request, caller: Caller) -> Response:
    """`…/send-back`: a contribution becomes its author's draft again, with the reason."""
    blog, entry = await found(request, caller)
    require(caller, Action.ENTRY_PUBLISH, blog.id)
    error: StopPressError | None = None
    form = Form()
    if request.method == "POST":
        form = await forms.read(request)
        try:
            await _send_back(request, caller, blog, entry, form)
        except (StaleRevision, Invalid, Conflict) as refused:
            error = refused
            blog, entry = await found(request, caller)
        else:
            return console_page.to(
                f"/console/blogs/{blog.slug}", "returned", entry=entry.id, sent=form.text("request_key")
            )
    return console_page.show(
        request, caller, "send_back", error=error, blog=blog.to_json(), entry=entry.to_json(),
        shown=shown(request, blog, entry), note=form.text("note"),
        request_key=form.text("request_key") or new_id(),
    )


async def _send_back(request: Request, caller: Caller, blog: Blog, entry: Entry, form: Form) -> None:
    note = forms.checked(EntryChanges, {"note": form.text("note")}).note
    if not note:
        raise Invalid.field("note", "tell the author what is missing")
    await entries.edit(
        site_of(request).desk, caller, blog.slug, entry.id, {}, revision=form.revision, status="draft",
        note=note,
    )
