"""What of an entry is searched, and how words are compared: without regard to case, accents and width, in any
script. A search finds parts of words, so that it works in languages that put no blanks between them."""

from __future__ import annotations

import unicodedata

from server.domain.blocks import Embed, Video
from server.domain.entry import Content
from server.domain.media import Media
from server.text.title import words_of

MAX_SEARCHED = 20_000
"""Characters of one entry that are searched, from its beginning."""
MAX_QUERY = 100
"""Characters of a search."""
MAX_WORDS = 8


def folded(text: str) -> str:
    """The text as it is compared: `Café`, `CAFÉ` and `cafe` are the same, so are `أَحمد` and `احمد`."""
    if text.isascii():  # has no accents, and its case is folded by `lower`
        return " ".join(text.lower().split())
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return " ".join("".join(c for c in plain if unicodedata.category(c)[0] != "M" and c != "\u0640").split())


def searched(content: Content) -> str:
    """The words of an entry as they are kept for the search."""
    titles = [b.title for b in content.blocks if isinstance(b, Video | Embed)]
    names = [b.name for b in content.bylines]
    parts = (content.title, words_of(content.blocks), *titles, *names)
    return folded(" ".join(part for part in parts if part)[: 2 * MAX_SEARCHED])[:MAX_SEARCHED]


def of_picture(item: Media) -> str:
    """The words that a picture is found by: its texts, and the name of its file."""
    return folded(" ".join((item.alt, item.caption, item.credit, item.name)))


def words_in(query: str) -> tuple[str, ...]:
    """What an entry has to contain to be found."""
    return tuple(dict.fromkeys(folded(query).split()))[:MAX_WORDS]
