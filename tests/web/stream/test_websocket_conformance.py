"""WebSockets by the book (RFC 6455, RFC 7692), over each of the three ways in: the shortcut before the ASGI
stack, the ASGI stack with hand-over, and the portable path."""

from __future__ import annotations

import contextlib
import json

import pytest

from tests.web.stream.websocket_cases import CASES, SEQUENCES, UTF8, Case, frame
from tests.web.stream.websocket_peer import Way

pytestmark = [pytest.mark.anyio]


async def judge(way: Way, case: Case) -> None:
    async with way.connect() as peer:
        assert peer.status == 101
        await peer.send(case.sent, chop=case.chop)
        if case.closes is None:
            await peer.send(frame(0x89, b"still here?"))
            assert await peer.pongs_until(b"still here?") == list(case.pongs)
        else:
            assert await peer.pongs_until_close() == (list(case.pongs), case.closes), case.number


@pytest.mark.parametrize("case", CASES, ids=[case.number for case in CASES])
async def test_autobahn(way: Way, case: Case) -> None:
    await judge(way, case)


@pytest.mark.parametrize("group", list(UTF8))
async def test_autobahn_utf8(way: Way, group: str) -> None:
    for case in SEQUENCES:
        if case.number.rpartition(".")[0] == group:
            await judge(way, case)


async def test_after_any_allowed_sequence_a_change_still_arrives(way: Way) -> None:
    allowed = [case for case in CASES if case.closes is None]
    async with contextlib.AsyncExitStack() as stack:
        peers = [await stack.enter_async_context(way.connect()) for _ in allowed]
        for peer, case in zip(peers, allowed, strict=True):
            await peer.send(case.sent)
            await peer.send(frame(0x89, b"still here?"))
            await peer.pongs_until(b"still here?")
        entry = await way.server.post(title="Bridge closed")
        for peer, case in zip(peers, allowed, strict=True):
            assert json.loads((await peer.change()).data)["id"] == entry["id"], case.number
