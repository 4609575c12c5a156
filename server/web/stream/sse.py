"""`/live/{slug}/stream`: Server-Sent Events (HTML Living Standard §9.2).

EventSource stops for good on any answer but 200, so whoever may listen always gets a 200: an overloaded server
answers with `retry:` and closes.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from typing import cast

from sse_starlette import EventSourceResponse
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from server.domain.errors import Unavailable
from server.domain.position import Position
from server.hub.hub import Reset
from server.hub.listener import Puller
from server.web.authenticate import client_address
from server.web.stream import wire
from server.web.stream.gate import Asked, StreamGate, asked, gate_of
from server.web.stream.handover import EXTENSION, SSE_HEADERS, Seat
from server.web.stream.wire import Framing, Wire

PRIVATE_SECONDS = 300.0
"""A newsroom stream ends after this long and resumes by itself: its leave is then asked for again."""


async def stream(request: Request) -> Response:
    """Follow a feed. `Last-Event-ID` or `?after=` says from where; `?feed=` and `?view=` say what."""
    gate = gate_of(request)
    wants = await asked(request)
    if request.method == "HEAD":
        return Response(headers=SSE_HEADERS)
    address = client_address(request)
    if not gate.admit(address):
        return _shed(gate)
    try:
        if gate.handover and EXTENSION in request.scope.get("extensions", {}):
            return _Handover(gate, wants, address, gzip=_takes_gzip(request, gate))
        return _portable(gate, wants, address)
    except BaseException:
        gate.release(address)
        raise


def _shed(gate: StreamGate) -> Response:
    wait = int(gate.retry_ms * random.uniform(2, 6))  # noqa: S311
    return Response(f"retry: {wait}\n\n", headers=SSE_HEADERS | {"Connection": "close"})


def _takes_gzip(request: Request, gate: StreamGate) -> bool:
    return gate.compress and "gzip" in request.headers.get("accept-encoding", "")


class _Handover(Response):
    """Sends head and replay through ASGI, then gives the connection to the hub and ends."""

    def __init__(self, gate: StreamGate, wants: Asked, address: str, *, gzip: bool) -> None:
        super().__init__(headers=SSE_HEADERS | ({"Content-Encoding": "gzip"} if gzip else {}))
        self._gate, self._wants, self._address, self._gzip = gate, wants, address, gzip
        del self.headers["content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        seated = False
        try:
            seated = await self._run(scope, send)
        finally:
            if not seated:
                self._gate.release(self._address)

    async def _run(self, scope: Scope, send: Send) -> bool:
        gate, wants = self._gate, self._wants
        framing: Framing = "sse.gzip" if self._gzip else "sse"

        async def body(data: bytes, *, more: bool = True) -> None:
            await send({"type": "http.response.body", "body": data, "more_body": more})

        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        if self._gzip:
            await body(wire.GZIP_HEADER)
        try:
            if wants.broken:
                raise Reset
            feed, seq = await gate.hub.prepare(wants.key, Wire(wants.view, framing), wants.after, body)
        except Reset:
            feed = await gate.hub.open(wants.key)
            await body(wire.reset(Wire(wants.view, framing), f"{feed.epoch}.{feed.head}"), more=False)
            return False
        except Unavailable:
            await body(wire.farewell(Wire(wants.view, framing), gate.retry_ms * 2), more=False)
            return False
        seat = Seat(Wire(wants.view, cast(Framing, framing + ".chunked")), gate, self._address)
        # nothing is awaited from here to the seat: what is published meanwhile cannot fall in between
        if not scope["extensions"][EXTENSION](seat):
            seat.address = ""
            return False
        at = f"{feed.epoch}.{seq}" if wants.after is None else None
        seat.write(wire.first_event(cast(Framing, framing + ".chunked"), gate.retry_ms, at))
        seat.sit(feed, seq, PRIVATE_SECONDS if wants.private else None)
        return True


def _portable(gate: StreamGate, wants: Asked, address: str) -> Response:
    """The same for any ASGI server: a task for each listener that fetches when it is woken."""
    response = EventSourceResponse(_events(gate, wants, address), ping=0, headers=SSE_HEADERS)
    response.headers["Content-Type"] = SSE_HEADERS["Content-Type"]
    return response


async def _events(gate: StreamGate, wants: Asked, address: str) -> AsyncIterator[bytes]:
    hub, variant = gate.hub, Wire(wants.view, "sse")
    puller = Puller(variant)
    waiting: list[bytes] = []

    async def keep(data: bytes) -> None:
        waiting.append(data)

    try:
        after = wants.after
        if wants.broken:
            raise Reset
        first = True
        while not puller.ended:
            feed, seq = await hub.prepare(wants.key, variant, after, keep)
            epoch = feed.epoch
            if first:
                yield wire.opening(gate.retry_ms, f"{epoch}.{seq}" if after is None else None)
                first = False
            feed.pull(puller)
            while waiting:
                yield waiting.pop(0)
            while not puller.ended and feed.epoch == epoch and feed.covers(seq):
                if seq < feed.head:
                    head = feed.head
                    data = feed.frames(seq, head, variant)
                    seq = head
                    if data:
                        yield data
                elif not await puller.wait(hub.options.heartbeat_seconds):
                    yield wire.beat(variant)
            after = Position(epoch, seq)
        yield wire.farewell(variant, int(gate.retry_ms * random.uniform(0.5, 1.5)))  # noqa: S311
    except Reset:
        feed = await hub.open(wants.key)
        yield wire.reset(variant, f"{feed.epoch}.{feed.head}")
    except Unavailable:
        yield wire.farewell(variant, gate.retry_ms * 2)
    finally:
        if puller.feed is not None:
            puller.feed.stop_pulling(puller)
        gate.release(address)


