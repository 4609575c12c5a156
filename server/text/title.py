"""What an entry is called where only a line is shown: lists, feeds, structured data."""

from __future__ import annotations

from collections.abc import Sequence

from server.domain.blocks import Block, Embed, Gallery, Image, Quote, Text, Video, images_of
from server.text.excerpt import excerpt, plain

TITLE_CHARACTERS = 110
"""As much of a text as search engines show of a headline."""
UNTITLED = "Update"


def title_of(title: str, blocks: Sequence[Block], limit: int = TITLE_CHARACTERS) -> str:
    """The title as it was written, or how the entry begins, in at most `limit` characters: its words, what
    its first picture shows, or the title or address of a video or embed."""
    if title:
        return title
    words = words_of([b for b in blocks if isinstance(b, Text | Quote)])
    return excerpt(words or _pictured(blocks) or _titled(blocks), limit) or UNTITLED


def words_of(blocks: Sequence[Block]) -> str:
    """The words of texts and quotes, and the captions of pictures and videos, as plain text. What is behind the
    cover of a sensitive picture stays there."""
    found = []
    for block in blocks:
        if isinstance(block, Text):
            found.append(plain(block.html))
        elif isinstance(block, Quote):
            found.append(f"“{plain(block.html)}”" + (f" – {block.cite}" if block.cite else ""))
        elif isinstance(block, Image | Gallery):
            found += [image.caption for image in images_of([block]) if not image.sensitive]
        elif isinstance(block, Video):
            found.append(block.caption)
    return " ".join(words for words in found if words)


def _pictured(blocks: Sequence[Block]) -> str:
    pictures = (i for i in images_of(blocks) if not i.decorative)
    return next((i.warning if i.sensitive else i.alt or i.caption for i in pictures), "")


def _titled(blocks: Sequence[Block]) -> str:
    links = [b for b in blocks if isinstance(b, Video | Embed)]
    return next((b.title for b in links if b.title), "") or next((_bare(b.url) for b in links), "")


def _bare(url: str) -> str:
    """`example.org/post` of an address."""
    return url.partition("://")[2].removeprefix("www.").rstrip("/")
