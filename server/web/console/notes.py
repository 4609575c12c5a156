"""Notes of the newsroom to itself: on an entry, and a blog's note for whoever takes it over."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from server.domain.errors import Invalid, NotFound
from server.domain.permissions import Action, Caller, require
from server.domain.position import new_id
from server.newsroom import blogs, notes
from server.web.console import console_page, forms
from server.web.console.blog_page import is_own
from server.web.console.entry_pages import found
from server.web.console.forms import Form
from server.web.site import site_of


@console_page.for_members
async def of_entry(request: Request, caller: Caller) -> Response:
    """`…/entries/{id}/notes`: every note, and a new one."""
    blog, entry = await found(request, caller)
    require(caller, Action.ENTRY_EDIT, blog.id, own=is_own(caller, entry))
    form, error = Form(), None
    if request.method == "POST":
        form = await forms.read(request)
        try:
            done = await _change(request, caller, blog.slug, entry.id, form)
        except (Invalid, NotFound) as refused:
            error = refused
        else:
            return console_page.to(
                f"/console/blogs/{blog.slug}", done, entry=entry.id, sent=form.text("request_key")
            )
    return console_page.show(
        request, caller, "notes", error=error, blog=blog.to_json(), entry=entry.to_json(),
        text=form.text("text"), request_key=form.text("request_key") or new_id(),
    )


async def _change(request: Request, caller: Caller, slug: str, entry_id: str, form: Form) -> str:
    """Add or remove a note; the name of what was done. Raises Invalid, NotFound."""
    desk = site_of(request).desk
    if note := form.text("remove"):
        await notes.remove(desk, caller, slug, entry_id, note)
        return "unnoted"
    await notes.add(desk, caller, slug, entry_id, form.text("text"))
    return "noted"


@console_page.for_members
async def hand_over(request: Request, caller: Caller) -> Response:
    """`…/handover`: the blog's note for whoever takes it over."""
    async with site_of(request).database.read() as connection:
        blog = await blogs.readable(connection, caller, request.path_params["slug"])
    require(caller, Action.BLOG_EDIT, blog.id)
    text, key, error = blog.handover.text, new_id(), None
    if request.method == "POST":
        form = await forms.read(request)
        text, key = form.text("handover"), form.text("request_key") or key
        try:
            await notes.hand_over(site_of(request).desk, caller, blog.slug, text)
        except Invalid as refused:
            error = refused
        else:
            return console_page.to(f"/console/blogs/{blog.slug}", "handed_over", sent=key)
    return console_page.show(
        request, caller, "handover", error=error, blog=blog.to_json(newsroom=True), text=text, request_key=key
    )
