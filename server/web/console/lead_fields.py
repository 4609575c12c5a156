"""The fields of a blog's form for its lead: a picture, or a video with the picture as its poster."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from server.domain.blocks import Image, Video, to_json
from server.domain.blog import Lead
from server.domain.errors import FieldError, Invalid
from server.domain.permissions import Caller
from server.web.console import media
from server.web.console.forms import Form

FIELDS = (
    "lead_picture_id", "lead_alt", "lead_decorative", "lead_caption", "lead_credit", "lead_video",
    "lead_video_title",
)
"""What the form carries as text; the file is the only one of the form, and `lead_remove` a box."""
_OF_PICTURE = {"alt": "lead_alt", "caption": "lead_caption", "credit": "lead_credit"}
_NAMES = {
    "media_id": "lead_picture", "poster": "lead_picture", "picture": "lead_picture", "alt": "lead_alt",
    "caption": "lead_caption", "credit": "lead_credit", "byline": "lead_credit", "url": "lead_video",
    "title": "lead_video_title",
}


def values_of(lead: Lead | None) -> dict[str, str]:
    """The lead as the form shows it."""
    shown: tuple[str, ...] = ("",) * len(FIELDS)
    if isinstance(lead, Image):
        shown = (lead.media_id, lead.alt, "1" if lead.decorative else "", lead.caption, lead.credit, "", "")
    elif isinstance(lead, Video):
        shown = (lead.poster, "", "", lead.caption, lead.byline, lead.url, lead.title)
    return dict(zip(FIELDS, shown, strict=True))


def typed(form: Form) -> dict[str, str]:
    """What was typed, to be shown again."""
    return {name: form.text(name) for name in FIELDS}


async def with_upload(request: Request, caller: Caller, form: Form) -> Form:
    """The form with its picture uploaded: whatever else is wrong with it, the file need not be chosen again.
    Raises Invalid."""
    if not form.file:
        return form
    words = {f"picture_{name}": form.text(field) for name, field in _OF_PICTURE.items()}
    try:
        item = await media.upload(request, caller, Form(words, {"picture": form.file}))
    except Invalid as error:
        names = {f"picture_{name}": field for name, field in _OF_PICTURE.items()} | {"picture": "lead_picture"}
        raise Invalid(*(FieldError(names.get(f.field, f.field), f.message) for f in error.fields)) from error
    return Form(form.values | {"lead_picture_id": item.id})


def read(form: Form, before: Lead | None) -> dict[str, Any] | None:
    """The lead that the form asks for, as the API's body has it. What the form has no fields for stays as it
    was `before`, as long as it is the same picture or video. Raises Invalid for words without a picture or
    video."""
    if form.ticked("lead_remove"):
        return None
    picture, video = form.text("lead_picture_id"), form.text("lead_video").strip()
    known = to_json(before) if before else {}
    caption, credit = form.text("lead_caption"), form.text("lead_credit")
    if video:
        kept = known if isinstance(before, Video) and before.url == video else {}
        kept = {k: v for k, v in kept.items() if not k.startswith("poster_")}
        title = form.text("lead_video_title")
        return kept | {
            "type": "video", "url": video, "title": title, "byline": credit, "caption": caption,
            "poster": picture,
        }
    if picture:
        kept = known if isinstance(before, Image) and before.media_id == picture else {}
        return kept | {
            "type": "image", "media_id": picture, "alt": form.text("lead_alt"), "caption": caption,
            "credit": credit, "decorative": form.ticked("lead_decorative"),
        }
    if any(form.text(name).strip() for name in FIELDS if name != "lead_decorative"):
        raise Invalid.field("lead_picture", "choose a picture or enter a video’s address, or clear the words")
    return None


def named(error: Invalid) -> Invalid:
    """An error about the body's `lead`, with the names of the form's fields."""
    return Invalid(*(FieldError(_name(f.field), f.message) for f in error.fields))


def _name(field: str) -> str:
    first, _, part = field.partition(".")
    return _NAMES.get(part, "lead_picture") if first == "lead" else field
