"""`/live/{slug}/ws`: the same changes as JSON text messages (RFC 6455), subprotocol `stoppress.v1`."""

from __future__ import annotations

import asyncio

from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect

from server.domain.errors import StopPressError, Unavailable
from server.domain.position import Position
from server.hub.feed import Feed
from server.hub.hub import Reset
from server.hub.listener import Puller
from server.web.authenticate import client_address
from server.web.errors import problem
from server.web.stream import wire
from server.web.stream.gate import Asked, StreamGate, asked, gate_of
from server.web.stream.handover import EXTENSION, HandoverWebSocket, SocketSeat
from server.web.stream.sse import PRIVATE_SECONDS
from server.web.stream.wire import Framing, Wire

SUBPROTOCOL = "stoppress.v1"
TRY_AGAIN_LATER = 1013
SERVICE_RESTART = 1012


async def stream(socket: WebSocket) -> None:
    """Follow a feed; `?after=`, `?feed=` and `?view=` as for SSE. What the client sends is not read."""
    gate = gate_of(socket)
    try:
        wants = await asked(socket)
    except StopPressError as error:
        await socket.send_denial_response(problem(error))
        return
    offered = socket.scope["subprotocols"]
    if offered and SUBPROTOCOL not in offered:
        await socket.send_denial_response(Response(f"Offer the subprotocol {SUBPROTOCOL}.\n", 400))
        return
    await socket.accept(SUBPROTOCOL if offered else None)
    address = client_address(socket)
    if not gate.admit(address):
        await socket.close(TRY_AGAIN_LATER, "too many listeners")
        return
    protocol = socket.scope.get("extensions", {}).get(EXTENSION) if gate.handover else None
    seated = False
    try:
        if isinstance(protocol, HandoverWebSocket):
            seated = await _hand_over(socket, gate, wants, address, protocol)
        else:
            await _portable(socket, gate, wants)
    except WebSocketDisconnect:
        pass
    finally:
        if not seated:
            gate.release(address)


async def _hand_over(
    socket: WebSocket, gate: StreamGate, wants: Asked, address: str, protocol: HandoverWebSocket
) -> bool:
    framing: Framing = "ws.deflated" if protocol.deflates else "ws.framed"
    variant = Wire(wants.view, "ws")
    found = await _prepare(socket, gate, wants, variant, wants.after)
    if found is None:
        return False
    feed, seq = found
    seat = SocketSeat(Wire(wants.view, framing), gate, address)
    # nothing is awaited from here to the seat: what is published meanwhile cannot fall in between
    if not protocol.hand_over(seat):
        seat.address = ""
        return False
    seat.write(wire.first_message(framing, feed.epoch, seq))
    seat.sit(feed, seq, PRIVATE_SECONDS if wants.private else None)
    return True


async def _prepare(
    socket: WebSocket, gate: StreamGate, wants: Asked, variant: Wire, after: Position | None
) -> tuple[Feed, int] | None:
    """Replay what memory does not hold. None: the client was told to load afresh or to come back later."""

    async def send(messages: bytes) -> None:
        # the JSON of a change is one line, and none of it contains a bare line break
        for line in messages.splitlines():
            await socket.send_text(line.decode())

    try:
        if wants.broken:
            raise Reset
        return await gate.hub.prepare(wants.key, variant, after, send)
    except Reset:
        feed = await gate.hub.open(wants.key)
        await socket.send_text(wire.reset(variant, f"{feed.epoch}.{feed.head}").decode())
        await socket.close(SERVICE_RESTART, "reset")
    except Unavailable:
        await socket.close(TRY_AGAIN_LATER, "the database cannot be reached")
    return None


async def _portable(socket: WebSocket, gate: StreamGate, wants: Asked) -> None:
    """The same for any ASGI server: this task fetches when it is woken, another one reads."""
    variant = Wire(wants.view, "ws")
    puller = Puller(variant)
    reading = asyncio.create_task(_drop_messages(socket, puller))
    try:
        await _follow(socket, gate, wants, puller, variant)
    finally:
        reading.cancel()
        if puller.feed is not None:
            puller.feed.stop_pulling(puller)


async def _follow(
    socket: WebSocket, gate: StreamGate, wants: Asked, puller: Puller, variant: Wire
) -> None:
    after, started = wants.after, asyncio.get_running_loop().time()
    first = True
    while not puller.ended:
        found = await _prepare(socket, gate, wants, variant, after)
        if found is None:
            return
        feed, seq = found
        epoch = feed.epoch
        feed.pull(puller)
        if first:
            await socket.send_text(wire.hello(epoch, seq).decode())
            first = False
        while not puller.ended and feed.epoch == epoch and feed.covers(seq):
            if wants.private and asyncio.get_running_loop().time() - started > PRIVATE_SECONDS:
                puller.end()
            elif seq < feed.head:
                head = feed.head
                data = feed.frames(seq, head, variant)
                seq = head
                for line in data.splitlines():
                    await socket.send_text(line.decode())
            elif not await puller.wait(gate.hub.options.heartbeat_seconds):
                await socket.send_text(wire.beat(variant).decode().strip())
        after = Position(epoch, seq)
    await socket.close(SERVICE_RESTART, "restart")


async def _drop_messages(socket: WebSocket, puller: Puller) -> None:
    try:
        while True:
            await socket.receive_text()
    except (WebSocketDisconnect, KeyError, RuntimeError):
        puller.end()
