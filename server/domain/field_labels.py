"""What the fields of a body are called, so that an error names a field as a person sees it."""

from __future__ import annotations

from server.domain.message import N_, Message

_NAMES = {
    "alt": N_("Alt text"), "at": N_("Time"), "blog_roles": N_("Role in a blog"), "body": N_("Text"),
    "cite": N_("Speaker"), "current": N_("Current password"), "html": N_("Text"),
    "key_developments": N_("Key developments"), "markdown": N_("Text"), "media_id": N_("Picture"),
    "mime": N_("Kind of picture"), "poster": N_("Poster picture"), "publish_at": N_("Publish at"),
    "pin_order": N_("Order among pinned"), "lead": N_("Lead picture or video"),
    "successor": N_("What follows"), "focal_x": N_("Focal point"), "focal_y": N_("Focal point"),
    "images": N_("Pictures"), "related": N_("Related reports"), "slug": N_("Address"),
    "time_zone": N_("Time zone"), "url": N_("Address"), "username": N_("User name"),
}
_ITEMS = {
    "blocks": (N_("Block %(n)s"), N_("%(name)s (block %(n)s)")),
    "bylines": (N_("Byline %(n)s"), N_("%(name)s (byline %(n)s)")),
    "key_developments": (N_("Key development %(n)s"), N_("%(name)s (key development %(n)s)")),
    "related": (N_("Related report %(n)s"), N_("%(name)s (related report %(n)s)")),
}
"""An item of a list, and a field of it."""


def label(field: str) -> str:
    """The name of a field for a person: `blocks.0.alt` is `Alt text (block 1)`. Headers stay as they are."""
    parts = field.split(".")
    if len(parts) < 2 or not parts[1].isdigit() or parts[0] not in _ITEMS:
        return _name(parts[0])
    alone, within = _ITEMS[parts[0]]
    number = int(parts[1]) + 1
    named = [p for p in parts[2:] if not p.isdigit()]
    if parts[2:3] == ["images"] and len(parts) > 3:
        name = _name((named[1:] or ["media_id"])[-1])
        said = "%(name)s (block %(n)s, picture %(picture)s)"
        return Message(said, name=name, n=number, picture=int(parts[3]) + 1)
    return Message(within, name=_name(named[-1]), n=number) if named else Message(alone, n=number)


def _name(part: str) -> str:
    if part in _NAMES:
        return Message(_NAMES[part])
    if not part.replace("_", "").isalpha() or not part.islower():
        return part
    return Message(part.replace("_", " ").capitalize().replace("%", "%%"))
