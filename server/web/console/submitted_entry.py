"""What somebody has typed in the form of an entry, as it is shown again until it can be taken."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from starlette.requests import Request

from server.domain.blocks import Quote, Text, Video
from server.domain.blog import Blog
from server.domain.byline import name_key
from server.domain.entry import Content, Entry, EntryStatus
from server.domain.errors import FieldError, Invalid
from server.domain.permissions import Caller
from server.domain.position import new_id
from server.web.api.request_models import EntryBody, blocks_of, bylines_of
from server.web.console import byline_lines, entry_form, forms, media, media_pieces
from server.web.console.forms import Form

STATUS: dict[str, EntryStatus | None] = {
    "publish": "published", "now": "published", "draft": "draft", "schedule": "scheduled",
    "submit": "pending", "save": None, "unschedule": "draft",
}
"""What each button asks for; saving leaves the status as it is. Anything else, such as Enter in a one-line
field, shows a preview and writes nothing."""
FLAGS = ("pinned", "key", "breaking")
TOPIC = "topic-"
"""Prefix of the boxes of the topics; a field `topics` says that the form has them."""


@dataclass(frozen=True, slots=True)
class TypedEntry:
    """The form's values. `media` are blocks as JSON with the `place` that they had in the entry; `language` is
    empty for the blog's."""

    title: str = ""
    body: str = ""
    byline: str = ""
    byline_parts: str = ""
    topics: tuple[str, ...] = ()
    language: str = ""
    at: str = ""
    pinned: bool = False
    pin_order: str = "0"
    key: bool = False
    breaking: bool = False
    media: list[dict[str, Any]] = field(default_factory=list)
    words: dict[str, str] = field(default_factory=dict)
    revision: str = ""
    request_key: str = ""

    @classmethod
    def empty(cls) -> TypedEntry:
        return cls(request_key=new_id())

    @classmethod
    def of(cls, entry: Entry, blog: Blog) -> TypedEntry:
        content = entry.content
        return cls(
            content.title, entry_form.to_markdown(content.blocks), entry_form.named(content.bylines),
            byline_lines.of(content.bylines), content.topics, content.language or "",
            entry_form.local(entry.publish_at, blog.time_zone),
            content.pinned, str(content.pin_order), content.key, content.breaking,
            entry_form.media_of(content.blocks),
            revision=str(entry.revision), request_key=new_id(),
        )

    def or_typed(self, form: Form) -> TypedEntry:
        """This, or when reading stopped half-way, what the form holds."""
        return self if self.words else _typed(form, _readable_media(form))

    def without_places(self) -> TypedEntry:
        """For another version of the entry than the one that the places are of."""
        return replace(self, media=[block | {"place": None} for block in self.media])

    def checked(self, before: Content) -> EntryBody:
        """All but the words of the box as the API would take them; `before` is what the entry held up to now.
        Raises Invalid."""
        self._check_complete()
        entry_form.check_pictures(self.media)
        plain = media_pieces.to_blocks(self.media)
        try:
            return forms.checked(
                EntryBody,
                {
                    "title": self.title, "bylines": self._bylines(before), "body": self.body,
                    "blocks": plain, "topics": list(self.topics), "language": self.language.strip() or None,
                    "pin_order": _number(self.pin_order),
                } | {flag: getattr(self, flag) for flag in FLAGS},
            )
        except Invalid as error:
            raise media_pieces.located(error, self.media) from error

    def _bylines(self, before: Content) -> list[dict[str, str]]:
        names = entry_form.names(self.byline)
        if "byline_parts" not in self.words:
            return [{"name": name} for name in names]
        return byline_lines.read(self.byline_parts, names, before.bylines)

    def _check_complete(self) -> None:
        """Raises Invalid for words about a picture or a video that is missing: they would go unseen."""
        missing = []
        # what a picture of the form has already is no word about another one
        names = (*media.FIELDS, "warning")
        taken = {(name, block.get(name)) for block in self.media for name in names} | {
            (name, "") for name in names
        }
        if {(name, self.words.get(f"picture_{name}", "").strip()) for name in names} - taken:
            missing.append(
                FieldError("picture", "choose a file, or clear its alt text, caption and credit")
            )
        if any(self.words.get(f"video_{name}", "").strip() for name in ("title", "byline", "caption")):
            missing.append(
                FieldError("video_url", "needs an address; or clear the video’s title, byline and caption")
            )
        if missing:
            raise Invalid(*missing)

    async def content(self, body: EntryBody, blog: Blog, before: Content) -> Content:
        """What the entry shall hold; `before` is what it held up to now. Raises Invalid."""
        language = (body.language if "language" in self.words else before.language) or blog.language
        places = media_pieces.places(self.media)
        words = await entry_form.words(before.blocks, body.body, language)
        arranged = entry_form.arranged(before.blocks, words, blocks_of("", body.blocks), places)
        return Content(
            body.title, arranged, bylines_of(body), topics=tuple(body.topics), language=body.language,
            pinned=body.pinned, pin_order=body.pin_order, key=body.key, breaking=body.breaking,
        )

    def changed(self, content: Content, before: Content) -> dict[str, Any]:
        """The fields of `content` that the form has, for an entry that holds `before`. Bylines that were left
        as they were are not among them: the fields hold no more than names, roles and places."""
        fields = ["title", "blocks", *FLAGS]
        same = "byline_parts" not in self.words or self.byline_parts == byline_lines.of(before.bylines)
        fields += [] if same and self.byline == entry_form.named(before.bylines) else ["bylines"]
        fields += [name for name in ("language", "topics", "pin_order") if name in self.words]
        return {name: getattr(content, name) for name in fields}

    def offered(self, topics: Sequence[str]) -> list[dict[str, Any]]:
        """The boxes of a blog's topics. A box is named by its topic and not by its place: a draft that is put
        back after the list was changed ticks the same topics."""
        chosen = {name_key(name) for name in self.topics}
        return [
            {
                "field": TOPIC + hashlib.sha256(name_key(name).encode()).hexdigest()[:12], "name": name,
                "chosen": name_key(name) in chosen,
            }
            for name in topics
        ]

    def status(self, do: str) -> EntryStatus | None:
        """What a button asks for. With a time to publish at, publishing is scheduling."""
        return "scheduled" if do == "publish" and self.at.strip() else STATUS[do]

    def publish_at(
        self, blog: Blog, *, now: datetime, before: datetime | None = None, draft: bool = False
    ) -> datetime | None:
        """When the entry shall be published. `before` is when it was to be: as long as the form shows it, it
        stays to the second. A `draft` may plan for a time that has passed. Raises Invalid."""
        if before is not None and self.at == entry_form.local(before, blog.time_zone):
            at: datetime | None = before
        else:
            at = entry_form.moment(self.at, blog.time_zone)
        if at is not None and not draft:
            entry_form.check_ahead(at, now, blog.time_zone)
        return at


