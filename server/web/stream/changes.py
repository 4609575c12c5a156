"""`/live/{slug}/changes?after=P`: the same changes as JSON, once; with `wait`, a long poll."""

from __future__ import annotations

import asyncio
import json
import math

from starlette.requests import Request
from starlette.responses import Response

from server.delivery.encoding import LEAST_BYTES, gzipped, takes_gzip
from server.delivery.framing import Wire
from server.delivery.join_feed import reset_position
from server.delivery.listener_limits import StreamGate
from server.delivery.subscription import Subscription
from server.domain.errors import Invalid, NotFound, Throttled, Unavailable
from server.domain.position import Position
from server.hub.resume import Reset
from server.web.authenticate import client_address
from server.web.kept_responses import holds_at
from server.web.stream.feed_request import gate_of, subscription_of

MAX_WAIT_SECONDS = 55.0
EDGE_SECONDS = 1
GROUP = 50
"""Changes read from the store before other work of the process gets its turn."""
MAX_BYTES = 4_194_304
"""A client that was away for long gets so much at once, and the rest with its next request."""


async def changes(request: Request) -> Response:
    """What changed after `after`: `{"position", "changes", "reset"}`. With `wait`=S it answers when
    something changed, or after S seconds (0 to 55). Without `after`: the present position and no changes."""
    gate = gate_of(request)
    wanted = await subscription_of(request)
    if wanted.broken:
        Position.parse(request.query_params["after"])  # says what is wrong with it
    seconds = _wait(request)
    address = client_address(request)
    if seconds and not gate.admit(address):
        raise Throttled(retry_after=max(1, gate.retry_ms // 1000))
    try:
        position, body = await _collect(gate, wanted, seconds)
    finally:
        if seconds:
            gate.release(address)
    shared = not seconds and not wanted.private
    if shared:
        holds_at(request, wanted.key, position)
    headers = {
        "Cache-Control": f"public, max-age={EDGE_SECONDS}" if shared else "no-store",
        "Access-Control-Allow-Origin": "*",
        "Vary": "Accept-Encoding",
    }
    if len(body) >= LEAST_BYTES and takes_gzip(*request.headers.getlist("accept-encoding")):
        body, headers["Content-Encoding"] = await gzipped(body), "gzip"
    return Response(body, media_type="application/json", headers=headers)


async def _collect(gate: StreamGate, wanted: Subscription, seconds: float) -> tuple[Position, bytes]:
    """Where the client stands afterwards, and what it is sent."""
    hub, wire = gate.hub, Wire(wanted.view, "json")
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    try:
        with hub.cursor(wanted.key, wire, wanted.after) as cursor, gate.private.held(wanted, cursor.end):
            while True:
                items, level = await cursor.collect(MAX_BYTES, group=GROUP)
                left = deadline - loop.time()
                if items or not level or left <= 0 or cursor.ended:
                    break
                await cursor.wait(left)
            if items and wanted.private and cursor.ended:
                raise Unavailable("Your rights changed, or the server is about to end. Ask again.")
            assert cursor.feed is not None and cursor.position is not None
            return cursor.position, _body(cursor.position, cursor.feed.encoded(items, wire))
    except Reset as error:
        position = await reset_position(hub, wanted.key, error)
        if position is None:
            raise NotFound("Blog not found.") from error
        at = Position.parse(position)
        return at, _body(at, b"", reset=True)


def _body(at: Position, changes: bytes, *, reset: bool = False) -> bytes:
    return b'{"position":"%b","changes":[%b],"reset":%b}' % (
        str(at).encode(), changes.rstrip(b","), json.dumps(reset).encode(),
    )


def _wait(request: Request) -> float:
    text = request.query_params.get("wait", "0")
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= MAX_WAIT_SECONDS:
        raise Invalid.field("wait", f"seconds from 0 to {MAX_WAIT_SECONDS:.0f}")
    return seconds
