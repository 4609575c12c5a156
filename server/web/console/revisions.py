"""An entry's versions: what changed from one to the next, going back to one, and the notes to readers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from server.domain.blog import Blog
from server.domain.entry import Entry
from server.domain.errors import Conflict, Invalid, NotFound, StaleRevision, StopPressError
from server.domain.permissions import Action, Caller, may, require
from server.domain.position import new_id
from server.domain.times import to_text
from server.newsroom import blogs, corrections, entries
from server.store.entries import Revision
from server.text.difference import Piece, difference
from server.text.version_lines import version_lines
from server.web.api.request_models import EntryChanges
from server.web.console import console_page, forms
from server.web.console.blog_page import is_own
from server.web.console.forms import Form
from server.web.site import site_of

MAX_COMPARED = 50
"""Versions that are compared with the one before, the newest."""
PAIRS = 1_000_000
"""Pairs of words that are compared for a page at most."""
FLAGS = ("pinned", "key", "breaking")


@console_page.for_members
async def index(request: Request, caller: Caller) -> Response:
    """`…/revisions`: every version, the newest first, with what changed in it; `?view=sides` side by side."""
    blog, entry, found = await _read(request, caller)
    newest = found[: MAX_COMPARED + 1]
    places = await asyncio.to_thread(_compared, newest)
    edits = entry.status != "retracted" and may(
        caller, Action.ENTRY_EDIT, blog.id, own=is_own(caller, entry)
    )
    return console_page.show(
        request, caller, "revisions", blog=blog.to_json(), entry=entry.to_json(), edits=edits,
        sides=request.query_params.get("view") == "sides",
        revisions=[_shown(r, found[n + 1 : n + 2], places.get(r.revision)) for n, r in enumerate(found)],
    )


async def _read(request: Request, caller: Caller) -> tuple[Blog, Entry, list[Revision]]:
    slug, entry_id = request.path_params["slug"], request.path_params["id"]
    async with site_of(request).database.read() as connection:
        blog = await blogs.readable(connection, caller, slug)
        entry, found = await entries.history(connection, caller, slug, entry_id)
    return blog, entry, found


def _compared(found: Sequence[Revision]) -> dict[int, list[list[Piece]]]:
    """What changed in each version, by its number."""
    most = PAIRS // max(1, len(found))
    return {now.revision: _places(before, now, most) for now, before in pairwise(found)}


def _places(before: Revision, now: Revision, most: int) -> list[list[Piece]]:
    return difference(version_lines(before.content), version_lines(now.content), most=most)


def _shown(revision: Revision, before: Sequence[Revision], places: list[list[Piece]] | None) -> dict[str, Any]:
    content = revision.content
    flags = [
        name for name in FLAGS if before and getattr(content, name) != getattr(before[0].content, name)
    ]
    return {
        "revision": revision.revision, "status": revision.status, "author": revision.author_name,
        "at": to_text(revision.at), "title": content.title, "correction": revision.correction,
        "hidden": revision.hidden, "places": places, "first": not before,
        "lines": version_lines(content) if places is None else [],
        "flags": [(name, getattr(content, name)) for name in flags],
    }


@console_page.for_members
async def restore(request: Request, caller: Caller) -> Response:
    """`…/revisions/{revision}/restore`: the words of an earlier version once more, as a new edit. It shows what
    would change, and asks for a note to readers where they see the entry."""
    blog, entry, found = await _read(request, caller)
    require(caller, Action.ENTRY_EDIT, blog.id, own=is_own(caller, entry))
    wanted, form = _wanted(request, found), Form()
    error: StopPressError | None = None
    if request.method == "POST":
        form = await forms.read(request)
        try:
            await _restore(request, caller, blog, entry, wanted, form)
        except (StaleRevision, Invalid, Conflict) as refused:
            error = refused
            blog, entry, found = await _read(request, caller)
        else:
            return console_page.to(
                f"/console/blogs/{blog.slug}", "version_restored", entry=entry.id,
                sent=form.text("request_key"),
            )
    places = await asyncio.to_thread(_places, found[0], wanted, PAIRS)
    return console_page.show(
        request, caller, "restore", error=error, blog=blog.to_json(), entry=entry.to_json(),
        wanted=_shown(wanted, [], places), correction=form.text("correction"),
        request_key=form.text("request_key") or new_id(),
    )


async def _restore(
    request: Request, caller: Caller, blog: Blog, entry: Entry, wanted: Revision, form: Form
) -> None:
    note = forms.checked(EntryChanges, {"correction": form.text("correction")}).correction
    # marks, topics and place of today stay: they belong to the blog as it stands now
    changed = {name: getattr(wanted.content, name) for name in ("title", "blocks", "bylines", "language")}
    await entries.edit(
        site_of(request).desk, caller, blog.slug, entry.id, changed, revision=form.revision, correction=note
    )


@console_page.for_members
async def correction(request: Request, caller: Caller) -> Response:
    """`…/revisions/{revision}/correction`: another note to readers in place of the one of that version."""
    blog, entry, found = await _read(request, caller)
    require(caller, Action.ENTRY_EDIT, blog.id, own=is_own(caller, entry))
    wanted = _wanted(request, found)
    if not wanted.correction:
        raise NotFound("There is no correction with this version.")
    text, key = wanted.correction, new_id()
    error: StopPressError | None = None
    if request.method == "POST":
        form = await forms.read(request)
        text, key = form.text("correction"), form.text("request_key") or key
        try:
            await corrections.reword(
                site_of(request).desk, caller, blog.slug, entry.id, wanted.revision, text
            )
        except (Invalid, Conflict) as refused:
            error = refused
        else:
            done = "reworded" if text.strip() else "correction_removed"
            return console_page.to(f"/console/blogs/{blog.slug}", done, entry=entry.id, sent=key)
    return console_page.show(
        request, caller, "correction", error=error, blog=blog.to_json(), entry=entry.to_json(),
        wanted=_shown(wanted, [], []), text=text, request_key=key,
    )


def _wanted(request: Request, found: Sequence[Revision]) -> Revision:
    """The version that the address names. Raises NotFound."""
    number = request.path_params["revision"]
    for revision in found:
        if str(revision.revision) == number:
            return revision
    raise NotFound("There is no such version.")