async def read(request: Request, caller: Caller, form: Form, blog: Blog) -> TypedEntry:
    """The form, with its picture uploaded and its video and link among the media: whatever else is wrong with
    the form, a file that arrived need not be chosen again. Raises Invalid."""
    items = entry_form.sent_media(form)
    if "picture" in form.files:
        item = await media.upload(request, caller, form)
        items.append(entry_form.picture(item, form))
        form = Form({k: v for k, v in form.values.items() if not k.startswith("picture_")}, form.files)
    elif form.text("picture_id"):
        item = await media.chosen(request, caller, form)
        items.append(entry_form.picture(item, form))
        form = Form({k: v for k, v in form.values.items() if not k.startswith("picture_")}, form.files)
    if form.text("video_url").strip():
        address, *words = (form.text(f"video_{name}").strip() for name in ("url", "title", "byline", "caption"))
        video = Video(address, title=words[0], byline=words[1], caption=words[2])
        if "video_poster" in form.files:
            item = await media.keep(request, caller, form.files["video_poster"], "video_poster")
            video = replace(video, poster=item.id)
        items += media_pieces.of(video, None)
        form = Form({k: v for k, v in form.values.items() if not k.startswith("video_")})
    if form.text("embed_url").strip():
        items.append({"type": "embed", "url": form.text("embed_url").strip(), "title": "", "place": None})
        form = Form({k: v for k, v in form.values.items() if k != "embed_url"})
    return _typed(form, items)


def located(error: Invalid, content: Content) -> Invalid:
    """An error about the blocks of `content`, with the media counted as the form shows them."""
    return Invalid(*(FieldError(_place(f.field, content), f.message) for f in error.fields))


def _place(path: str, content: Content) -> str:
    name, *rest = path.split(".")
    if name != "blocks" or not rest or not rest[0].isdigit() or int(rest[0]) >= len(content.blocks):
        return path
    before = content.blocks[: int(rest[0])]
    if isinstance(content.blocks[int(rest[0])], Text | Quote):
        return "body"
    among = [b for b in content.blocks if not isinstance(b, Text | Quote)]
    at = sum(not isinstance(b, Text | Quote) for b in before)
    shown = [piece for block in among for piece in media_pieces.of(block, None)]
    told = Invalid(FieldError(field=".".join([name, str(at), *rest[1:]]), message=""))
    return media_pieces.located(told, shown).fields[0].field


def _number(typed: str) -> int | str:
    """The number that was typed; or the words, which are no number, for the error about them."""
    return int(typed) if typed.strip().isascii() and typed.strip().isdigit() else typed


def _readable_media(form: Form) -> list[dict[str, Any]]:
    try:
        return entry_form.sent_media(form)
    except Invalid:
        return []


def _typed(form: Form, items: list[dict[str, Any]]) -> TypedEntry:
    return TypedEntry(
        form.text("title"), form.text("body"), form.text("byline"),
        form.text("byline_parts"),
        tuple(v for n, v in form.values.items() if n.startswith(TOPIC)), form.text("language"),
        form.text("publish_at"),
        form.ticked("pinned"), form.text("pin_order") or "0", form.ticked("key"), form.ticked("breaking"),
        media=items, words=form.values,
        revision=form.text("revision"), request_key=form.text("request_key") or new_id(),
    )
