"""Where a picture is found on this site. Templates and the serving page both ask here."""

from __future__ import annotations

from server.domain.blocks import Image

WIDTHS = (320, 640, 960, 1280, 1920)
"""Widths in pixels that renditions are made in, when the picture is that wide."""
FULL = "full"
_FALLBACK = 960
"""The width for what reads no srcset."""


def image_url(media_id: str, width: int | None = None) -> str:
    """The path of a rendition (`width` must be one that exists), or of the picture in its full size."""
    return f"/media/{media_id}/{rendition_name(width)}"


def rendition_name(width: int | None) -> str:
    return FULL if width is None else f"{width}.webp"


def file_name(media_id: str, width: int | None = None) -> str:
    """What the same file is called in `MediaFiles`."""
    return f"{media_id}-{rendition_name(width)}"


def source(block: Image) -> str:
    """The `src` of a picture: a rendition of middling width where there is one."""
    fitting = [w for w in block.widths if w <= _FALLBACK]
    return image_url(block.media_id, max(fitting) if fitting and block.width > _FALLBACK else None)


def srcset(block: Image) -> str:
    """The `srcset` of a picture, narrowest first; empty when there is only one size (then leave it out).

    The full size is among them only when it is smaller than the widest rendition would be: nobody's phone
    shall fetch a 40-megapixel original.
    """
    offered = [f"{image_url(block.media_id, w)} {w}w" for w in sorted(block.widths)]
    if block.width and block.width <= WIDTHS[-1] and block.width not in block.widths:
        offered.append(f"{image_url(block.media_id)} {block.width}w")
    return ", ".join(offered) if len(offered) > 1 else ""
