"""What the fields of the console's forms are called, so that an error names a field as the form does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from server.domain.message import N_
from server.web.console.terms import term
from server.web.languages import Language

LABELS = {
    "title": N_("Title"), "body": N_("Text"), "byline": N_("Byline"), "byline_parts": N_("Role and place"),
    "publish_at": N_("Publish at"), "pin_order": N_("Order among pinned"), "picture": N_("Picture"),
    "picture_alt": N_("Picture, alt text"), "picture_caption": N_("Picture, caption"),
    "picture_credit": N_("Picture, credit"), "picture_warning": N_("Picture, warning"),
    "video_url": N_("Video, address"), "video_title": N_("Video, title"), "video_byline": N_("Video, byline"),
    "video_caption": N_("Video, caption"), "video_poster": N_("Video, poster picture"),
    "embed_url": N_("Post or page, address"), "correction": N_("Correction"), "note": N_("Reason"),
    "slug": N_("Address"), "headline": N_("Headline"), "standfirst": N_("Standfirst"),
    "key_developments": N_("Key developments"), "related": N_("Related reports"), "language": N_("Language"),
    "time_zone": N_("Time zone"), "status": N_("Status"), "lead_picture": N_("Lead picture"),
    "lead_alt": N_("Lead picture, alt text"), "lead_caption": N_("Lead, caption"),
    "lead_credit": N_("Lead, credit"), "lead_video": N_("Lead video, address"),
    "lead_video_title": N_("Lead video, title"), "closing_summary": N_("Closing summary"),
    "successor": N_("What follows"), "ended_at": N_("Ended at"),
    "published_at": N_("Time"), "to": N_("Other blog"), "text": N_("Note"),
    "handover": N_("Handover note"), "username": N_("User name"), "name": N_("Name"),
    "password": N_("Password"), "current": N_("Current password"), "place": N_("Place"), "url": N_("Link"),
    "topics": N_("Topics"), "role": N_("Role"), "blog_roles": N_("Role in a blog"), "blog": N_("Blog"),
    "blog_role": N_("Role in that blog"), "picture_id": N_("Picture of the library"), "reason": N_("Reason"),
    "alt": N_("Alt text"), "caption": N_("Caption"), "credit": N_("Credit"), "focal_x": N_("Focal point"),
    "focal_y": N_("Focal point"),
}
PARTS = {
    "alt": N_("alt text"), "url": N_("address"), "focal_x": N_("focal point"), "focal_y": N_("focal point"),
    "joined": N_("in a gallery"), "title": N_("title"), "byline": N_("byline"), "caption": N_("caption"),
    "credit": N_("credit"), "warning": N_("warning"),
}
_MEDIA = re.compile(r"media-([0-9]+)(?:-(\w+))?")


def label(name: str, language: Language, media: Sequence[dict[str, Any]] = ()) -> str:
    """The label of a field, by its name in the form. `media` are those that the form shows."""
    found = _MEDIA.fullmatch(name)
    if found is None or int(found[1]) >= len(media):
        return language.said(LABELS.get(name, ""))
    part = found[2] or ""
    piece = legends(media, language)[int(found[1])]
    return _in(language, piece, _part(part, language)) if part else piece


def legends(media: Sequence[dict[str, Any]], language: Language) -> list[str]:
    """`Picture 1`, `Video 1`, `Picture 2` …: what each piece of media is called in the form."""
    counts: dict[str, int] = {}
    found = []
    for block in media:
        kind = term(language, "media", block["type"])
        counts[kind] = counts.get(kind, 0) + 1
        found.append(language.gettext("%(kind)s %(n)s", kind=kind, n=counts[kind]))
    return found


def field_of(path: str, language: Language) -> tuple[str, str]:
    """The form's field for a path of the API's body, and where in it: `related.2.url` is `related`,
    `item 3, address`."""
    name, *rest = path.split(".")
    if name == "bylines":  # one field for all of them, and one for what they are in this entry
        name = "byline_parts" if rest[-1:] in (["role"], ["place"]) else "byline"
    if name == "blocks" and len(rest) > 1:
        return f"media-{rest[0]}-{rest[-1]}", ""
    if rest and rest[0].isdigit():
        item = language.gettext("item %(n)s", n=int(rest[0]) + 1)
        return name, _in(language, item, *(_part(p, language) for p in rest[1:]))
    if name == "successor" and rest:
        return name, _in(language, *(_part(p, language) for p in rest))
    return name, ""


def _part(name: str, language: Language) -> str:
    return language.said(PARTS.get(name, name))


def _in(language: Language, *parts: str) -> str:
    """A place within another: `Picture 1, alt text`."""
    return language.gettext(", ").join(parts)
