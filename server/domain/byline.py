"""Who wrote: the bylines of an entry or a blog, and how a name is told from another one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

MAX_BYLINES = 20
"""Names that one entry or blog has at most."""

_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
                        "\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]")
"""Characters that leave no mark; U+200C and U+200D join letters of Persian and Indic names."""
_APOSTROPHES = re.compile("[\u2018\u2019\u02bc\u00b4\u0060\uff07]")
_HYPHENS = re.compile("[\u2010-\u2015\u2212\ufe63\uff0d]")


@dataclass(frozen=True, slots=True)
class Byline:
    """A name with an optional role, place, picture (the id of an upload) and link.

    `id` is that of the newsroom's record of the name; empty in what a person asks for by name, and in what was
    written before there were records. There, a part that is None is to be taken from the record.
    """

    name: str
    role: str | None = ""
    place: str | None = ""
    picture: str | None = ""
    url: str | None = ""
    id: str = ""

    @classmethod
    def by_name(cls, name: str) -> Byline:
        """Choose a record by its name, with all that it says."""
        return cls(name, None, None, None, None)

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id, "name": self.name, "role": self.role or "", "place": self.place or "",
            "picture": self.picture or "", "url": self.url or "",
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Byline:
        """The byline that `to_json` wrote."""
        return cls(data["name"], data["role"], data["place"], data["picture"], data["url"], data["id"])


def cleaned(name: str) -> str:
    """The name as it is kept: single blanks, nothing invisible at its ends. Empty when nothing of it shows."""
    words = " ".join(unicodedata.normalize("NFC", name).split())
    if not _INVISIBLE.sub("", words).strip():
        return ""
    while words and (_INVISIBLE.match(words[0]) or words[0].isspace()):
        words = words[1:]
    while words and (_INVISIBLE.match(words[-1]) or words[-1].isspace()):
        words = words[:-1]
    return words


def name_key(name: str) -> str:
    """What two names have in common that a person takes for the same: case, width, blanks, the form of
    apostrophes and hyphens, and invisible characters make no difference."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    folded = _HYPHENS.sub("-", _APOSTROPHES.sub("'", _INVISIBLE.sub("", folded)))
    return " ".join(folded.split())


def line_of(bylines: Sequence[Byline]) -> str:
    """The names as one line: `byline` of the API, and what the console's field holds."""
    return ", ".join(b.name for b in bylines)


def without_picture(bylines: Sequence[Byline], picture: str) -> tuple[Byline, ...]:
    """The bylines, without this picture where one shows it."""
    return tuple(replace(b, picture="") if b.picture == picture else b for b in bylines)


def pictures_of(bylines: Sequence[Byline]) -> set[str]:
    """The uploaded pictures that the bylines show."""
    return {b.picture for b in bylines if b.picture}
