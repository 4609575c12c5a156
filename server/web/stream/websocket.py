"""`/live/{slug}/ws`: the same changes as JSON text messages (RFC 6455), subprotocol `stoppress.v1`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect

from server.delivery import framing as wire
from server.delivery.connections import MAX_HEARD, SocketSeat
from server.delivery.framing import Framing, Wire
from server.delivery.limits import StreamGate
from server.domain.errors import NotFound, StopPressError, Unavailable
from server.domain.position import Position
from server.hub.hub import Reset
from server.hub.subscriber import Puller
from server.serving.handover import EXTENSION, HandoverWebSocket
from server.web.authenticate import client_address
from server.web.errors import problem
from server.web.stream.gate import Asked, asked, gate_of
from server.web.stream.portable import PRIVATE_SECONDS, follow

SUBPROTOCOL = "stoppress.v1"
TRY_AGAIN_LATER = 1013
SERVICE_RESTART = 1012
POLICY_VIOLATION = 1008


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
        seated = await _serve(socket, gate, wants, address, protocol)
    except WebSocketDisconnect:
        pass
    finally:
        if not seated:
            gate.release(address)


async def _serve(
    socket: WebSocket, gate: StreamGate, wants: Asked, address: str, protocol: object
) -> bool:
    """True: the connection was handed over. Raises WebSocketDisconnect when the client has gone."""
    variant = Wire(wants.view, "ws")
    try:
        if wants.broken:
            raise Reset
        if isinstance(protocol, HandoverWebSocket):
            return await _hand_over(socket, gate, wants, address, protocol)
        await _portable(socket, gate, wants)
    except Reset:
        feed = await gate.hub.open(wants.key)
        await _say(socket, wire.reset(variant, f"{feed.epoch}.{feed.head}"))
        await socket.close(SERVICE_RESTART, "reset")
    except NotFound:
        await _say(socket, wire.reset(variant))
        await socket.close(SERVICE_RESTART, "reset")
    except Unavailable:
        await socket.close(TRY_AGAIN_LATER, "the database cannot be reached")
    return False


async def _say(socket: WebSocket, message: bytes) -> None:
    try:
        await socket.send_text(message.decode())
    except RuntimeError:  # the server closed it meanwhile, for something that the client sent
        raise WebSocketDisconnect from None


@contextlib.asynccontextmanager
async def _patiently(gate: StreamGate) -> AsyncIterator[None]:
    """Around what waits for the client. Raises WebSocketDisconnect when it takes nothing for too long."""
    try:
        async with asyncio.timeout(gate.hub.options.lag_seconds):
            yield
    except TimeoutError:
        gate.hub.stats.closed_slow += 1
        raise WebSocketDisconnect from None


async def _hand_over(
    socket: WebSocket, gate: StreamGate, wants: Asked, address: str, protocol: HandoverWebSocket
) -> bool:
    framing: Framing = "ws.deflated" if protocol.deflates else "ws.framed"

    async def send(message: bytes) -> None:
        try:
            async with _patiently(gate):
                await _say(socket, message)
                await protocol.writable.wait()  # what comes next is chosen when there is room, not before
        except WebSocketDisconnect:
            protocol.transport.abort()  # it takes nothing, so it would not take a farewell either
            raise

    feed, seq = await gate.hub.prepare(wants.key, Wire(wants.view, "ws"), wants.after, send, group=1)
    seat = SocketSeat(Wire(wants.view, framing), gate, address)
    # nothing is awaited from here to the seat: what is published meanwhile cannot fall in between
    if not protocol.hand_over(seat):
        seat.address = ""
        return False
    seat.write(wire.first_message(framing, feed.epoch, seq))
    seat.sit(feed, seq, PRIVATE_SECONDS if wants.private else None)
    return True


async def _portable(socket: WebSocket, gate: StreamGate, wants: Asked) -> None:
    """The same for any ASGI server: this task fetches when it is woken, another one reads."""
    puller = Puller(Wire(wants.view, "ws"))

    async def send(message: bytes) -> None:
        async with _patiently(gate):
            await _say(socket, message)

    async def greet(at: Position) -> None:
        await send(wire.hello(at.epoch, at.seq))

    reading = asyncio.create_task(_drop_messages(socket, puller, gate.hub.options.heartbeat_seconds))
    try:
        await follow(gate.hub, wants, puller, greet=greet, send=send, group=1)
        if not reading.done():
            await socket.close(SERVICE_RESTART, "restart")
        elif not reading.result():
            await socket.close(POLICY_VIOLATION, "this stream goes one way")
    finally:
        reading.cancel()


async def _drop_messages(socket: WebSocket, puller: Puller, seconds: float) -> bool:
    """Read until the client closes (True) or has said too much between two heartbeats (False)."""
    loop = asyncio.get_running_loop()
    heard, since = 0, loop.time()
    try:
        while heard <= MAX_HEARD:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                return True
            if loop.time() - since > seconds:
                heard, since = 0, loop.time()
            heard += len(message.get("bytes") or message.get("text") or "")
        return False
    finally:
        puller.end()
