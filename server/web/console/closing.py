"""`/console/blogs/{slug}/close`: closing a blog as a flow, and reopening it. One page, without scripts."""

from __future__ import annotations

import dataclasses
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import Response

from server.domain.blog import Blog
from server.domain.errors import Conflict, FieldError, Invalid, StaleRevision, StopPressError
from server.domain.permissions import Action, Caller, require
from server.domain.position import new_id
from server.newsroom import blogs, closing
from server.newsroom.closing import Decided, Decision, Ending
from server.text.title import title_of
from server.web.api.blogs import furniture_of
from server.web.api.request_models import BlogChanges
from server.web.console import blog_form, console_page, entry_form, forms
from server.web.console.forms import Form
from server.web.site import site_of

FIELDS = ("ended_at", "closing_summary", "successor")


@console_page.for_members
async def show(request: Request, caller: Caller) -> Response:
    """End time, summary, what follows, and what is still scheduled or waiting; `do=reopen` opens it again."""
    blog = await _blog(request, caller)
    desk, error = site_of(request).desk, cast("StopPressError | None", None)
    values = _values(blog) | {"ended_at": entry_form.local(blog.closed_at or desk.now(), blog.time_zone)}
    chosen: dict[str, str] = {}
    key = new_id()
    if request.method == "POST":
        form = await forms.read(request)
        values = {name: form.text(name) for name in FIELDS}
        chosen, key = {**form.values}, form.text("request_key") or key
        try:
            done = await _act(request, caller, blog, form)
        except (Invalid, Conflict, StaleRevision) as refused:
            error = refused
            blog = await _blog(request, caller)
        else:
            return console_page.to(f"/console/blogs/{blog.slug}", done, sent=key)
    waiting = await closing.undecided(desk, caller, blog.slug)
    return console_page.show(
        request, caller, "close", error=error, blog=blog.to_json(newsroom=True), values=values, chosen=chosen,
        waiting=[e.to_json() | {"line": title_of(e.content.title, e.content.blocks, 140)} for e in waiting],
        request_key=key,
    )


async def _blog(request: Request, caller: Caller) -> Blog:
    async with site_of(request).database.read() as connection:
        blog = await blogs.readable(connection, caller, request.path_params["slug"])
    require(caller, Action.BLOG_EDIT, blog.id)
    return blog


def _values(blog: Blog) -> dict[str, str]:
    shown = blog_form.values_of(blog)
    return {name: shown[name] for name in FIELDS if name in shown}


async def _act(request: Request, caller: Caller, blog: Blog, form: Form) -> str:
    """Close or reopen; the name of what was done. Raises Invalid, Conflict, StaleRevision."""
    desk = site_of(request).desk
    if form.text("do") == "reopen":
        await closing.reopen(desk, caller, blog.slug)
        return "reopened"
    revision = form.revision
    ending = _ending(form, blog)
    waiting = await closing.undecided(desk, caller, blog.slug)
    decided = {
        entry.id: Decided(cast(Decision, choice), _revision(form, entry.id)) for entry in waiting
        if (choice := form.text(f"entry-{entry.id}")) in ("publish", "draft")
    }
    await closing.close(desk, caller, blog.slug, ending, decided, revision=revision)
    return "closed"


def _ending(form: Form, blog: Blog) -> Ending:
    body = blog_form.body_of(Form(_kept(blog) | {name: form.text(name) for name in FIELDS}), blog)
    wanted = {name: body[name] for name in ("closing_summary", "successor")}
    values: dict[str, Any] = furniture_of(forms.checked(BlogChanges, wanted), set(wanted))
    try:
        ended_at = entry_form.moment(form.text("ended_at"), blog.time_zone)
    except Invalid as error:
        raise Invalid(*(dataclasses.replace(f, field="ended_at") for f in error.fields)) from error
    return Ending(ended_at, values["closing_summary"], values["successor"])


def _kept(blog: Blog) -> dict[str, str]:
    """The other fields of the blog, which this form does not have."""
    return {n: v for n, v in blog_form.values_of(blog).items() if n not in FIELDS}


def _revision(form: Form, entry_id: str) -> int:
    text = form.text(f"revision-{entry_id}")
    if not (text.isascii() and text.isdigit() and len(text) < forms.MAX_REVISION_DIGITS):
        raise Invalid(FieldError(f"entry-{entry_id}", "load the page again"))
    return int(text)
