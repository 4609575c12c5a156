"""How WebSockets begin: handshakes of every shape (RFC 6455 §4.2) and offers of compression (RFC 7692 §7.1),
over each of the three ways in."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

import pytest

from server.serving.acceptor import Acceptor
from tests.support.app import running
from tests.web.stream.websocket_cases import BINARY, LAST, LONGEST, MORE, PING, TEXT, frame
from tests.web.stream.websocket_peer import BASIC, KEY, WAYS, Frame, Peer, Way

pytestmark = [pytest.mark.anyio]

UPGRADE = b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
THIRTEEN = b"Sec-WebSocket-Version: 13\r\n"
DEFLATE = b"Sec-WebSocket-Extensions: permessage-deflate"
RSV1 = 0x40


async def alive(peer: Peer) -> None:
    await peer.send(frame(PING, b"still here?"))
    assert await peer.pongs_until(b"still here?") == []


async def test_the_three_ways_are_three(
    servers: dict[str, Way], monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[str] = []
    serve_at_once, serve = Acceptor.serve_at_once, Acceptor.serve

    def seen_at_once(self: Acceptor, *arguments: Any) -> bool:
        taken.append("fast")
        return serve_at_once(self, *arguments)

    async def seen(self: Acceptor, *arguments: Any) -> None:
        taken.append("parsed")
        await serve(self, *arguments)

    monkeypatch.setattr(Acceptor, "serve_at_once", seen_at_once)
    monkeypatch.setattr(Acceptor, "serve", seen)
    for way, expected in zip(WAYS, (["fast"], ["parsed"], []), strict=True):
        taken.clear()
        async with servers[way].connect() as peer:
            await peer.change()  # the hello
            assert taken == expected


@pytest.mark.parametrize(
    "headers",
    [
        BASIC + KEY,
        b"cOnNeCtIoN: uPgRaDe\r\nUPGRADE: WebSocket\r\nsec-websocket-VERSION: 13\r\n" + KEY.swapcase()[:18]
        + KEY[18:],
        b"Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n" + THIRTEEN + KEY,
        BASIC + KEY + b"Sec-WebSocket-Protocol: chat, stoppress.v1\r\n",
        BASIC + KEY + b"Sec-WebSocket-Extensions: x-webkit-deflate-frame, x-other; a=1\r\n",
        BASIC + KEY + b"Origin: https://example.org\r\nCookie: a=b\r\n",
    ],
    ids=["plain", "odd case", "two tokens", "subprotocol", "unknown extensions", "browser"],
)
async def test_a_proper_handshake_is_accepted(way: Way, headers: bytes) -> None:
    async with way.connect(headers) as peer:
        assert peer.status == 101
        assert peer.header("sec-websocket-accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        assert (peer.header("sec-websocket-protocol") == "stoppress.v1") is (b"stoppress.v1" in headers)
        assert peer.header("sec-websocket-extensions") is None
        await alive(peer)


@pytest.mark.parametrize(
    ("headers", "statuses"),
    [
        (BASIC, [400]),
        (BASIC + b"Sec-WebSocket-Key: \r\n", [400]),
        (BASIC + b"Sec-WebSocket-Key: c2hvcnQ=\r\n", [400]),
        (BASIC + b"Sec-WebSocket-Key: !!!!!!!!!!!!!!!!!!!!!!!!\r\n", [400]),
        (BASIC + KEY + KEY, [400]),
        (UPGRADE + KEY, [400, 426]),
        (UPGRADE + KEY + b"Sec-WebSocket-Version: 8\r\n", [426]),
        (UPGRADE + KEY + THIRTEEN + THIRTEEN, [400, 426]),
        (BASIC + KEY + b"Sec-WebSocket-Protocol: chat\r\n", [400]),
        (b"Upgrade: websocket\r\n" + THIRTEEN + KEY, [404, 426]),
        (b"Connection: downgrade, upgraded\r\nUpgrade: websocket\r\n" + THIRTEEN + KEY, [404, 426]),
        (b"Connection: Upgrade\r\n" + THIRTEEN + KEY, [404, 426]),
        (b"Connection: Upgrade\r\nUpgrade: h2c\r\n" + THIRTEEN + KEY, [404, 426]),
    ],
    ids=["no key", "empty key", "short key", "no base64", "two keys", "no version", "version 8", "two versions",
         "subprotocol", "no connection", "other connection", "no upgrade", "other upgrade"],
)
async def test_an_improper_handshake_is_refused(way: Way, headers: bytes, statuses: list[int]) -> None:
    async with way.connect(headers) as peer:
        assert peer.status in statuses, peer.head
        assert peer.status != 426 or peer.header("sec-websocket-version") == "13"


async def test_a_refusal_is_no_error_of_the_server(way: Way, caplog: pytest.LogCaptureFixture) -> None:
    async with way.connect(BASIC + KEY + b"Sec-WebSocket-Protocol: chat\r\n") as peer:
        assert peer.status == 400
        assert await peer.read_some()  # to the end of the connection
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


@pytest.mark.parametrize(
    "line",
    [b"POST /live/storm/ws HTTP/1.1", b"GET /live/storm/ws HTTP/1.0", b"HEAD /live/storm/ws HTTP/1.1"],
)
async def test_only_a_get_of_http_1_1_becomes_a_websocket(way: Way, line: bytes) -> None:
    async with way.connect(line=line) as peer:
        assert 400 <= peer.status < 500, peer.head


async def test_frames_in_the_same_segment_as_the_handshake_are_honoured(way: Way) -> None:
    then = frame(PING, b"one") + frame(0x01, b"a") + frame(PING, b"two") + frame(LAST, b"b")
    async with way.connect(then=then + frame(PING, b"three")[:3]) as peer:
        assert peer.status == 101
        await peer.send(frame(PING, b"three")[3:])
        assert await peer.pongs_until(b"three") == [b"one", b"two"]


async def test_a_violation_in_the_same_segment_as_the_handshake_closes(way: Way) -> None:
    async with way.connect(then=frame(TEXT, b"\xff")) as peer:
        assert peer.status == 101
        assert await peer.pongs_until_close() == ([], 1007)


@pytest.mark.parametrize("stream_path", ["fast", "portable"])
@pytest.mark.parametrize("size", [1, 30, 60, 110])
async def test_a_handshake_that_stops_in_the_middle_is_cut_off(
    tmp_path: Path, stream_path: str, size: int
) -> None:
    async with running(tmp_path, stream_path=stream_path, header_seconds=0.3) as server:
        await server.blog()
        async with Way(server).open() as peer:
            await peer.send((b"GET /live/storm/ws HTTP/1.1\r\nHost: x\r\n" + BASIC + KEY)[:size])
            await peer.read_head()  # to the end of the connection
            assert peer.status == 0


def squeezed(data: bytes, *, final: bool = False) -> bytes:
    """As RFC 7692 §7.2.1 says: without the empty block at the end."""
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    start = squeezer.compress(data)
    if final:  # §7.2.3.4: a block with BFINAL
        return start + squeezer.flush(zlib.Z_FINISH) + b"\x00"
    return (start + squeezer.flush(zlib.Z_SYNC_FLUSH))[:-4]


def opened(found: Frame, window: int) -> bytes:
    """The text of a message, with a context of its own."""
    if found.head & RSV1:
        return zlib.decompressobj(-window).decompress(found.data + b"\x00\x00\xff\xff")
    return found.data


OFFERS = {
    "13.1": ("", 15),
    "13.2": ("; server_no_context_takeover; client_max_window_bits", 15),
    "13.3": ("; server_max_window_bits=9; client_max_window_bits", 9),
    "13.4": ("; server_max_window_bits=15; client_max_window_bits", 15),
    "13.5": ("; server_no_context_takeover; server_max_window_bits=9", 9),
    "13.6": ("; server_no_context_takeover; server_max_window_bits=15; client_max_window_bits", 15),
    "13.7": ("; server_no_context_takeover; server_max_window_bits=9, permessage-deflate; "
             "server_no_context_takeover, permessage-deflate", 9),
    "client_no_context_takeover": ("; client_no_context_takeover", 15),
    "client_max_window_bits": ("; client_max_window_bits", 15),
}


@pytest.mark.parametrize("offer", list(OFFERS))
async def test_every_offer_of_compression_is_taken_without_context(way: Way, offer: str) -> None:
    parameters, window = OFFERS[offer]
    async with way.connect(BASIC + KEY + DEFLATE + parameters.encode() + b"\r\n") as peer:
        agreed = peer.header("sec-websocket-extensions")
        assert agreed is not None and agreed.startswith("permessage-deflate;")
        assert "server_no_context_takeover" in agreed and "client_no_context_takeover" in agreed
        assert ("server_max_window_bits=9" in agreed) is (window == 9)
        assert "hello" in opened(await peer.change(), window).decode()
        for size in (0, 16, 64, 256, 1024, LONGEST):  # 12.1.1 and following
            await peer.send(frame(TEXT | RSV1, squeezed(b"*" * size)))
            await alive(peer)
        for title in ("Bridge closed", "Bridge closed again"):
            entry = await way.server.post(title=title)
            assert json.loads(opened(await peer.change(), window))["id"] == entry["id"]


@pytest.mark.parametrize(
    "parameters", ["; mystery", "; server_max_window_bits=7", "; server_max_window_bits=16",
                   "; server_max_window_bits", "; client_no_context_takeover=1",
                   "; server_no_context_takeover; server_no_context_takeover"]
)
async def test_an_offer_that_cannot_be_taken_is_declined(way: Way, parameters: str) -> None:
    async with way.connect(BASIC + KEY + DEFLATE + parameters.encode() + b"\r\n") as peer:
        assert (peer.status, peer.header("sec-websocket-extensions")) in ((101, None), (400, None))
        if peer.status == 101:
            await alive(peer)
            await peer.send(frame(TEXT | RSV1, squeezed(b"x")))
            assert await peer.pongs_until_close() == ([], 1002)


LONG_TEXT = squeezed("Schnee – сніг – 雪 ".encode() * 20)
ALLOWED = {
    "uncompressed": frame(TEXT, b"plain"),
    "empty": frame(TEXT | RSV1, b"\x00"),
    "binary": frame(BINARY | RSV1, squeezed(bytes(range(256)) * 8)),
    "fragments": frame(0x41, LONG_TEXT[:9]) + frame(MORE, LONG_TEXT[9:20]) + frame(LAST, LONG_TEXT[20:]),
    "empty fragments": frame(0x41) + frame(MORE, LONG_TEXT) + frame(LAST),
    "a final block": frame(TEXT | RSV1, squeezed(b"x" * 300, final=True)),
    "stored": frame(TEXT | RSV1, b"\x00\x05\x00\xfa\xffHello\x00"),  # RFC 7692 §7.2.3.3
    "many": frame(TEXT | RSV1, LONG_TEXT) * 50,
}
REFUSED = {
    "compressed ping": (frame(PING | RSV1, squeezed(b"x")), {1002}),
    "compressed close": (frame(0xC8), {1002}),
    "compressed continuation": (frame(0x41, LONG_TEXT[:9]) + frame(LAST | RSV1, LONG_TEXT[9:]), {1002}),
    "RSV2": (frame(TEXT | 0x20, b"x"), {1002}),
    "no deflate": (frame(TEXT | RSV1, b"\xff" * 40), {1002, 1007}),
    "not UTF-8": (frame(TEXT | RSV1, squeezed(b"\xce\xba\xff")), {1007}),
    "not UTF-8 over fragments": (
        frame(0x41, squeezed(b"\xce\xba\xff")[:2]) + frame(LAST, squeezed(b"\xce\xba\xff")[2:]), {1007}
    ),
    "a bomb": (frame(TEXT | RSV1, squeezed(bytes(3_000_000))), {1009}),
    "a bomb in fragments": (
        frame(0x41, squeezed(bytes(3_000_000))[:1500]) + frame(LAST, squeezed(bytes(3_000_000))[1500:]), {1009}
    ),
    "one byte too many": (frame(TEXT | RSV1, squeezed(b"*" * (LONGEST + 1))), {1009}),
}


@pytest.mark.parametrize("what", list(ALLOWED))
async def test_compressed_messages_of_a_client_are_understood(way: Way, what: str) -> None:
    async with way.connect(BASIC + KEY + DEFLATE + b"\r\n") as peer:
        await peer.change()
        await peer.send(ALLOWED[what])
        await alive(peer)


@pytest.mark.parametrize("what", list(REFUSED))
async def test_compressed_nonsense_of_a_client_closes(way: Way, what: str) -> None:
    sent, codes = REFUSED[what]
    async with way.connect(BASIC + KEY + DEFLATE + b"\r\n") as peer:
        await peer.change()
        await peer.send(sent)
        pongs, code = await peer.pongs_until_close()
        assert pongs == [] and code in codes


async def test_a_client_that_refers_to_an_earlier_message_is_closed(way: Way) -> None:
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    text = b"The harbour is closed until further notice."
    first, second = (
        (squeezer.compress(text) + squeezer.flush(zlib.Z_SYNC_FLUSH))[:-4] for _ in range(2)
    )
    async with way.connect(BASIC + KEY + DEFLATE + b"\r\n") as peer:
        await peer.change()
        await peer.send(frame(TEXT | RSV1, first))
        await alive(peer)
        await peer.send(frame(TEXT | RSV1, second))
        assert (await peer.pongs_until_close())[1] in (1002, 1007)
