"""`/live/{slug}/stream`: Server-Sent Events (HTML Living Standard §9.2).

EventSource stops for good on any answer but 200, so whoever may listen always gets a 200: an overloaded server
answers with `retry:` and closes.
"""

from __future__ import annotations

import asyncio
import random
from functools import partial
from typing import cast

from sse_starlette import EventSourceResponse
from sse_starlette.sse import SendTimeoutError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from server.delivery import framing as wire
from server.delivery.connections import SSE_HEADERS, Seat
from server.delivery.framing import Framing, Wire
from server.delivery.limits import StreamGate
from server.domain.errors import NotFound, Unavailable
from server.domain.position import Position
from server.hub.hub import Reset
from server.hub.subscriber import Puller
from server.serving.handover import EXTENSION
from server.web.authenticate import client_address
from server.web.conditional import takes_gzip
from server.web.stream.gate import Asked, asked, gate_of
from server.web.stream.portable import PRIVATE_SECONDS, follow

GROUP = 50
"""Changes in one write of a replay."""


async def stream(request: Request) -> Response:
    """Follow a feed. `Last-Event-ID` or `?after=` says from where; `?feed=` and `?view=` say what."""
    gate = gate_of(request)
    try:
        wants = await asked(request, last_event_id=True)
    except Unavailable:  # an EventSource would never come back from a 503
        return _shed(gate)
    if request.method == "HEAD":
        return Response(headers=SSE_HEADERS)
    address = client_address(request)
    if not gate.admit(address):
        return _shed(gate)
    try:
        if gate.handover and EXTENSION in request.scope.get("extensions", {}):
            return _Handover(gate, wants, address, gzip=_takes_gzip(request, gate))
        return _Portable(gate, wants, address)
    except BaseException:
        gate.release(address)
        raise


def _shed(gate: StreamGate) -> Response:
    wait = int(gate.retry_ms * random.uniform(2, 6))  # noqa: S311
    return Response(f"retry: {wait}\n\n", headers=SSE_HEADERS | {"Connection": "close"})


def _takes_gzip(request: Request, gate: StreamGate) -> bool:
    return gate.compress and takes_gzip(request.headers.get("accept-encoding", ""))


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
        except TimeoutError:  # it takes nothing, so it would not take an end either
            self._gate.hub.stats.closed_slow += 1
            scope["extensions"][EXTENSION].__self__.transport.abort()
        finally:
            if not seated:
                self._gate.release(self._address)

    async def _run(self, scope: Scope, send: Send) -> bool:
        gate, wants = self._gate, self._wants
        framing: Framing = "sse.gzip" if self._gzip else "sse"

        async def body(data: bytes, *, more: bool = True) -> None:
            async with asyncio.timeout(gate.hub.options.lag_seconds):
                await send({"type": "http.response.body", "body": data, "more_body": more})
                if more:
                    # an empty part goes when there is room again: what comes next is chosen then, not before
                    await send({"type": "http.response.body", "body": b"", "more_body": True})

        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        if self._gzip:
            await body(wire.GZIP_HEADER)
        try:
            if wants.broken:
                raise Reset
            variant = Wire(wants.view, framing)
            feed, seq = await gate.hub.prepare(wants.key, variant, wants.after, body, group=GROUP)
        except Reset:
            feed = await gate.hub.open(wants.key)
            await body(wire.reset(Wire(wants.view, framing), f"{feed.epoch}.{feed.head}"), more=False)
            return False
        except NotFound:
            await body(wire.reset(Wire(wants.view, framing)), more=False)
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


class _Portable(EventSourceResponse):
    """The same for any ASGI server: a task for each listener that fetches when it is woken."""

    def __init__(self, gate: StreamGate, wants: Asked, address: str) -> None:
        self._gate, self._address = gate, address
        hatch = Hatch()
        super().__init__(
            hatch,
            headers=SSE_HEADERS,
            ping=0,
            send_timeout=gate.hub.options.lag_seconds,
            data_sender_callable=partial(_events, gate, wants, hatch),
        )
        self.headers["Content-Type"] = SSE_HEADERS["Content-Type"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        except SendTimeoutError:
            self._gate.hub.stats.closed_slow += 1
        finally:
            self._gate.release(self._address)


class Hatch:
    """Bytes from one task to another, a piece at a time: what was put in is taken away, and only when the
    other task comes for more does the first go on."""

    def __init__(self) -> None:
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue(1)
        self._taken = False

    async def put(self, piece: bytes) -> None:
        """Returns when the other task has done with it."""
        await self._pieces.put(piece)
        await self._pieces.join()

    def close(self) -> None:
        """Nothing more comes."""
        self._pieces.put_nowait(None)

    def __aiter__(self) -> Hatch:
        return self

    async def __anext__(self) -> bytes:
        if self._taken:
            self._pieces.task_done()
        piece = await self._pieces.get()
        self._taken = True
        if piece is None:
            raise StopAsyncIteration
        return piece


async def _events(gate: StreamGate, wants: Asked, hatch: Hatch) -> None:
    hub, variant = gate.hub, Wire(wants.view, "sse")

    async def greet(at: Position) -> None:
        await hatch.put(wire.opening(gate.retry_ms, str(at) if wants.after is None else None))

    async def send(data: bytes) -> None:
        await hatch.put(data)
        await hatch.put(b"")  # goes when there is room again: what comes next is chosen then, not before

    try:
        if wants.broken:
            raise Reset
        await follow(hub, wants, Puller(variant), greet=greet, send=send, group=GROUP)
        await hatch.put(wire.farewell(variant, int(gate.retry_ms * random.uniform(0.5, 1.5))))  # noqa: S311
    except Reset:
        feed = await hub.open(wants.key)
        await hatch.put(wire.reset(variant, f"{feed.epoch}.{feed.head}"))
    except NotFound:
        await hatch.put(wire.reset(variant))
    except Unavailable:
        await hatch.put(wire.farewell(variant, gate.retry_ms * 2))
    hatch.close()
