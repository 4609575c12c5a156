"""Hostile input on its way into a stream: nothing in a request or a text forges an event, a header or a
message, and no request is too odd to be answered. Over each of the three ways in (see websocket_peer)."""

from __future__ import annotations

import asyncio
import json
import re
import zlib
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.delivery import framing
from server.delivery.payload import payload
from server.domain.change import Change, FeedKey
from server.domain.position import Position
from tests.support.listeners import sse, websocket
from tests.web.stream.websocket_peer import BASIC, KEY, WAYS, Way, three_ways

pytestmark = pytest.mark.anyio

FUZZ = settings(
    max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
FORGED = "A\r\rid: x.9\revent: gone\rdata: {}\r\n\r\nid: y.9\n\nB\u2028C\u2029D"


@pytest.fixture(scope="module")
async def ways(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[str, Way]]:
    async with three_ways(tmp_path_factory.mktemp("ways")) as found:
        yield found


# positions and parameters

POSITIONS = {
    "dot": b".", "number": b"1", "letters": b"a.b", "negative": b"a.-1", "leading zero": b"a.01",
    "three parts": b"a.1.2", "capitals": b"A.1", "beyond 64 bits": b"a.9223372036854775808",
    "many digits": b"a." + b"9" * 400, "10 KB": b"a." + b"9" * 10_240, "long epoch": b"a" * 17 + b".1",
    "Arabic digit": "a.١".encode(), "wide digit": "a.１".encode(), "not ASCII": "é.1".encode(),
    "not UTF-8": b"\xff\xfe.1", "separator": "a.1\u2028".encode(), "next line": "a.1\u0085".encode(),
    "float": b"a.1e3", "spaces": b"a. 1", "path": b"../../etc/passwd", "quote": b"a.1';--", "tab": b"a.\t1",
}


async def answer(way: Way, target: bytes, headers: bytes = b"") -> tuple[int, bytes, bytes]:
    """Status, head and the first bytes of the body of a request of any bytes."""
    async with way.open() as peer:
        await peer.send(b"GET " + target + b" HTTP/1.1\r\nHost: x\r\n" + way.extra + headers + b"\r\n")
        await peer.read_head()
        body = await peer.read_some() if peer.status == 200 else b""
        return peer.status, peer.head, body


async def of_this_feed(way: Way) -> str:
    found = await way.server.changes()
    return str(found["position"]).partition(".")[0]


def check_events(body: bytes, epoch: str) -> None:
    """Every line is one that the server writes, at a position of this feed."""
    text = re.sub(rb"(?:^|\r\n)[0-9a-f]+\r\n", b"", body.removesuffix(b"\r\n"))
    for line in text.split(b"\n"):
        assert re.fullmatch(
            rb"|retry: \d+|id: %b\.\d+|event: (reset|entry|gone|blog)|data: \{.*\}" % epoch.encode(), line
        ), body


@pytest.mark.parametrize("where", ["query", "header", "both", "twice"])
@pytest.mark.parametrize("position", list(POSITIONS))
@pytest.mark.parametrize("way", WAYS)
async def test_a_position_of_any_shape_is_a_reset_or_refused(
    ways: dict[str, Way], way: str, position: str, where: str
) -> None:
    raw = POSITIONS[position]
    parameter = b"after=" + quote_from_bytes(raw).encode()
    query = {"query": parameter, "both": parameter, "twice": parameter + b"&after=a.1"}.get(where, b"x=1")
    headers = b"Last-Event-ID: " + raw + b"\r\n" if where in ("header", "both") else b""
    status, _, body = await answer(ways[way], b"/live/storm/stream?" + query, headers)
    assert status in (200, 400, 414, 431), status
    if status == 200:
        check_events(body, await of_this_feed(ways[way]))
        assert b"event: reset\n" in body


@FUZZ
@given(
    after=st.one_of(st.binary(max_size=60), st.from_regex(r"\A[a-z0-9]{0,18}\.[0-9-]{0,22}\Z").map(str.encode)),
    view=st.binary(max_size=20), feed=st.binary(max_size=20), slug=st.binary(max_size=30),
    kind=st.sampled_from(["stream", "ws", "changes"]), way=st.sampled_from(WAYS),
    odd=st.sampled_from(["after", "view", "feed", "slug"]),
)
async def test_no_parameter_is_too_odd_to_be_answered(
    ways: dict[str, Way], after: bytes, view: bytes, feed: bytes, slug: bytes, kind: str, way: str, odd: str
) -> None:
    found = {"after": after, "view": view, "feed": feed, "slug": slug}
    target = b"/live/" + (quote_from_bytes(slug, safe="").encode() if odd == "slug" else b"storm")
    target += f"/{kind}".encode()
    if odd != "slug":
        target += b"?%b=%b" % (odd.encode(), quote_from_bytes(found[odd], safe="").encode())
    status, head, _ = await answer(ways[way], target, BASIC + KEY if kind == "ws" else b"")
    assert status in (101, 200, 301, 307, 308, 400, 401, 403, 404, 422), (status, target)
    assert b"x-forged" not in head.lower()


@FUZZ
@given(
    name=st.sampled_from([b"Last-Event-ID", b"Accept-Encoding", b"X-Forwarded-For", b"Origin", b"Cookie"]),
    value=st.binary(max_size=60), way=st.sampled_from(WAYS),
)
async def test_no_header_is_too_odd_to_be_answered(
    ways: dict[str, Way], name: bytes, value: bytes, way: str
) -> None:
    status, head, _ = await answer(ways[way], b"/live/storm/stream", name + b": " + value + b"\r\n")
    assert status in (200, 400), status
    assert head.count(b"HTTP/1.1 ") == 1
    await asyncio.sleep(0)


@pytest.mark.parametrize("way", WAYS)
async def test_a_line_break_in_the_query_forges_no_header(ways: dict[str, Way], way: str) -> None:
    for kind in (b"stream", b"ws", b"changes"):
        target = b"/live/storm/" + kind + b"?after=a.1%0d%0aX-Forged:%20yes%0d%0a%0d%0aid:%20x.9"
        status, head, body = await answer(ways[way], target, BASIC + KEY if kind == b"ws" else b"")
        assert status in (101, 200, 422)
        assert b"forged" not in head.lower() and b"x.9" not in body


# texts


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("view", ["html", "json"])
async def test_line_breaks_in_texts_forge_nothing_on_any_transport(
    ways: dict[str, Way], way: str, view: str
) -> None:
    server = ways[way].server
    extra = {"X-Twice": "1", "x-twice": "2"} if ways[way].extra else {}
    path = f"/live/storm/stream?view={view}"
    before = (await server.changes())["position"]
    async with (
        sse(server.address, path, headers=extra) as plain,
        sse(server.address, path, headers=extra, gzip=True) as packed,
        websocket(server.address, f"/live/storm/ws?view={view}", additional_headers=extra) as socket,
        websocket(server.address, f"/live/storm/ws?view={view}", compression="deflate") as squeezed,
    ):
        entry = await server.post(
            body="", blocks=[{"type": "text", "html": FORGED}, {"type": "quote", "html": FORGED}]
        )
        seen = []
        for listener in (plain, packed, socket, squeezed):
            state = await listener.follow(lambda s: bool(s.log))
            seen.append(state.log)
        polled = await server.changes(after=before, view=view)
    assert all(log == seen[0] for log in seen)
    assert seen[0] == polled["changes"]
    assert [(c["kind"], c["id"], c["position"]) for c in seen[0]] == [("entry", entry["id"], entry["position"])]
    compressed = b"content-encoding: gzip" in packed.head.lower()  # not on the portable path
    raw = plain.raw + (zlib.decompressobj(31).decompress(packed.raw) if compressed else packed.raw)
    assert b"\r" not in raw
    assert raw.count(b"\nevent: entry\n") == 2 and raw.count(b"\nid: ") + raw.startswith(b"id: ") <= 4


class _Plain:
    """Renders a change as its own text."""

    def entry(self, change: Change) -> str:
        return str(change.data["text"])

    key_event = furniture = entry


@FUZZ
@given(
    text=st.text(alphabet=st.characters(exclude_categories=())), kind=st.sampled_from(["entry", "gone", "blog"])
)
@pytest.mark.parametrize("view", framing.VIEWS)
def test_any_text_is_one_line_and_one_message(view: framing.View, text: str, kind: Any) -> None:
    """Whatever a database holds: control characters, separators, even halves of surrogate pairs."""
    at = Position("k3f9", 7)
    data = {"text": text, "number": 1, "status": "live", "slug": text}
    change = Change(FeedKey("b", "public"), at, kind, "e", 1, data, 0.0)
    body = payload(change, view, _Plain())
    assert not {b"\n", b"\r", b"\0"} & {body[i : i + 1] for i in range(len(body))}
    json.loads(body.decode())
    event = framing.frame("sse", body, event=kind, position=str(at)).split(b"\n")
    assert event == [b"id: k3f9.7", b"event: " + kind.encode(), b"data: " + body, b"", b""]
    message = framing.frame("ws.framed", body, event=kind, position=str(at))
    size = int.from_bytes(message[2:4], "big") if message[1] == 126 else message[1]
    assert message[0] == 0x81 and (message[1] == 127 or len(message) - size in (2, 4))
