"""`/live/{slug}/changes?after=P`: the same changes as JSON, once; with `wait`, a long poll."""

from __future__ import annotations

import asyncio
import json

from starlette.requests import Request
from starlette.responses import Response

from server.domain.errors import Invalid, Throttled
from server.domain.position import Position
from server.hub.hub import Hub, Reset
from server.hub.listener import Puller
from server.web.authenticate import client_address
from server.web.stream.gate import Asked, asked, gate_of
from server.web.stream.wire import Wire

MAX_WAIT_SECONDS = 55.0
EDGE_SECONDS = 1


async def changes(request: Request) -> Response:
    """What changed after `after`: `{"position", "changes", "reset"}`. With `wait`=S it answers when
    something changed, or after S seconds (0 to 55). Without `after`: the present position and no changes."""
    gate = gate_of(request)
    wants = await asked(request)
    if wants.broken:
        Position.parse(request.query_params["after"])  # says what is wrong with it
    seconds = _wait(request)
    address = client_address(request)
    if seconds and not gate.admit(address):
        raise Throttled(retry_after=max(1, gate.retry_ms // 1000))
    try:
        body = await _collect(gate.hub, wants, seconds)
    finally:
        if seconds:
            gate.release(address)
    shared = f"public, max-age={EDGE_SECONDS}" if not seconds and not wants.private else "no-store"
    return Response(
        body,
        media_type="application/json",
        headers={"Cache-Control": shared, "Access-Control-Allow-Origin": "*"},
    )


async def _collect(hub: Hub, wants: Asked, seconds: float) -> bytes:
    variant = Wire(wants.view, "json")
    found: list[bytes] = []

    async def keep(data: bytes) -> None:
        found.append(data)

    puller = Puller(variant)
    deadline = asyncio.get_running_loop().time() + seconds
    after = wants.after
    try:
        while True:
            feed, seq = await hub.prepare(wants.key, variant, after, keep)
            if puller.feed is None:
                feed.pull(puller)
            if seq < feed.head:
                found.append(feed.frames(seq, feed.head, variant))
            at = Position(feed.epoch, feed.head)
            left = deadline - asyncio.get_running_loop().time()
            if any(found) or left <= 0 or puller.ended or (after is None and not seconds):
                return _body(at, b"".join(found), reset=False)
            await puller.wait(left)
            after = at
    except Reset:
        feed = await hub.open(wants.key)
        return _body(Position(feed.epoch, feed.head), b"", reset=True)
    finally:
        if puller.feed is not None:
            puller.feed.stop_pulling(puller)


def _body(at: Position, changes: bytes, *, reset: bool) -> bytes:
    return b'{"position":"%b","changes":[%b],"reset":%b}' % (
        str(at).encode(), changes.rstrip(b","), json.dumps(reset).encode(),
    )


def _wait(request: Request) -> float:
    text = request.query_params.get("wait", "0")
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= MAX_WAIT_SECONDS:
        raise Invalid.field("wait", f"seconds from 0 to {MAX_WAIT_SECONDS:.0f}")
    return seconds
