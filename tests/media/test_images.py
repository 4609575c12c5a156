"""An upload becomes a picture that may be published, or is refused before it can do harm."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import pytest
from PIL import Image, ImageCms

from server.domain.blocks import Image as ImageBlock
from server.domain.errors import TooLarge, UnsupportedMedia
from server.media import images, picture_decoder
from server.media.urls import WIDTHS, source, srcset

pytestmark = pytest.mark.anyio

FORMATS = ["JPEG", "PNG", "WEBP", "GIF", "AVIF"]
PLENTY = 10_000_000


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def photo(width: int = 700, height: int = 500) -> Image.Image:
    return Image.effect_mandelbrot((width, height), (-2, -1.5, 1, 1.5), 40).convert("RGB")


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


@pytest.mark.parametrize("kind", FORMATS)
async def test_each_format_is_recognised_by_its_content(kind: str) -> None:
    made = await picture_decoder.prepare(encoded(photo(), kind), max_bytes=PLENTY, max_pixels=PLENTY)
    assert (made.width, made.height) == (700, 500)
    assert sorted(made.renditions) == [320, 640]
    assert Image.MIME[str(opened(made.full).format)] == made.mime
    for width, body in made.renditions.items():
        assert (opened(body).format, opened(body).size) == ("WEBP", (width, round(500 * width / 700)))


@pytest.mark.parametrize("data", [
    b"", b"GIF89a", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    b"<!doctype html><script>alert(1)</script>", b"%PDF-1.7", b"\xff\xd8\xff",
    encoded(Image.new("RGB", (4, 4)), "BMP"), encoded(Image.new("RGB", (4, 4)), "TIFF"),
    encoded(Image.new("RGB", (4, 4)), "EPS"),
], ids=["nothing", "head of a GIF", "SVG", "HTML", "PDF", "head of a JPEG", "BMP", "TIFF", "PostScript"])
def test_other_files_are_rejected(data: bytes) -> None:
    with pytest.raises(UnsupportedMedia):
        images.make(data, PLENTY)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("part", [0.1, 0.5, 0.95])
def test_a_truncated_file_is_refused(kind: str, part: float) -> None:
    data = encoded(photo(), kind)
    with pytest.raises(UnsupportedMedia):
        images.make(data[: int(len(data) * part)], PLENTY)


async def test_too_many_bytes_are_refused() -> None:
    with pytest.raises(TooLarge):
        await picture_decoder.prepare(b"x" * 101, max_bytes=100, max_pixels=PLENTY)


@pytest.mark.parametrize("kind", FORMATS)
def test_too_many_pixels_are_refused(kind: str) -> None:
    with pytest.raises(TooLarge, match="349,999 pixels"):
        images.make(encoded(photo(), kind), 349_999)


def test_a_decompression_bomb_is_rejected_from_its_header() -> None:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1_000_000))
    with pytest.raises(TooLarge):
        images.make(bomb, 50_000_000)


def test_frames_of_an_animation_count_together() -> None:
    frames = [Image.new("RGB", (100, 100), (i, 0, 0)) for i in range(0, 100, 10)]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert images.make(data, 100_000)
    with pytest.raises(TooLarge):
        images.make(data, 99_999)


def test_metadata_does_not_survive() -> None:
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    for kind in ("JPEG", "PNG", "WEBP", "AVIF"):
        data = encoded(photo(), kind, exif=exif.tobytes())
        assert b"SecretCamera" in data
        made = images.make(data, PLENTY)
        for body in (made.full, *made.renditions.values()):
            assert b"SecretCamera" not in body
            assert not dict(opened(body).getexif())
            assert not {"exif", "xmp", "icc_profile", "comment"} & set(opened(body).info)


def test_comments_and_what_is_appended_do_not_survive() -> None:
    data = encoded(photo(), "JPEG", comment=b"secret note") + b"<script>alert(1)</script>"
    made = images.make(data, PLENTY)
    assert b"secret note" not in made.full
    assert b"<script>" not in made.full


def test_a_picture_is_turned_upright() -> None:
    lying = Image.new("RGB", (60, 40), "blue")
    lying.paste("red", (0, 0, 30, 40))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter to the right
    made = images.make(encoded(lying, "JPEG", exif=exif.tobytes(), quality=95), PLENTY)
    assert (made.width, made.height) == (40, 60)
    red, _, blue = opened(made.full).convert("RGB").getpixel((20, 10))  # type: ignore[misc]
    assert red > 200 and blue < 60


def test_colours_of_another_space_are_converted() -> None:
    """A profile in which red and blue have changed places: what its picture calls red is shown blue."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = profile.replace(b"rXYZ", b"----").replace(b"bXYZ", b"rXYZ").replace(b"----", b"bXYZ")
    data = encoded(Image.new("RGB", (40, 40), (255, 0, 0)), "PNG", icc_profile=swapped)
    red, _, blue = opened(images.make(data, PLENTY).full).getpixel((5, 5))  # type: ignore[misc]
    assert red < 30 and blue > 220


def test_a_broken_colour_profile_is_ignored() -> None:
    made = images.make(encoded(photo(), "JPEG", icc_profile=b"no profile at all" * 20), PLENTY)
    assert made.width == 700


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_every_mode_becomes_plain(mode: str) -> None:
    image = Image.new(mode, (50, 50), 40_000) if mode == "I;16" else photo(50, 50).convert(mode)
    made = opened(images.make(encoded(image, "PNG"), PLENTY).full)
    assert made.mode == "RGB"
    if mode == "I;16":
        assert made.getpixel((0, 0)) == (155, 155, 155)


def test_transparency_is_kept() -> None:
    image = photo(400, 300).convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize((400, 300)))
    for kind, mime in (("PNG", "image/png"), ("WEBP", "image/webp")):
        made = images.make(encoded(image, kind), PLENTY)
        assert made.mime == mime
        assert opened(made.full).mode == "RGBA"
        assert opened(made.renditions[320]).mode == "RGBA"


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_an_animation_stays_one(kind: str) -> None:
    frames = [Image.new("RGB", (64, 48), (i * 30, 0, 0)) for i in range(6)]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=[40, 50, 60, 70, 80, 90])
    made = images.make(data, PLENTY)
    shown = opened(made.full)
    assert (made.mime, shown.n_frames, made.renditions) == ("image/webp", 6, {})  # type: ignore[attr-defined]


def test_a_very_tall_picture_has_the_renditions_that_webp_can_hold() -> None:
    made = images.make(encoded(Image.new("RGB", (700, 20_000)), "PNG"), 20_000_000)
    assert sorted(made.renditions) == [320]


def test_no_rendition_is_larger_than_the_picture() -> None:
    assert images.make(encoded(photo(319, 200), "JPEG"), PLENTY).renditions == {}
    assert sorted(images.make(encoded(photo(960, 200), "JPEG"), PLENTY).renditions) == [320, 640, 960]


def test_srcset_names_what_exists() -> None:
    block = ImageBlock(media_id="m", width=700, height=500, widths=(320, 640))
    assert srcset(block) == "/media/m/320.webp 320w, /media/m/640.webp 640w, /media/m/full 700w"
    assert source(block) == "/media/m/full"
    large = ImageBlock(media_id="m", width=6000, height=4000, widths=WIDTHS)
    assert "full" not in srcset(large)
    assert source(large) == "/media/m/960.webp"
    assert srcset(ImageBlock(media_id="m", width=200, height=100)) == ""
