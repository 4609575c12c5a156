"""Response models for the OpenAPI document. The responses themselves come from `to_json` in domain/; tests,
some of them with schemathesis, compare the two."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from server.domain.blog import BlogStatus
from server.domain.entry import EntryStatus
from server.domain.permissions import Role


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Problem(BaseModel):
    """RFC 9457 problem details. `code` is stable. Some codes have additional members: `invalid` has `errors`;
    `stale_revision` has `current`, `yours` and `based_on`."""

    type: str
    title: str
    status: int
    detail: str
    code: str


class BylineParts(Shape):
    """Who wrote. `id` is that of the newsroom's byline, `picture` that of an uploaded picture; what is not
    known is empty."""

    id: str
    name: str
    role: str
    place: str
    picture: str
    url: str


class Byline(BylineParts):
    created_at: AwareDatetime
    updated_at: AwareDatetime


class BylinePage(Shape):
    """`next` is the value for `?before=`; null on the last page."""

    bylines: list[Byline]
    next: str | None


class RelatedLink(Shape):
    title: str
    url: str


class TextBlock(Shape):
    """`html` is sanitised. `markdown` is the source; empty for readers."""

    type: Literal["text"]
    html: str
    markdown: str


class QuoteBlock(Shape):
    type: Literal["quote"]
    html: str
    cite: str


class PictureParts(Shape):
    """A picture of an entry. `focal_x` and `focal_y`, from 0 to 1, are the point to keep in view, or null. A
    `sensitive` one is to be behind a cover with the words of `warning`, which may be empty."""

    media_id: str
    alt: str
    caption: str
    credit: str
    decorative: bool
    width: int
    height: int
    widths: list[int]
    mime: str
    focal_x: float | None
    focal_y: float | None
    sensitive: bool
    warning: str


class ImageBlock(PictureParts):
    type: Literal["image"]


class GalleryBlock(Shape):
    type: Literal["gallery"]
    images: list[PictureParts]


class VideoBlock(Shape):
    type: Literal["video"]
    url: str
    title: str
    byline: str
    caption: str
    poster: str
    provider: str
    poster_width: int
    poster_height: int
    poster_widths: list[int]
    unavailable: bool


class EmbedBlock(Shape):
    type: Literal["embed"]
    url: str
    title: str
    provider: str
    author: str
    description: str
    thumbnail: str
    width: int
    height: int
    unavailable: bool


Block = TextBlock | QuoteBlock | ImageBlock | GalleryBlock | VideoBlock | EmbedBlock


class Blog(Shape):
    id: str
    slug: str
    headline: str
    standfirst: str
    key_developments: list[str]
    status: BlogStatus
    bylines: list[BylineParts]
    byline: str
    language: str
    time_zone: str
    topics: list[str]
    related: list[RelatedLink]
    lead: ImageBlock | VideoBlock | None
    closing_summary: str
    successor: RelatedLink | None
    revision: int
    created_at: AwareDatetime
    updated_at: AwareDatetime
    started_at: AwareDatetime | None
    closed_at: AwareDatetime | None


class BlogAtPosition(Blog):
    """`position` is where the caller's feed stands, the newsroom's or the public one: follow it from there."""

    position: str


class NewsroomBlog(BlogAtPosition):
    """A blog as the newsroom sees it. `handover` is its note to whoever takes over, by whom and when;
    `planned_end` is when it is to end."""

    handover: str
    handover_by: str
    handover_at: AwareDatetime | None
    planned_end: AwareDatetime | None


class BlogPage(Shape):
    """`next` is the value for `?before=`; null on the last page."""

    blogs: list[Blog]
    next: str | None


class Author(Shape):
    id: str | None
    name: str


class Content(Shape):
    title: str
    blocks: list[Block]
    bylines: list[BylineParts]
    byline: str
    topics: list[str]
    language: str | None
    pinned: bool
    pin_order: int
    key: bool
    breaking: bool


class Correction(Shape):
    """A note to readers on an edit."""

    at: AwareDatetime
    note: str


class PublicEntry(Content):
    """An entry as readers see it. `number` counts published entries from 1 and never changes."""

    id: str
    status: EntryStatus
    revision: int
    position: str
    number: int | None
    published_at: AwareDatetime | None
    edited_at: AwareDatetime | None
    corrections: list[Correction]


class InternalNote(Shape):
    """What somebody of the newsroom says of an entry to the others."""

    id: str
    at: AwareDatetime
    by: str
    text: str


class Entry(PublicEntry):
    """An entry as the newsroom sees it. A retracted one has its place and no content. `note` is why the editor
    `note_by` sent it back, or empty."""

    internal_notes: list[InternalNote]

    author: Author
    created_at: AwareDatetime
    updated_at: AwareDatetime
    publish_at: AwareDatetime | None
    retracted_at: AwareDatetime | None
    note: str
    note_by: str


class EntryPage(Shape):
    """`next` is the value for `?before=`; null on the last page."""

    entries: list[Entry | PublicEntry]
    next: str | None


class Revision(Content):
    revision: int
    status: EntryStatus
    author: Author
    at: AwareDatetime
    correction: str
    hidden: bool


class Revisions(Shape):
    id: str
    revisions: list[Revision]


class Picture(Shape):
    """An uploaded picture. `widths` are the widths of its renditions at `/media/ID/WIDTH.webp`, `name` is the
    name of the uploaded file; `focal_x` and `focal_y` as in an entry."""

    id: str
    url: str
    mime: str
    bytes: int
    width: int
    height: int
    widths: list[int]
    alt: str
    caption: str
    credit: str
    name: str
    focal_x: float | None
    focal_y: float | None
    created_at: AwareDatetime


class Pictures(Shape):
    media: list[Picture]
    next: str | None


class PictureRemoval(Shape):
    """A picture that was removed everywhere: by whom, when and why, how many entries and blogs showed it or
    once did, and how many of the entries showed nothing else and are retracted."""

    id: str
    removed_at: AwareDatetime
    removed_by: str
    reason: str
    entries: int
    retracted: int
    blogs: int


class User(Shape):
    """`role` applies to all blogs, `blog_roles` to single blogs, by slug."""

    id: str
    username: str
    name: str
    role: Role | None
    blog_roles: dict[str, Role]
    active: bool
    created_at: AwareDatetime


class Users(Shape):
    users: list[User]


class Token(Shape):
    """`blog` is the slug of the one blog it is for, or null for all. `made_by` is the name of who made it: it
    can do no more than they, and ends with them, unless `keep`."""

    id: str
    name: str
    role: Role
    blog: str | None
    made_by: str | None
    keep: bool
    created_at: AwareDatetime
    used_at: AwareDatetime | None
    revoked_at: AwareDatetime | None


class NewToken(Token):
    """`token` is the token itself. It is shown only once."""

    token: str


class Tokens(Shape):
    tokens: list[Token]


class Session(Shape):
    """The caller: `id` is `user:ID` or `token:ID`."""

    id: str
    name: str
    role: Role | None
    blog_roles: dict[str, Role]


class Document(BaseModel):
    """An OpenAPI 3.1 document."""

    model_config = ConfigDict(extra="allow")

    openapi: str
    info: dict[str, Any]
    paths: dict[str, Any]
