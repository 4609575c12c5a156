"""The typed pieces of an entry. Values only: text/ sanitises what goes in, templates render what comes out.

On the wire and in the database a block is a JSON object with `type` and the fields below.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, ClassVar, TypeAlias


@dataclass(frozen=True, slots=True)
class Text:
    """Running text. `html` is sanitised; `markdown` is the source it was written in, if it was."""

    type: ClassVar[str] = "text"
    html: str
    markdown: str = ""


@dataclass(frozen=True, slots=True)
class Quote:
    """Somebody's words, and whose they are. `html` is sanitised."""

    type: ClassVar[str] = "quote"
    html: str
    cite: str = ""


@dataclass(frozen=True, slots=True)
class Image:
    """A picture that was uploaded. `alt` may be empty only when `decorative`; sizes are in pixels."""

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
    """A video by its https address: a file that plays in place, or a provider's page behind a facade."""

    type: ClassVar[str] = "video"
    url: str
    title: str = ""
    byline: str = ""
    caption: str = ""
    poster: str = ""
    provider: str = ""


@dataclass(frozen=True, slots=True)
class Embed:
    """Something of another site, shown as a facade until the reader asks for it."""

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
    """The block that `to_json` wrote. Fields of a newer version are passed over."""
    kind = KINDS[data["type"]]
    known = {f.name for f in fields(kind)}
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in data.items() if k in known}
    return kind(**values)


def without_source(block: Block) -> Block:
    """The block as readers may have it. The Markdown that it was written in may hold what sanitising took
    out, such as a comment for a colleague."""
    return replace(block, markdown="") if isinstance(block, Text) else block


def media_ids(blocks: Sequence[Block]) -> set[str]:
    """The uploaded pictures that the blocks show."""
    found = {b.media_id for b in blocks if isinstance(b, Image)}
    return found | {b.poster for b in blocks if isinstance(b, Video) and b.poster}
