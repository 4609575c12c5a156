"""URLs and file names of pictures and their renditions."""

from __future__ import annotations

from server.domain.blocks import Image, Video

WIDTHS = (320, 640, 960, 1280, 1920)
"""Widths of renditions in pixels; only those up to the picture's own width are made."""
FULL = "full"
_FALLBACK = 960
"""Width for clients that do not support srcset."""


def image_url(media_id: str, width: int | None = None) -> str:
    """URL path of a rendition (`width` must exist), or of the full size."""
    return f"/media/{media_id}/{rendition_name(width)}"


def rendition_name(width: int | None) -> str:
    return FULL if width is None else f"{width}.webp"


def file_name(media_id: str, width: int | None = None) -> str:
    """Name of the file in `MediaFiles`."""
    return f"{media_id}-{rendition_name(width)}"


def source(block: Image, most: int = _FALLBACK) -> str:
    """The address of a picture for those that take one size: the widest rendition of at most `most` pixels, or
    the full size where that is not wider."""
    fitting = [w for w in block.widths if w <= most]
    return image_url(block.media_id, max(fitting) if fitting and block.width > most else None)


def largest(block: Image) -> str:
    """The address of the picture as large as a reader may want it."""
    return source(block, WIDTHS[-1])


def poster_of(block: Video) -> Image:
    """The poster as a picture, for its sizes. A poster of an earlier version has none."""
    return Image(block.poster, width=block.poster_width, height=block.poster_height, widths=block.poster_widths)


def focal_classes(block: Image) -> str:
    """Classes that say in tenths which point of the picture stays in view (css/focal.css): the Content
    Security Policy allows no inline style. Empty for the middle."""
    tenths = [("x", block.focal_x), ("y", block.focal_y)]
    return " ".join(f"focal-{axis}-{round(at * 10)}" for axis, at in tenths if at is not None)


def srcset(block: Image) -> str:
    """The `srcset` of a picture, narrowest first; empty if there is only one size.

    The full size is included only if it is narrower than the widest rendition would be, so that no phone
    downloads a 40-megapixel original.
    """
    offered = [f"{image_url(block.media_id, w)} {w}w" for w in sorted(block.widths)]
    if block.width and block.width <= WIDTHS[-1] and block.width not in block.widths:
        offered.append(f"{image_url(block.media_id)} {block.width}w")
    return ", ".join(offered) if len(offered) > 1 else ""
