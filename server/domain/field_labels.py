"""What the fields of a body are called, so that an error names a field as a person sees it."""

from __future__ import annotations

_NAMES = {
    "alt": "Alt text", "at": "Time", "blog_roles": "Role in a blog", "body": "Text", "cite": "Speaker",
    "current": "Current password", "html": "Text", "key_developments": "Key developments", "markdown": "Text",
    "media_id": "Picture", "mime": "Kind of picture", "poster": "Poster picture", "publish_at": "Publish at",
    "pin_order": "Order among pinned",
    "lead": "Lead picture or video", "successor": "What follows",
    "focal_x": "Focal point", "focal_y": "Focal point", "images": "Pictures",
    "related": "Related reports", "slug": "Address", "time_zone": "Time zone", "url": "Address", "username":
    "User name",
}
_ITEMS = {
    "blocks": "block", "bylines": "byline", "key_developments": "key development", "related": "related report",
}


def label(field: str) -> str:
    """The name of a field for a person: `blocks.0.alt` is `Alt text (block 1)`. Headers stay as they are."""
    parts = field.split(".")
    if len(parts) > 1 and parts[1].isdigit() and parts[0] in _ITEMS:
        item = f"{_ITEMS[parts[0]]} {int(parts[1]) + 1}"
        named = [p for p in parts[2:] if not p.isdigit()]
        if parts[2:3] == ["images"] and len(parts) > 3:
            item += f", picture {int(parts[3]) + 1}"
            named = named[1:] or ["media_id"]
        return f"{_name(named[-1])} ({item})" if named else item[0].upper() + item[1:]
    return _name(parts[0])


def _name(part: str) -> str:
    if part in _NAMES:
        return _NAMES[part]
    if not part.replace("_", "").isalpha() or not part.islower():
        return part
    return part.replace("_", " ").capitalize()
