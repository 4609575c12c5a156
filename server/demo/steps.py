"""The steps that a demo's story is told in, and what its entries may hold. player.py performs them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from server.domain.byline import Byline


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture drawn by pictures.py, by the name of its function."""

    name: str
    alt: str
    caption: str
    credit: str = "Illustration: Stop Press"
    warning: str = ""
    """What the cover of a distressing picture says. Empty: it has none."""


@dataclass(frozen=True, slots=True)
class Gallery:
    """Pictures that belong together."""

    pictures: tuple[Picture, ...]


@dataclass(frozen=True, slots=True)
class Film:
    """A link to a video on another site, with a drawn poster."""

    url: str
    title: str
    byline: str
    caption: str
    poster: str


@dataclass(frozen=True, slots=True)
class Link:
    """A link to another site, with what its card says and a drawn picture, if it has one."""

    url: str
    title: str
    author: str = ""
    description: str = ""
    picture: str = ""


Piece: TypeAlias = Picture | Gallery | Film | Link
"""What an entry may hold beside its text."""


@dataclass(frozen=True, slots=True)
class Post:
    """Publish an entry. Later steps refer to it by `name`; `body` is Markdown."""

    name: str
    title: str = ""
    body: str = ""
    bylines: tuple[Byline, ...] = ()
    more: tuple[Piece, ...] = ()
    pinned: bool = False
    key: bool = False
    breaking: bool = False


@dataclass(frozen=True, slots=True)
class Edit:
    """Edit an entry: title, body or flags. `correction` is a note to readers."""

    name: str
    changed: dict[str, Any] = field(default_factory=dict)
    correction: str = ""


@dataclass(frozen=True, slots=True)
class Retract:
    """Retract an entry."""

    name: str


@dataclass(frozen=True, slots=True)
class Restore:
    """Restore a retracted entry."""

    name: str


@dataclass(frozen=True, slots=True)
class Furnish:
    """Edit the blog. `lead` puts another picture or video at its head."""

    changed: dict[str, Any] = field(default_factory=dict)
    lead: Picture | Film | None = None


Step: TypeAlias = Post | Edit | Retract | Restore | Furnish
