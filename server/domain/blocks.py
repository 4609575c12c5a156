"""Content blocks of an entry. Values only: text/ sanitises them, templates render them.

On the wire and in the database a block is a JSON object with `type` and the fields below.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
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
    """An uploaded picture. `alt` may be empty only if `decorative`; sizes are in pixels."""

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


@dataclass(frozen=True, slots=True)
class Video:
    """A video URL: a file that plays on the page, or a link to a provider's page."""

    type: ClassVar[str] = "video"
    url: str
    title: str = ""
    byline: str = ""
    caption: str = ""
    poster: str = ""
    provider: str = ""


@dataclass(frozen=True, slots=True)
class Embed:
    """A link to another site, shown as a card; nothing is loaded from there."""

    type: ClassVar[str] = "embed"
    url: str
    title: str = ""
    provider: str = ""


Block: TypeAlias = Text | Quote | Image | Video | Embed
KINDS: dict[str, type[Block]] = {kind.type: kind for kind in (Text, Quote, Image, Video, Embed)}


def to_json(block: Block) -> dict[str, Any]:
    """The block as a JSON object with its `type`."""
    return {"type": block.type, **{k: list(v) if isinstance(v, tuple) else v for k, v in asdict(block).items()}}


def from_json(data: Mapping[str, Any]) -> Block:
    """Inverse of `to_json`. Unknown fields, written by a newer version, are ignored."""
    kind = KINDS[data["type"]]
    known = {f.name for f in fields(kind)}
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in data.items() if k in known}
    return kind(**values)


def without_source(block: Block) -> Block:
    """The block without its Markdown source, for readers: the source may contain what sanitising removed, such
    as a comment to a colleague."""
    return replace(block, markdown="") if isinstance(block, Text) else block


def media_ids(blocks: Sequence[Block]) -> set[str]:
    """Ids of the uploaded pictures in the blocks."""
    found = {b.media_id for b in blocks if isinstance(b, Image)}
    return found | {b.poster for b in blocks if isinstance(b, Video) and b.poster}
