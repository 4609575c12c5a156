"""A version of an entry as lines of text, for readers and the newsroom to see what changed between two."""

from __future__ import annotations

from server.domain.blocks import Block, Embed, Image, Quote, Text, Video, images_of
from server.domain.byline import line_of
from server.domain.entry import Content
from server.text.difference import lines


def version_lines(content: Content) -> list[str]:
    """Everything of a version that readers see, one line for each paragraph, picture and link."""
    found = [content.title] if content.title else []
    found += [line for block in content.blocks for line in _block(block)]
    return [*found, line_of(content.bylines)] if content.bylines else found


def _block(block: Block) -> list[str]:
    if isinstance(block, Text):
        return lines(block.html)
    if isinstance(block, Quote):
        return [*lines(block.html), f"— {block.cite}"] if block.cite else lines(block.html)
    if isinstance(block, Video | Embed):
        return [f"▸ {block.title or block.url}"]
    return [f"▣ {_picture(image)}" for image in images_of([block])]


def _picture(image: Image) -> str:
    """What may be said of a picture: of one that is covered, its warning."""
    if image.sensitive:
        return image.warning
    return " · ".join(words for words in (image.alt, image.caption, image.credit) if words)
