"""Content blocks of an entry. Values only: text/ sanitises them, templates render them.

On the wire and in the database a block is a JSON object with `type` and the fields below.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, ClassVar, TypeAlias


@dataclass(frozen=True, slots=True)
class Text:
    """Text. `html` is sanitised; `markdown` is the source, or empty if it was not written as Markdown."""

    type: ClassVar[str] = "text"
    html: str
    markdown: str = ""


@dataclass(frozen=True, slots=True)
class Quote:
    """A quotation and its source. `html` is sanitised."""

    type: ClassVar[str] = "quote"
    html: str
    cite: str = ""


@dataclass(frozen=True, slots=True)
class Image:
    """An uploaded picture. `alt` may be empty only if `decorative`; sizes are in pixels.

    `focal_x` and `focal_y` are the point that has to stay in view where the picture is cropped, from 0 (left,
    top) to 1 (right, bottom); None is the middle. A `sensitive` picture is behind a cover that says `warning`.
    """

    type: ClassVar[str] = "image"
    media_id: str
    alt: str = ""
    caption: str = ""
    credit: str = ""
    decorative: bool = False
    width: int = 0
    height: int = 0
    widths: tuple[int, ...] = ()
    mime: str = "image/jpeg"
    focal_x: float | None = None
    focal_y: float | None = None
    sensitive: bool = False
    warning: str = ""


@dataclass(frozen=True, slots=True)
class Gallery:
    """Pictures that belong together (text_limits.MIN_GALLERY to MAX_GALLERY), shown as a grid."""

    type: ClassVar[str] = "gallery"
    images: tuple[Image, ...]


@dataclass(frozen=True, slots=True)
class Video:
    """A video URL: a file that plays on the page, or a link to a provider's page. `poster` is the id of an
    uploaded picture; its sizes are in pixels. `unavailable`: when it was posted, the provider said that it is
    gone or private."""

    type: ClassVar[str] = "video"
    url: str
    title: str = ""
    byline: str = ""
    caption: str = ""
    poster: str = ""
    provider: str = ""
    poster_width: int = 0
    poster_height: int = 0
    poster_widths: tuple[int, ...] = ()
    unavailable: bool = False


@dataclass(frozen=True, slots=True)
class Embed:
    """A post or a page of another site, shown as a card; nothing is loaded from there. `thumbnail` is the id of
    a picture, `width` and `height` are its size in pixels. `unavailable`: as for a video."""

    type: ClassVar[str] = "embed"
    url: str
    title: str = ""
    provider: str = ""
    author: str = ""
    description: str = ""
    thumbnail: str = ""
    width: int = 0
    height: int = 0
    unavailable: bool = False


Block: TypeAlias = Text | Quote | Image | Gallery | Video | Embed
KINDS: dict[str, type[Block]] = {kind.type: kind for kind in (Text, Quote, Image, Gallery, Video, Embed)}


def to_json(block: Block) -> dict[str, Any]:
    """The block as a JSON object with its `type`."""
    return {"type": block.type, **_object(block)}


def from_json(data: Mapping[str, Any]) -> Block:
    """Inverse of `to_json`. Unknown fields, written by a newer version, are ignored."""
    kind = KINDS[data["type"]]
    if kind is Gallery:
        return Gallery(tuple(image_from_json(i) for i in data["images"]))
    return kind(**_values(kind, data))


def image_from_json(data: Mapping[str, Any]) -> Image:
    """A picture of a gallery, which has no `type` of its own."""
    return Image(**_values(Image, data))


def _values(kind: type[Block], data: Mapping[str, Any]) -> dict[str, Any]:
    known = {f.name for f in fields(kind)}
    return {k: tuple(v) if isinstance(v, list) else v for k, v in data.items() if k in known}


def _object(block: Any) -> dict[str, Any]:
    """The fields, with lists for tuples, as JSON gives them back. `dataclasses.asdict` copies every text."""
    found = {f.name: getattr(block, f.name) for f in fields(block)}
    for name, value in found.items():
        if isinstance(value, tuple):
            found[name] = [_object(part) if is_dataclass(part) else part for part in value]
    return found


def without_source(block: Block) -> Block:
    """The block without its Markdown source, for readers: the source may contain what sanitising removed, such
    as a comment to a colleague."""
    return replace(block, markdown="") if isinstance(block, Text) else block


def images_of(blocks: Sequence[Block]) -> Iterator[Image]:
    """The pictures of the blocks in order, those of galleries too."""
    for block in blocks:
        if isinstance(block, Image):
            yield block
        elif isinstance(block, Gallery):
            yield from block.images


def media_ids(blocks: Sequence[Block]) -> set[str]:
    """Ids of all uploaded pictures in the blocks: pictures, galleries, posters, thumbnails. Whoever asks which
    pictures a text shows asks here, so that a picture's rights and its retraction follow one rule."""
    found = {image.media_id for image in images_of(blocks)}
    found |= {b.poster for b in blocks if isinstance(b, Video) and b.poster}
    return found | {b.thumbnail for b in blocks if isinstance(b, Embed) and b.thumbnail}


def without_media(blocks: Sequence[Block], media_id: str) -> tuple[Block, ...]:
    """The blocks without this picture. What shows nothing else is left out; of two in a gallery one stays."""
    kept = (_without(block, media_id) for block in blocks)
    return tuple(block for block in kept if block is not None)


def _without(block: Block, media_id: str) -> Block | None:
    if isinstance(block, Image):
        return None if block.media_id == media_id else block
    if isinstance(block, Gallery):
        images = tuple(image for image in block.images if image.media_id != media_id)
        return Gallery(images) if len(images) > 1 else next(iter(images), None)
    if isinstance(block, Video) and block.poster == media_id:
        return replace(block, poster="", poster_width=0, poster_height=0, poster_widths=())
    if isinstance(block, Embed) and block.thumbnail == media_id:
        return replace(block, thumbnail="", width=0, height=0)
    return block


def only_rules(block: Block) -> bool:
    """Whether a text shows nothing but horizontal lines."""
    return isinstance(block, Text) and bool(block.html) and not block.html.replace("<hr>", "").strip()
