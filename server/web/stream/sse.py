"""`/live/{slug}/stream`: Server-Sent Events (HTML Living Standard §9.2), for any ASGI server.

On our own server the acceptor answers before this (server/serving/acceptor.py), with the same bytes.
EventSource stops for good on any answer but 200, so an overloaded server answers with 200, `retry:` and a
close.
"""

from __future__ import annotations

import random
from functools import partial

import anyio
from anyio.streams.memory import MemoryObjectSendStream
from sse_starlette import EventSourceResponse
from sse_starlette.sse import SendTimeoutError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from server.delivery.encoding import takes_gzip
from server.delivery.framing import GZIP_HEADER, Wire, retry_event
from server.delivery.join_feed import reset_position
from server.delivery.listener_limits import StreamGate
from server.delivery.sse_headers import SSE_HEADERS
from server.delivery.stream_endings import ENDINGS, ending_of
from server.delivery.subscription import Subscription
from server.domain.errors import Unavailable
from server.web.authenticate import client_address
from server.web.stream.asgi_listener import follow
from server.web.stream.feed_request import gate_of, subscription_of


async def stream(request: Request) -> Response:
    """Follow a feed. `Last-Event-ID` or `?after=` says from where; `?feed=` and `?view=` say what."""
    gate = gate_of(request)
    try:
        wanted = await subscription_of(request, last_event_id=True)
    except Unavailable:  # an EventSource would never come back from a 503
        return _retry_later(gate)
    if request.method == "HEAD":
        return Response(headers=SSE_HEADERS)
    address = client_address(request)
    if not gate.admit(address):
        return _retry_later(gate)
    gzip = gate.compress and takes_gzip(*request.headers.getlist("accept-encoding"))
    try:
        return _Stream(gate, wanted, address, Wire(wanted.view, "sse.gzip" if gzip else "sse"))
    except BaseException:
        gate.release(address)
        raise


def _retry_later(gate: StreamGate) -> Response:
    wait = int(gate.retry_ms * random.uniform(2, 6))  # noqa: S311
    return Response(retry_event(wait), headers=SSE_HEADERS | {"Connection": "close"})


class _Stream(EventSourceResponse):
    """A task that reads the feed, and one that sends. A piece is handed over when the one before was sent."""

    def __init__(self, gate: StreamGate, wanted: Subscription, address: str, wire: Wire) -> None:
        self._gate, self._address = gate, address
        pieces, received = anyio.create_memory_object_stream[bytes](0)
        super().__init__(
            received,
            headers=SSE_HEADERS | ({"Content-Encoding": "gzip"} if "gzip" in wire.framing else {}),
            ping=0,
            send_timeout=gate.hub.options.lag_seconds,
            data_sender_callable=partial(_events, gate, wanted, wire, pieces),
        )
        self._streams = (pieces, received)
        self.headers["Content-Type"] = SSE_HEADERS["Content-Type"]
        del self.headers["Connection"]  # the server's to say

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        except SendTimeoutError:
            self._gate.hub.stats.closed_slow += 1
        finally:
            for stream in self._streams:
                stream.close()
            self._gate.release(self._address)


async def _events(
    gate: StreamGate, wanted: Subscription, wire: Wire, pieces: MemoryObjectSendStream[bytes]
) -> None:
    async def send(data: bytes) -> None:
        await pieces.send(data)
        await pieces.send(b"")  # taken when there is room again: what comes next is chosen then, not before

    error: Exception | None = None
    try:
        if "gzip" in wire.framing:
            await pieces.send(GZIP_HEADER)
        try:
            cursor = gate.hub.cursor(wanted.key, wire, wanted.after)
            await follow(gate, wire, wanted, cursor, send)
        except ENDINGS as reason:
            error = reason
        position = await reset_position(gate.hub, wanted.key, error)
        await pieces.send(ending_of(error, wire, retry_ms=gate.retry_ms, position=position).data)
    except anyio.BrokenResourceError:  # the task that sends has given up: the client takes nothing
        pass
    finally:
        pieces.close()
