"""What the fields of the console's forms are called, so that an error names a field as the form does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

LABELS = {
    "title": "Title", "body": "Text", "byline": "Byline", "byline_parts": "Role and place",
    "publish_at": "Publish at",
    "pin_order": "Order among pinned",
    "picture": "Picture", "picture_alt": "Picture, alt text", "picture_caption": "Picture, caption",
    "picture_credit": "Picture, credit", "picture_warning": "Picture, warning",
    "video_url": "Video, address", "video_title": "Video, title", "video_byline": "Video, byline",
    "video_caption": "Video, caption", "video_poster": "Video, poster picture",
    "embed_url": "Post or page, address",
    "correction": "Correction", "note": "Reason",
    "slug": "Address", "headline": "Headline", "standfirst": "Standfirst",
    "key_developments": "Key developments", "related": "Related reports", "language": "Language",
    "time_zone": "Time zone", "status": "Status",
    "lead_picture": "Lead picture", "lead_alt": "Lead picture, alt text", "lead_caption": "Lead, caption",
    "lead_credit": "Lead, credit", "lead_video": "Lead video, address", "lead_video_title": "Lead video, title",
    "closing_summary": "Closing summary", "successor": "What follows",
    "username": "User name", "name": "Name", "password": "Password", "current": "Current password",
    "place": "Place", "url": "Link", "topics": "Topics",
    "role": "Role", "blog_roles": "Role in a blog", "blog": "Blog", "blog_role": "Role in that blog",
}
KINDS = {"image": "Picture", "video": "Video", "embed": "Embed"}
PARTS = {
    "alt": "alt text", "url": "address", "focal_x": "focal point", "focal_y": "focal point",
    "joined": "in a gallery",
}
_MEDIA = re.compile(r"media-([0-9]+)(?:-(\w+))?")


def label(name: str, media: Sequence[dict[str, Any]] = ()) -> str:
    """The label of a field, by its name in the form. `media` are those that the form shows."""
    found = _MEDIA.fullmatch(name)
    if found is None or int(found[1]) >= len(media):
        return LABELS.get(name, "")
    part = found[2] or ""
    piece = legends(media)[int(found[1])]
    return f"{piece}, {PARTS.get(part, part)}" if part else piece


def legends(media: Sequence[dict[str, Any]]) -> list[str]:
    """`Picture 1`, `Video 1`, `Picture 2` …: what each piece of media is called in the form."""
    counts: dict[str, int] = {}
    found = []
    for block in media:
        kind = KINDS.get(block["type"], "Media")
        counts[kind] = counts.get(kind, 0) + 1
        found.append(f"{kind} {counts[kind]}")
    return found


def field_of(path: str) -> tuple[str, str]:
    """The form's field for a path of the API's body, and where in it: `related.2.url` is `related`,
    `item 3, address`."""
    name, *rest = path.split(".")
    if name == "bylines":  # one field for all of them, and one for what they are in this entry
        name = "byline_parts" if rest[-1:] in (["role"], ["place"]) else "byline"
    if name == "blocks" and len(rest) > 1:
        return f"media-{rest[0]}-{rest[-1]}", ""
    if rest and rest[0].isdigit():
        return name, ", ".join([f"item {int(rest[0]) + 1}", *(PARTS.get(p, p) for p in rest[1:])])
    if name == "successor" and rest:
        return name, ", ".join(PARTS.get(p, p) for p in rest)
    return name, ""
