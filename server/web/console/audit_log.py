"""`/console/log`: who did what, of one blog, one entry or one person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import Response

from server.domain.message import N_
from server.domain.permissions import Action, Caller, may, require
from server.domain.times import to_text
from server.newsroom import blogs
from server.store import audit
from server.store import blogs as stored
from server.store import entries as stored_entries
from server.text.title import title_of
from server.web.api import request_parsing
from server.web.console import console_page, form_labels
from server.web.languages import Language
from server.web.site import site_of

PAGE = 100
MAX_LISTED = 200
WHAT = {
    "blog_created": N_("Blog created"), "blog_edited": N_("Blog changed"), "blog_live": N_("Blog set live"),
    "blog_closed": N_("Blog closed"), "blog_reopened": N_("Blog reopened"),
    "blog_imported": N_("Blog imported"), "entry_created": N_("Draft written"),
    "entry_edited": N_("Entry changed"), "entry_draft": N_("Made a draft again"),
    "entry_pending": N_("Sent to the editors"), "entry_scheduled": N_("Scheduled"),
    "entry_published": N_("Published"), "entry_retracted": N_("Retracted"), "entry_restored": N_("Restored"),
    "entry_links_filled": N_("Links looked up"), "byline_added": N_("Byline added"),
    "entry_retimed": N_("Time changed"), "entry_moved_here": N_("Moved here"),
    "entry_moved_away": N_("Moved to another blog"), "entry_copied_here": N_("Copied here"),
    "correction_changed": N_("Correction changed"),
    "note_added": N_("Note added"), "note_removed": N_("Note removed"),
    "handover_changed": N_("Handover note changed"),
    "byline_changed": N_("Byline changed"), "byline_removed": N_("Byline removed"),
    "picture_uploaded": N_("Picture uploaded"), "picture_edited": N_("Picture changed"),
    "picture_removed": N_("Picture removed everywhere"),
    "picture_allowed": N_("Removed picture allowed again"),
    "entry_picture_removed": N_("Picture removed from the entry"), "user_added": N_("User added"),
    "user_changed": N_("User changed"), "password_changed": N_("Password changed"),
    "token_added": N_("Token created"), "token_revoked": N_("Token revoked"), "logged_in": N_("Logged in"),
    "logged_out": N_("Logged out"),
}
"""What each kind of line is called."""
NOT_SHOWN = {"changed", "revision", "user", "token", "byline", "picture"}
FIELDS = {
    "with_it": N_("with it"), "blog_roles": N_("roles in blogs"), "name": N_("name"), "role": N_("role"),
    "username": N_("user name"), "title": N_("title"), "address": N_("address"), "blog": N_("blog"),
}
"""What the details of a line are called, and in `changed` what was changed; others keep their name."""


@console_page.for_members
async def show(request: Request, caller: Caller) -> Response:
    """The newest lines first. Editors see what was done in blogs; what belongs to no blog is for admins."""
    slug, entry_id, person = (request.query_params.get(name, "") for name in ("blog", "entry", "person"))
    language = console_page.language_for(request)
    everything = may(caller, Action.USERS_MANAGE)
    async with site_of(request).database.read() as connection:
        blog = await blogs.readable(connection, caller, slug) if slug else None
        require(caller, Action.AUDIT_READ, blog.id if blog else None)
        wanted = audit.Wanted(blog.id if blog else "", entry_id if blog else "", person, everything)
        found = await audit.listed(
            connection, wanted, before=request_parsing.before_of(request), limit=PAGE + 1
        )
        people = await audit.people(connection, audit.Wanted(wanted.blog_id, everything=everything))
        lines = found[:PAGE]
        titles = await _titles(connection, [line.entry_id for line in lines if line.entry_id])
        slugs = await _slugs(connection, caller)
    last = lines[-1] if len(found) > PAGE else None
    chosen = {"blog": slug, "entry": wanted.entry_id, "person": person}
    return console_page.show(
        request, caller, "log", lines=[_line(line, titles, language) for line in lines], people=people,
        slugs=slugs,
        blog=blog.to_json() if blog else None, zone=blog.time_zone if blog else "UTC", chosen=chosen,
        entry_title=titles.get(entry_id, ""),
        older=_query(chosen | {"before": request_parsing.cursor(last.at, last.id)}) if last else "",
    )


async def _slugs(connection: AsyncConnection, caller: Caller) -> list[str]:
    """Of the blogs whose log this person sees."""
    found = await stored.listed(
        connection, statuses=("draft", "live", "closed"), limit=MAX_LISTED,
        only=None if caller.role else list(caller.blog_roles),
    )
    return [blog.slug for blog in found if may(caller, Action.AUDIT_READ, blog.id)]


async def _titles(connection: AsyncConnection, entry_ids: list[str]) -> dict[str, str]:
    """What the entries are called now. A retracted one has no words, but editors know what it was called."""
    found = await stored_entries.by_ids(connection, sorted(set(entry_ids)))
    gone = await stored_entries.last_titles(connection, [e.id for e in found if e.status == "retracted"])
    return {
        e.id: gone.get(e.id) or "" if e.status == "retracted"
        else title_of(e.content.title, e.content.blocks, 90)
        for e in found
    }


def _line(line: audit.Line, titles: Mapping[str, str], language: Language) -> dict[str, Any]:
    return {
        "at": to_text(line.at), "by": line.by_name, "by_id": line.by_id, "slug": line.slug,
        "what": language.said(WHAT.get(line.what, line.what.replace("_", " ").capitalize())),
        "headline": line.headline, "entry": line.entry_id, "title": titles.get(line.entry_id or "", ""),
        "about": _about(line.about, language),
    }


def _about(about: Mapping[str, Any], language: Language) -> str:
    """The details of a line as words: `key, breaking`; `name: Ada; role: editor`."""
    comma = language.gettext(", ")
    changed = comma.join(_field(str(name), language) for name in about.get("changed", ()))
    said = [changed] if changed else []
    for name, value in about.items():
        if name not in NOT_SHOWN and value not in (None, [], {}, ""):
            shown = comma.join(map(str, value)) if isinstance(value, list) else value
            said.append(language.gettext("%(name)s: %(value)s", name=_field(name, language), value=str(shown)))
    return language.gettext("; ").join(said)


def _field(name: str, language: Language) -> str:
    """A field as its form calls it, else as the log does."""
    known = FIELDS.get(name) or form_labels.LABELS.get(name)
    return language.said(known) if known else name.replace("_", " ")


def _query(values: Mapping[str, str]) -> str:
    return urlencode({name: value for name, value in values.items() if value})
