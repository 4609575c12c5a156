"""What may be sent about blogs, entries and bylines: one model for each kind of body, with every limit. Forms
of the console use them too.

Unknown fields are refused and types are strict. In words, what cannot be shown is repaired or dropped
(text/characters.py); names and addresses with control characters are refused: what passes here can be put in a
header, a feed or an event without further thought.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
)

from server.domain import blocks, blog, byline
from server.domain.entry import MAX_PIN_ORDER, Content
from server.domain.errors import FieldError, Invalid
from server.domain.text_limits import (
    MAX_BLOCKS,
    MAX_DEVELOPMENTS,
    MAX_GALLERY,
    MAX_RELATED,
    MAX_TOPICS,
    MIN_GALLERY,
)
from server.web.api.field_types import (
    HttpsOrNone,
    Instant,
    Language,
    Line,
    Long,
    MediaId,
    MediaIdOrNone,
    Slug,
    Summary,
    Text,
    TimeZone,
    Topic,
    Url,
    Words,
)

WantedStatus: TypeAlias = Literal["draft", "pending", "scheduled", "published"]
"""Statuses that a client can set; DELETE sets `retracted`."""


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class RelatedBody(Body):
    title: Words
    url: Url


class BylineBody(Body):
    """Who wrote, chosen by `id` or by `name`. `role` and `place` are of this entry or blog; left out, they stay
    or are the byline's. A new name is kept as a byline, with `picture` and `url`. With an `id`, name, `picture`
    and `url` are not looked at, so that sending back what was read is no error."""

    id: MediaIdOrNone = ""
    name: Line = ""
    role: Line | None = None
    place: Line | None = None
    picture: MediaIdOrNone | None = None
    url: HttpsOrNone | None = None


def _form_of_byline(value: Any) -> str:
    return "as_name" if isinstance(value, str) else "as_parts"


Bylines: TypeAlias = Annotated[
    list[
        Annotated[
            Annotated[BylineBody, Tag("as_parts")] | Annotated[Words, Tag("as_name")],
            Discriminator(_form_of_byline),
        ]
    ],
    Field(max_length=byline.MAX_BYLINES),
]
"""Who wrote, in order: an object, or just a name."""


class TextBody(Body):
    """Text as `html`, or as `markdown` if `html` is omitted."""

    type: Literal["text"]
    html: Long = ""
    markdown: Long = ""


class QuoteBody(Body):
    type: Literal["quote"]
    html: Long
    cite: Line = ""


Pixels: TypeAlias = Annotated[int, Field(ge=0, le=100_000)]
PictureWidths: TypeAlias = Annotated[list[Pixels], Field(max_length=20)]
Share: TypeAlias = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
"""From 0 (left or top) to 1 (right or bottom)."""


class PictureBody(Body):
    """An uploaded picture. `focal_x` and `focal_y` are the point that stays in view where it is cropped.
    `sensitive` puts it behind a cover that says `warning`. `width`, `height`, `widths` and `mime` are accepted,
    so that it can be sent back as it was read, and replaced by those of the upload."""

    media_id: MediaId
    alt: Text = ""
    caption: Text = ""
    credit: Line = ""
    decorative: bool = False
    width: Pixels = 0
    height: Pixels = 0
    widths: PictureWidths = []
    mime: Annotated[str, Field(max_length=100)] = ""
    focal_x: Share | None = None
    focal_y: Share | None = None
    sensitive: bool = False
    warning: Line = ""


class PictureChanges(Body):
    """Changes of an uploaded picture: what is left out stays. Entries that show it keep their own texts."""

    alt: Text = ""
    caption: Text = ""
    credit: Line = ""
    focal_x: Share | None = None
    focal_y: Share | None = None


class ImageBody(PictureBody):
    type: Literal["image"]


class GalleryBody(Body):
    """Pictures that belong together, shown as a grid."""

    type: Literal["gallery"]
    images: Annotated[list[PictureBody], Field(min_length=MIN_GALLERY, max_length=MAX_GALLERY)]


class VideoBody(Body):
    """A video file, or the page of a video. `poster` is the id of an uploaded picture; its sizes are accepted
    and replaced, as those of a picture."""

    type: Literal["video"]
    url: Url
    title: Line = ""
    byline: Line = ""
    caption: Text = ""
    poster: Literal[""] | MediaId = ""
    provider: Line = ""
    poster_width: Pixels = 0
    poster_height: Pixels = 0
    poster_widths: PictureWidths = []
    unavailable: bool = False


class EmbedBody(Body):
    """A link. What is left empty is filled in with what the provider or the page says about itself, if it
    answers. `width` and `height` are accepted, so that a block can be sent back, and replaced by those of the
    thumbnail."""

    type: Literal["embed"]
    url: Url
    title: Line = ""
    provider: Line = ""
    author: Line = ""
    description: Text = ""
    thumbnail: Literal[""] | MediaId = ""
    width: Annotated[int, Field(ge=0, le=100_000)] = 0
    height: Annotated[int, Field(ge=0, le=100_000)] = 0
    unavailable: bool = False


BlockBody: TypeAlias = Annotated[
    TextBody | QuoteBody | ImageBody | GalleryBody | VideoBody | EmbedBody, Field(discriminator="type")
]


LeadBody: TypeAlias = Annotated[ImageBody | VideoBody, Field(discriminator="type")]
"""The picture or video at the head of a blog."""


class BlogChanges(Body):
    """Changes to a blog; omitted fields stay unchanged. The slug cannot be changed. `closing_summary` is
    Markdown, which takes HTML too; it and `successor`, what follows, are shown once the blog is closed.
    `planned_end` is for the newsroom only."""

    headline: Words = ""
    standfirst: Text = ""
    key_developments: Annotated[list[Words], Field(max_length=MAX_DEVELOPMENTS)] = []
    status: blog.BlogStatus = "draft"
    bylines: Bylines = []
    byline: Line = ""
    language: Language = "en"
    time_zone: TimeZone = "UTC"
    topics: Annotated[list[Topic], Field(max_length=MAX_TOPICS)] = []
    related: Annotated[list[RelatedBody], Field(max_length=MAX_RELATED)] = []
    lead: LeadBody | None = None
    closing_summary: Summary = ""
    successor: RelatedBody | None = None
    planned_end: Instant | None = None


class BlogBody(BlogChanges):
    """A new blog."""

    slug: Slug
    headline: Words


PinOrder = Annotated[int, Field(strict=True, ge=0, le=MAX_PIN_ORDER)]


class EntryBody(Body):
    """A new entry. `body` is Markdown, and comes before `blocks` when both are given. `byline` is one name as
    plain text; `bylines` hold when both are given. `language` is null where it is the blog's. Pinned entries
    are shown by `pin_order`, the lowest first, and the newest first where it is the same."""

    title: Line = ""
    body: Long = ""
    blocks: Annotated[list[BlockBody], Field(max_length=MAX_BLOCKS)] = []
    bylines: Bylines = []
    byline: Line = ""
    topics: Annotated[list[Topic], Field(max_length=MAX_TOPICS)] = []
    language: Language | None = None
    key: bool = False
    pinned: bool = False
    pin_order: PinOrder = 0
    breaking: bool = False
    status: WantedStatus = "published"
    publish_at: Instant | None = None


class EntryChanges(EntryBody):
    """Changes of an entry: what is left out stays. `body` or `blocks` replace all blocks. `note` is the reason
    when an editor sends a contribution back (`status` `draft`). `correction` is a note to readers on this edit.
    `remove_from_history` takes all earlier versions and their notes out of the public history."""

    note: Text = ""
    correction: Text = ""
    remove_from_history: bool = False


class NewBylineBody(Body):
    """A new byline of the newsroom. `picture` is the id of an uploaded picture."""

    name: Words
    role: Line = ""
    place: Line = ""
    picture: MediaIdOrNone = ""
    url: HttpsOrNone = ""


class BylineChanges(Body):
    """Changes of a byline: what is left out stays."""

    name: Words = ""
    role: Line = ""
    place: Line = ""
    picture: MediaIdOrNone = ""
    url: HttpsOrNone = ""


def bylines_of(body: BlogChanges | EntryBody) -> tuple[byline.Byline, ...]:
    """The bylines that a body asks for: `bylines`, or where they are left out, `byline` as one name."""
    if "bylines" in body.model_fields_set:
        return tuple(_byline(b) for b in body.bylines)
    name = byline.cleaned(body.byline)
    return (byline.Byline.by_name(name),) if name else ()


def _byline(body: BylineBody | str) -> byline.Byline:
    if isinstance(body, str):
        return byline.Byline.by_name(body)
    return byline.Byline(body.name, body.role, body.place, body.picture, body.url, id=body.id)


def lead_of(body: BlogChanges) -> blog.Lead | None:
    """The lead that a body asks for, as it was sent."""
    if body.lead is None:
        return None
    block = blocks.from_json(body.lead.model_dump())
    assert isinstance(block, blog.Lead)
    return block


def blocks_of(body: str, given: list[BlockBody]) -> tuple[blocks.Block, ...]:
    """The blocks that a body and a list of blocks ask for, the body's first, as they were sent:
    newsroom/content.py reads and cleans them."""
    made: list[blocks.Block] = [blocks.Text(html="", markdown=body)] if body else []
    return (*made, *(blocks.from_json(block.model_dump()) for block in given))


def content_of(body: EntryBody) -> Content:
    """What an entry made of this body holds, as it was sent: newsroom/content.py reads and cleans it."""
    return Content(
        title=body.title, blocks=blocks_of(body.body, body.blocks), bylines=bylines_of(body),
        topics=tuple(body.topics), language=body.language, pinned=body.pinned, pin_order=body.pin_order,
        key=body.key, breaking=body.breaking,
    )


def as_sent(error: Invalid, body: str) -> Invalid:
    """An error about the blocks that `blocks_of` made, with the names of what was sent."""
    return Invalid(*(FieldError(_as_sent(f.field, bool(body)), f.message) for f in error.fields))


def _as_sent(field: str, body: bool) -> str:
    name, _, rest = field.partition(".")
    index, _, part = rest.partition(".")
    if name != "blocks" or not index.isdigit() or not body:
        return field
    return f"blocks.{int(index) - 1}.{part}" if int(index) else "body"
