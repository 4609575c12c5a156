"""The list of blogs, a new blog, and a blog's furniture."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from server.domain.blog import STATUSES, Blog, Related
from server.domain.byline import line_of
from server.domain.errors import Conflict, Invalid, KeyReused, StaleRevision
from server.domain.permissions import Action, Caller, may, require
from server.domain.position import new_id
from server.newsroom import blogs
from server.store import blogs as stored
from server.store import entries
from server.store.bylines import known_names
from server.text.title import title_of
from server.web.api.field_types import ZONES
from server.web.api.request_models import BlogBody, BlogChanges, bylines_of
from server.web.console import entry_form, forms, page
from server.web.console.forms import Form
from server.web.site import site_of

FIELDS = ("headline", "standfirst", "key_developments", "related", "byline", "language", "time_zone", "status")
MAX_LISTED = 200
STAY = "stay"
"""What Enter in a one-line field asks for: the form again, with nothing saved."""
SENT_BEFORE = Conflict(
    "This form was sent before, and made a blog. Look at the list of blogs before you send it again."
)


@page.for_members
async def index(request: Request, caller: Caller) -> Response:
    """`/console`: the blogs that this person works in, newest first."""
    async with site_of(request).database.read() as connection:
        found = await stored.listed(
            connection, statuses=STATUSES, limit=MAX_LISTED,
            only=None if caller.role else list(caller.blog_roles),
        )
    return page.show(
        request, caller, "blogs", blogs=[b.to_json() for b in found], may_create=may(caller, Action.BLOG_CREATE)
    )


@page.for_members
async def new(request: Request, caller: Caller) -> Response:
    """`/console/blogs/new`."""
    require(caller, Action.BLOG_CREATE)
    if request.method != "POST":
        values = dict.fromkeys(("slug", *FIELDS), "")
        values |= {"language": "en", "time_zone": "UTC", "status": "draft"}
        return page.show(
            request, caller, "new_blog", values=values, request_key=new_id(), zones=ZONES,
            names=await _names(request), unsaved=False,
        )
    form = await forms.read(request)
    values = {name: form.text(name) for name in ("slug", *FIELDS)}
    if form.text("do") == STAY:
        return page.show(
            request, caller, "new_blog", values=values, request_key=form.text("request_key"), zones=ZONES,
            names=await _names(request), unsaved=True,
        )
    try:
        body = forms.checked(BlogBody, {"slug": form.text("slug"), **_typed(form)})
        made = await blogs.create(
            site_of(request).desk, caller, body.slug, blogs.Furniture(**_furniture(body)),
            key=form.text("request_key") or None,
        )
    except (Invalid, Conflict, KeyReused) as error:
        return page.show(
            request, caller, "new_blog", error=error if not isinstance(error, KeyReused) else SENT_BEFORE,
            values=values, request_key=new_id(), zones=ZONES, names=await _names(request), unsaved=True,
        )
    return page.to(f"/console/blogs/{made.blog.slug}", "created", sent=form.text("request_key"))


@page.for_members
async def furniture(request: Request, caller: Caller) -> Response:
    """`/console/blogs/{slug}/furniture`: what stands above the entries, and whether the blog is live."""
    site, slug = site_of(request), request.path_params["slug"]
    async with site.database.read() as connection:
        blog = await blogs.readable(connection, caller, slug)
    require(caller, Action.BLOG_EDIT, blog.id)
    planned = await _planned(request, blog)
    if request.method != "POST":
        return await _form(request, caller, blog, _values(blog), planned=planned, unsaved=False)
    form = await forms.read(request)
    values = {name: form.text(name) for name in FIELDS}
    again: dict[str, Any] = {"planned": planned, "request_key": form.text("request_key") or new_id()}
    if form.text("do") == STAY:
        return await _form(request, caller, blog, values, revision=form.text("revision"), **again)
    try:
        body = forms.checked(BlogChanges, _typed(form))
        if not body.headline:
            raise Invalid.field("headline", "needs some text")
        changed = _furniture(body)
        if values["byline"] == line_of(blog.bylines):
            del changed["bylines"]  # the field holds no more than the names
        await blogs.edit(site.desk, caller, slug, changed, revision=form.revision)
    except StaleRevision as error:
        async with site.database.read() as connection:
            blog = await blogs.readable(connection, caller, slug)
        theirs = {n: v for n, v in _values(blog).items() if v != values[n]}
        return await _form(request, caller, blog, values, error=error, theirs=theirs, **again)
    except (Invalid, Conflict) as error:
        return await _form(request, caller, blog, values, error=error, revision=form.text("revision"), **again)
    done = "closed" if body.status == "closed" != blog.status else "saved"
    return page.to(f"/console/blogs/{slug}", done, sent=form.text("request_key"))


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
    return page.show(request, caller, "furniture", blog=blog.to_json(), values=values, zones=ZONES, **context)


async def _names(request: Request) -> list[str]:
    async with site_of(request).database.read() as connection:
        return await known_names(connection)


def _typed(form: Form) -> dict[str, Any]:
    """The form as the API's body: lists are written one to a line, a related report as `title | address`."""
    lines = [line.strip() for line in form.text("key_developments").split("\n")]
    links = [line.rpartition("|") for line in form.text("related").split("\n") if line.strip()]
    return {
        **{n: form.text(n) for n in ("headline", "standfirst", "language", "time_zone", "status")},
        "bylines": entry_form.names(form.text("byline")),
        "key_developments": [line for line in lines if line],
        "related": [{"title": title.strip(), "url": url.strip()} for title, _, url in links],
    }


def _values(blog: Blog) -> dict[str, str]:
    values = {name: str(getattr(blog, name)) for name in FIELDS if name != "byline"}
    values["byline"] = line_of(blog.bylines)
    values["key_developments"] = "\n".join(blog.key_developments)
    values["related"] = "\n".join(f"{r.title} | {r.url}" for r in blog.related)
    return values


def _furniture(body: BlogChanges) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(body, name) for name in FIELDS if name != "byline"}
    values["key_developments"] = tuple(body.key_developments)
    values["related"] = tuple(Related(r.title, r.url) for r in body.related)
    return values | {"bylines": bylines_of(body)}
