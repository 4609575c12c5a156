"""What a hostile picture may cost, and that the process that decodes it can be ended at any moment."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import struct
import subprocess
import time
import zlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from PIL import Image

from server.domain.errors import TooLarge, Unavailable, UnsupportedMedia
from server.media import images
from server.media.picture_decoder import LARGE_BYTES, Decoder
from tests.support.listeners import until

pytestmark = pytest.mark.anyio

PLENTY = 60_000_000
LIMITS = {"max_bytes": PLENTY, "max_pixels": 50_000_000}


@pytest.fixture
async def decoder() -> AsyncIterator[Decoder]:
    made = Decoder(seconds=60.0)  # of a machine that does other work as well
    yield made
    made.close()


def jpeg(width: int = 64, height: int = 48, **options: object) -> bytes:
    out = io.BytesIO()
    Image.effect_mandelbrot((width, height), (-2, -1.5, 1, 1.5), 40).convert("RGB").save(out, "JPEG", **options)
    return out.getvalue()


def many_scans(count: int, width: int = 3000, height: int = 3000) -> bytes:
    """A progressive JPEG that repeats its last scan: each is decoded over the whole picture."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), "gray").save(out, "JPEG", progressive=True, quality=20)
    data = out.getvalue()
    start = data.rindex(b"\xff\xda")
    scan = data[start:-2]
    return data[:start] + scan * count + b"\xff\xd9"


def png(width: int, height: int) -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = zlib.compress(b"\0" * min((width + 1) * height, 100_000_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def pid(decoder: Decoder) -> int:
    return decoder.process().pid


def test_scans_are_counted_up_to_the_end_of_the_picture() -> None:
    assert images.scans(jpeg()) == 1
    assert 5 < images.scans(jpeg(progressive=True)) < 20
    assert images.scans(many_scans(30, 64, 48)) >= 30
    # what comes after the picture, and what is in its metadata, is no scan
    assert images.scans(jpeg(comment=b"\xff\xda" * 200) + b"\xff\xda\x00\x02" * 500) == 1
    for odd in (b"", b"\xff", b"\xff\xd8\xff", b"\xff\xd8" + b"\xff" * 1000, b"\xff\xd8\xff\xda\x00\x00" * 300):
        assert images.scans(odd) <= images.MAX_SCANS + 1


async def test_a_jpeg_of_thousands_of_scans_is_refused_at_once(decoder: Decoder) -> None:
    data = many_scans(4500)
    began = time.monotonic()
    with pytest.raises(TooLarge, match="scans"):
        await decoder.prepare(data, **LIMITS)
    assert time.monotonic() - began < 5


async def test_a_picture_of_one_pixel_by_millions_is_refused(decoder: Decoder) -> None:
    with pytest.raises(TooLarge, match="wide or high"):
        await decoder.prepare(png(1, 49_000_000), **LIMITS)


async def test_a_picture_that_takes_too_long_is_given_up(decoder: Decoder) -> None:
    decoder.seconds = 0.2
    data = many_scans(80)
    with pytest.raises(TooLarge, match=r"0\.2 seconds"):
        await decoder.prepare(data, **LIMITS)
    decoder.seconds = 10.0
    assert (await decoder.prepare(jpeg(), **LIMITS)).width == 64


async def test_more_memory_than_a_picture_may_have_is_refused(
    decoder: Decoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A picture within the limit on pixels, by a worker whose limit on memory is too small for it."""
    code = (
        "import server.media.decoder_process_main as d; "
        "d.BASE_BYTES, d.BYTES_PER_PIXEL = 300 << 20, 0; d.main()"
    )
    popen = subprocess.Popen

    def start(command: list[str], **options: Any) -> Any:
        return popen([command[0], "-c", code], **options)

    monkeypatch.setattr("server.media.picture_decoder.subprocess.Popen", start)
    with pytest.raises((TooLarge, UnsupportedMedia), match="memory"):
        await decoder.prepare(png(30_000, 1_600), **LIMITS)
    assert (await decoder.prepare(jpeg(), **LIMITS)).width == 64


async def test_a_small_picture_is_quick_once_the_worker_is_warm(decoder: Decoder) -> None:
    await decoder.prepare(jpeg(), **LIMITS)
    first = pid(decoder)
    took = []
    for _ in range(5):
        began = time.monotonic()
        await decoder.prepare(jpeg(), **LIMITS)
        took.append(time.monotonic() - began)
    assert pid(decoder) == first
    assert min(took) < 0.1


async def test_a_worker_that_grew_is_not_kept(decoder: Decoder) -> None:
    first = pid(decoder)
    out = io.BytesIO()
    Image.new("RGBA", (7000, 7000), (1, 2, 3, 4)).save(out, "PNG", compress_level=1)
    made = await decoder.prepare(out.getvalue(), **LIMITS)
    assert (made.width, made.height) == (7000, 7000)
    assert LARGE_BYTES < 7000 * 7000 * 12  # what it takes at the least
    assert pid(decoder) != first


async def test_giving_up_a_request_ends_its_picture(decoder: Decoder) -> None:
    first = pid(decoder)
    waiting = asyncio.ensure_future(decoder.prepare(many_scans(80), **LIMITS))
    behind = asyncio.ensure_future(decoder.prepare(jpeg(), **LIMITS))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert (await behind).width == 64
    await until(lambda: not _alive(first) or pid(decoder) == first)


async def test_a_server_that_stops_ends_the_picture_that_is_worked_on(decoder: Decoder) -> None:
    await decoder.prepare(jpeg(), **LIMITS)
    first = pid(decoder)
    waiting = asyncio.ensure_future(decoder.prepare(many_scans(80, 6000, 6000), **LIMITS))
    started = _ticks(first)
    await until(lambda: _ticks(first) > started + 10)
    began = time.monotonic()
    decoder.close()
    with pytest.raises((Unavailable, UnsupportedMedia)):
        await waiting
    assert time.monotonic() - began < 3
    assert not _alive(first)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
async def test_a_worker_that_died_is_replaced(decoder: Decoder, number: int) -> None:
    await decoder.prepare(jpeg(), **LIMITS)
    first = pid(decoder)
    os.kill(first, number)
    await until(lambda: not _alive(first))
    assert (await decoder.prepare(jpeg(), **LIMITS)).width == 64


async def test_the_worker_knows_no_setting_of_the_server(
    decoder: Decoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOPPRESS_DATABASE_URL", "postgresql://secret")
    with open(f"/proc/{pid(decoder)}/environ", "rb") as file:  # noqa: ASYNC230, PTH123
        assert b"STOPPRESS" not in file.read()


@pytest.mark.parametrize("count", [1, 2])
async def test_the_worker_ends_with_the_server(decoder: Decoder, count: int) -> None:
    first = decoder.process()
    assert first.stdin is not None
    first.stdin.close()
    await until(lambda: first.poll() is not None)
    assert first.returncode == 0


def _ticks(process: int) -> int:
    """Processor time that a process used, in hundredths of a second."""
    with open(f"/proc/{process}/stat") as file:  # noqa: PTH123
        return int(file.read().rpartition(")")[2].split()[11])


def _alive(process: int) -> bool:
    try:
        with open(f"/proc/{process}/stat") as file:  # noqa: PTH123
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
