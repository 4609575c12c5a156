"""`/live/{slug}/changes?after=P`: the same changes as JSON, once; with `wait`, a long poll."""

from __future__ import annotations

import asyncio
import json

from starlette.requests import Request
from starlette.responses import Response

from server.delivery.framing import Wire
from server.domain.errors import Invalid, Throttled, Unavailable
from server.domain.position import Position
from server.hub.feed import Feed
from server.hub.hub import Hub, Reset
from server.hub.subscriber import Puller
from server.web.authenticate import client_address
from server.web.stream.gate import Asked, asked, gate_of

MAX_WAIT_SECONDS = 55.0
EDGE_SECONDS = 1
MAX_BYTES = 4_194_304
"""Who was away for long gets so much at once, and the rest at its next question."""


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


class _Full(Exception):
    """As much was found as goes into one answer."""


async def _collect(hub: Hub, wants: Asked, seconds: float) -> bytes:
    variant = Wire(wants.view, "json")
    found: list[bytes] = []
    size = 0

    async def keep(change: bytes) -> None:
        nonlocal size
        found.append(change)
        size += len(change)
        if size > MAX_BYTES:
            raise _Full

    puller = Puller(variant)
    deadline = asyncio.get_running_loop().time() + seconds
    after = wants.after
    try:
        while True:
            known = (await hub.open(wants.key)).head
            try:
                feed, seq = await hub.prepare(wants.key, variant, after, keep, group=1)
            except _Full:
                feed, last = await hub.open(wants.key), _position(found[-1])
                return _body(last, _still_current(feed, known, found))
            if puller.feed is None:
                feed.pull(puller)
            if hub.draining:
                puller.end()
            found = _still_current(feed, known, found)
            if seq < feed.head:
                found.append(feed.frames(seq, feed.head, variant))
            at = Position(feed.epoch, feed.head)
            left = deadline - asyncio.get_running_loop().time()
            if any(found) or left <= 0 or puller.ended or (after is None and not seconds):
                return _body(at, found)
            await puller.wait(left)
            after = at
    except Reset:
        feed = await hub.open(wants.key)
        return _body(Position(feed.epoch, feed.head), [], reset=True)
    finally:
        if puller.feed is not None:
            puller.feed.stop_pulling(puller)


def _still_current(feed: Feed, known: int, found: list[bytes]) -> list[bytes]:
    """Without what was retracted or changed while the rest was read from the store. `known` is the head when
    that began. Raises Unavailable when memory cannot tell."""
    if feed.head == known or not found:
        return found
    if not feed.covers(known):
        raise Unavailable
    newest = {item.change.id: item.change.position.seq for item in feed.ring.after(known, feed.head)}
    return [x for x in found if newest.get(json.loads(x[:-1])["id"], 0) <= _position(x).seq]


def _position(change: bytes) -> Position:
    return Position.parse(json.loads(change[:-1])["position"])


def _body(at: Position, changes: list[bytes], *, reset: bool = False) -> bytes:
    return b'{"position":"%b","changes":[%b],"reset":%b}' % (
        str(at).encode(), b"".join(changes).rstrip(b","), json.dumps(reset).encode(),
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
