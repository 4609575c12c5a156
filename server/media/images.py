"""Processes uploaded pictures: detects the format from the content, applies the orientation, converts to sRGB,
strips metadata and makes the sizes that pages need.

The uploaded file itself is never served, only what was encoded here. So neither GPS coordinates nor a polyglot
file (a picture that is also valid HTML) reaches a reader.
"""

from __future__ import annotations

import asyncio
import io
from dataclasses import dataclass, field

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from server.domain.errors import StopPressError, TooLarge, UnsupportedMedia
from server.domain.message import Message
from server.media.urls import WIDTHS

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
MAX_FRAMES = 500
"""Most frames in an animation; the pixel limit applies to all frames together."""
MAX_SIDE = 32_767
"""Pixels of a side: a picture that is one pixel wide takes eight bytes more for each row."""
MAX_SCANS = 100
_WEBP_SIDE = 16_383
_MIME = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))

# Pillow's own limit only warns and is global. `_open` enforces ours, from the header.
Image.MAX_IMAGE_PIXELS = None

@dataclass(frozen=True, slots=True)
class Picture:
    """A processed picture: `full` at full size with `mime`; `renditions` by width in pixels, all WebP."""

    mime: str
    width: int
    height: int
    full: bytes
    renditions: dict[int, bytes] = field(default_factory=dict)


def make(data: bytes, max_pixels: int) -> Picture:
    """Make a picture of an upload, in the process that runs this: decoder_process_main.py.

    Raises:
        TooLarge: more pixels, frames, scans or memory than allowed; all but the memory is counted before any
            pixel is decoded.
        UnsupportedMedia: it is not a JPEG, PNG, WebP, GIF or AVIF, or it is damaged.
    """
    try:
        with _open(data, max_pixels) as image:
            return _animated(image) if _frames(image) > 1 else _still(image)
    except StopPressError:
        raise
    except MemoryError as error:
        raise TooLarge("The picture needs more memory than is available.") from error
    except Exception as error:
        # Decoders raise all kinds of exceptions for malformed data: OSError, SyntaxError, IndexError…
        raise UnsupportedMedia("The picture is damaged or incomplete.") from error


async def inspect(data: bytes, *, max_pixels: int) -> tuple[str, int, int]:
    """MIME type, width and height of a picture that `make` made elsewhere, read in a thread from its content.

    Raises:
        TooLarge: more pixels than allowed.
        UnsupportedMedia: it is none of the kinds that `make` makes, or it is damaged.
    """
    return await asyncio.to_thread(_inspect, data, max_pixels)


def _inspect(data: bytes, max_pixels: int) -> tuple[str, int, int]:
    try:
        with _open(data, max_pixels) as image:
            mime, size = _MIME.get(image.format or ""), image.size
            image.load()
    except StopPressError:
        raise
    except Exception as error:
        raise UnsupportedMedia("The picture is damaged or incomplete.") from error
    if mime is None:
        raise UnsupportedMedia(Message("Pictures are kept as %(names)s.", names=", ".join(_MIME)))
    return mime, *size


def _open(data: bytes, max_pixels: int) -> Image.Image:
    """Open the picture and check its header; no pixel is decoded yet."""
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError as error:
        raise UnsupportedMedia("This file is not a picture in JPEG, PNG, WebP, GIF or AVIF format.") from error
    if max(image.size) > MAX_SIDE:
        raise TooLarge(Message("A picture may be at most %(n)s pixels wide or high.", n=MAX_SIDE))
    if image.format in ("JPEG", "MPO") and scans(data) > MAX_SCANS:
        raise TooLarge(Message("A JPEG may have at most %(n)s scans.", n=MAX_SCANS))
    frames = _frames(image)
    if frames > MAX_FRAMES:
        raise TooLarge(Message("The animation is too long: at most %(n)s frames are allowed.", n=MAX_FRAMES))
    if image.width * image.height * frames > max_pixels:
        raise TooLarge(
            Message("The picture is too large: at most %(n)s pixels in all frames are allowed.", n=max_pixels)
        )
    return image


def scans(data: bytes) -> int:
    """The scans of a JPEG up to its end, counted no further than one more than are allowed (ITU T.81, annex B).
    A progressive one has about ten; each is decoded over the whole picture, however little is in it."""
    found, at = 0, 2
    while found <= MAX_SCANS:
        at = data.find(b"\xff", at)
        if at < 0 or at + 4 > len(data):
            break
        marker = data[at + 1]
        if marker == 0xD9:
            break
        if marker == 0xFF:
            at += 1  # fill bytes
        elif marker == 0 or marker == 1 or 0xD0 <= marker <= 0xD8:
            at += 2  # in the middle of a scan, or a marker without a length
        else:
            found += marker == 0xDA
            at += 2 + int.from_bytes(data[at + 2 : at + 4])
    return found


def _frames(image: Image.Image) -> int:
    # other images in an MPO file are previews and depth maps
    return 1 if image.format == "MPO" else int(getattr(image, "n_frames", 1))


def _still(source: Image.Image) -> Picture:
    lossless = source.format in ("PNG", "GIF")
    source.load()
    image = _plain(ImageOps.exif_transpose(source))
    if lossless:
        kind, full = "PNG", _encode(image, "PNG", optimize=True)
    elif image.mode == "RGBA":
        kind, full = "WEBP", _encode(image, "WEBP", quality=88, method=4)
    else:
        kind, full = "JPEG", _encode(image, "JPEG", quality=88, progressive=True, optimize=True)
    return Picture(_MIME[kind], image.width, image.height, full, _renditions(image))


def _renditions(image: Image.Image) -> dict[int, bytes]:
    made: dict[int, bytes] = {}
    whole = image.size
    for width in sorted(WIDTHS, reverse=True):
        height = max(1, round(whole[1] * width / whole[0]))
        if width > whole[0] or height > _WEBP_SIDE:
            continue
        if image.width != width:
            # each from the next larger one, so that the full size is scaled only once
            image = image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
        made[width] = _encode(image, "WEBP", quality=80, method=4)
    return made


def _animated(source: Image.Image) -> Picture:
    """Encode an animation as animated WebP, in one size."""
    frames: list[Image.Image] = []
    durations: list[int] = []
    for number in range(_frames(source)):
        source.seek(number)
        source.load()
        frames.append(_plain(source.copy()))
        durations.append(max(20, int(source.info.get("duration") or 100)))
    full = _encode(
        frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=durations,
        loop=int(source.info.get("loop") or 0), quality=75, method=2,
    )
    return Picture(_MIME["WEBP"], source.width, source.height, full)


def _plain(image: Image.Image) -> Image.Image:
    """The same pixels as RGB or RGBA in sRGB, with no metadata left."""
    profile = image.info.get("icc_profile")
    if image.mode.startswith("I"):
        # 16-bit greyscale, which `convert` would clip instead of scale
        image = image.convert("I").point(lambda value: value / 257, "L")
    transparent = image.has_transparency_data
    if image.mode not in ("RGB", "RGBA", "CMYK", "L"):
        image = image.convert("RGBA" if transparent else "RGB")
    if profile:
        image = _to_srgb(image, profile)
    image = image.convert("RGBA" if transparent else "RGB")
    if transparent and image.getchannel("A").getextrema() == (255, 255):
        image = image.convert("RGB")
    image.info = {}
    return image


def _to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    try:
        found = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(image, found, _SRGB, outputMode=mode)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image  # broken profile: treat the pixels as sRGB, as browsers do
    return converted or image


def _encode(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()
