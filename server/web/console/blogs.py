"""The list of blogs, a new blog, and a blog's furniture."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from server.domain.blog import STATUSES, Blog
from server.domain.errors import Conflict, Invalid, KeyReused, StaleRevision
from server.domain.permissions import Action, Caller, may, require
from server.domain.position import new_id
from server.newsroom import blogs
from server.newsroom.rename import rename
from server.store import blogs as stored
from server.store import entries
from server.store.bylines import known_names
from server.text.title import title_of
from server.web.api.field_types import ZONES
from server.web.api.request_models import BlogBody, BlogChanges
from server.web.console import blog_form, console_page, entry_form, forms, lead_fields
from server.web.console.forms import STAY
from server.web.site import site_of

MAX_LISTED = 200
SENT_BEFORE = Conflict(
    "This form was sent before, and made a blog. Look at the list of blogs before you send it again."
)


@console_page.for_members
async def index(request: Request, caller: Caller) -> Response:
    """`/console`: the blogs that this person works in, newest first."""
    async with site_of(request).database.read() as connection:
        found = await stored.listed(
            connection, statuses=STATUSES, limit=MAX_LISTED,
            only=None if caller.role else list(caller.blog_roles),
        )
    return console_page.show(
        request, caller, "blogs", blogs=[b.to_json() for b in found], may_create=may(caller, Action.BLOG_CREATE)
    )


@console_page.for_members
async def new(request: Request, caller: Caller) -> Response:
    """`/console/blogs/new`; `?from=SLUG` begins with a copy of that blog, without its entries."""
    require(caller, Action.BLOG_CREATE)
    if request.method != "POST":
        origin = request.query_params.get("from", "")
        async with site_of(request).database.read() as connection:
            copied = await blogs.readable(connection, caller, origin) if origin else None
            found = await stored.listed(connection, statuses=STATUSES, limit=MAX_LISTED)
        return console_page.show(
            request, caller, "new_blog", values=blog_form.copy_of(copied) if copied else blog_form.empty(),
            request_key=new_id(), zones=ZONES, names=await _names(request), unsaved=copied is not None,
            origin=origin, origins=[(b.slug, b.headline) for b in found],
        )
    form = await forms.read(request)
    if form.text("do") == STAY:
        return console_page.show(
            request, caller, "new_blog", values=blog_form.typed(form), zones=ZONES,
            request_key=form.text("request_key"), names=await _names(request), unsaved=True,
            origin="", origins=[],
        )
    try:
        form = await lead_fields.with_upload(request, caller, form)
        body = forms.checked(BlogBody, {"slug": form.text("slug"), **blog_form.body_of(form)})
        made = await blogs.create(
            site_of(request).desk, caller, body.slug, blogs.Furniture(**blog_form.furniture(body)),
            key=form.text("request_key") or None,
        )
    except (Invalid, Conflict, KeyReused) as error:
        return console_page.show(
            request, caller, "new_blog", error=SENT_BEFORE if isinstance(error, KeyReused) else _named(error),
            values=blog_form.typed(form), request_key=new_id(), zones=ZONES,
            names=await _names(request), unsaved=True, origin="", origins=[],
        )
    return console_page.to(f"/console/blogs/{made.blog.slug}", "created", sent=form.text("request_key"))


@console_page.for_members
async def furniture(request: Request, caller: Caller) -> Response:
    """`/console/blogs/{slug}/furniture`: what stands above the entries, and whether the blog is live."""
    site, slug = site_of(request), request.path_params["slug"]
    async with site.database.read() as connection:
        blog = await blogs.readable(connection, caller, slug)
    require(caller, Action.BLOG_EDIT, blog.id)
    planned = await _planned(request, blog)
    if request.method != "POST":
        return await _form(request, caller, blog, blog_form.values_of(blog), planned=planned, unsaved=False)
    form = await forms.read(request)
    again: dict[str, Any] = {"planned": planned, "request_key": form.text("request_key") or new_id()}
    if form.text("do") == STAY:
        typed = blog_form.typed(form)
        return await _form(request, caller, blog, typed, revision=form.text("revision"), **again)
    try:
        form = await lead_fields.with_upload(request, caller, form)
        body = forms.checked(BlogChanges, blog_form.body_of(form, blog))
        if not body.headline:
            raise Invalid.field("headline", "needs some text")
        await blogs.edit(
            site.desk, caller, slug, blog_form.furniture(body, blog), revision=form.revision
        )
    except StaleRevision as error:
        async with site.database.read() as connection:
            blog = await blogs.readable(connection, caller, slug)
        values = blog_form.typed(form)
        theirs = {n: v for n, v in blog_form.values_of(blog).items() if v != values[n]}
        return await _form(request, caller, blog, values, error=error, theirs=theirs, **again)
    except (Invalid, Conflict) as error:
        typed = blog_form.typed(form)
        again |= {"error": _named(error), "revision": form.text("revision")}
        return await _form(request, caller, blog, typed, **again)
    done = "closed" if body.status == "closed" != blog.status else "saved"
    return console_page.to(f"/console/blogs/{slug}", done, sent=form.text("request_key"))


@console_page.for_members
async def address(request: Request, caller: Caller) -> Response:
    """`/console/blogs/{slug}/address`: another slug."""
    async with site_of(request).database.read() as connection:
        blog = await blogs.readable(connection, caller, request.path_params["slug"])
    require(caller, Action.BLOG_EDIT, blog.id)
    form, error, slug = forms.Form(), None, blog.slug
    if request.method == "POST":
        form = await forms.read(request)
        slug = form.text("slug").strip()
        try:
            made = await rename(site_of(request).desk, caller, blog.slug, slug, revision=form.revision)
        except (Invalid, Conflict, StaleRevision) as refused:
            error = refused
        else:
            home = f"/console/blogs/{made.blog.slug}"
            return console_page.to(home, "renamed", sent=form.text("request_key"))
    return console_page.show(
        request, caller, "address", error=error, blog=blog.to_json(), slug=slug,
        request_key=form.text("request_key") or new_id(),
    )


async def _planned(request: Request, blog: Blog) -> list[dict[str, Any]]:
    """What is still scheduled in the blog: closing it keeps this from being published."""
    async with site_of(request).database.read() as connection:
        found = await entries.listed(connection, blog.id, statuses=["scheduled"], limit=MAX_LISTED)
    return [e.to_json() | {"line": title_of(e.content.title, e.content.blocks, 140)} for e in found]


async def _form(
    request: Request, caller: Caller, blog: Blog, values: dict[str, str], **more: Any
) -> Response:
    context: dict[str, Any] = {
        "revision": blog.revision, "theirs": {}, "request_key": new_id(), "unsaved": True,
        "names": await _names(request),
    } | more
    return console_page.show(
        request, caller, "furniture", blog=blog.to_json(), values=values, zones=ZONES, **context
    )


async def _names(request: Request) -> list[str]:
    async with site_of(request).database.read() as connection:
        return [entry_form.in_line([name]) for name in await known_names(connection)]


def _named(error: Invalid | Conflict) -> Invalid | Conflict:
    return lead_fields.named(error) if isinstance(error, Invalid) else error
