"""`/live/{slug}/ws`: the same changes as JSON text messages (RFC 6455), subprotocol `stoppress.v1`.

For any ASGI server. On our own the acceptor answers before this (server/serving/acceptor.py), with the same
messages.
"""

from __future__ import annotations

import asyncio

from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect

from server.delivery.connections import MAX_RECEIVED
from server.delivery.framing import POLICY_VIOLATION, TRY_AGAIN_LATER, Wire
from server.delivery.join_feed import reset_position
from server.delivery.listener_limits import StreamGate
from server.delivery.sse_headers import SUBPROTOCOL
from server.delivery.stream_endings import ENDINGS, ending_of
from server.delivery.subscription import Subscription
from server.domain.errors import StopPressError
from server.hub.resume import Cursor
from server.web.authenticate import client_address
from server.web.errors import problem
from server.web.stream.asgi_listener import follow
from server.web.stream.feed_request import gate_of, subscription_of


async def stream(socket: WebSocket) -> None:
    """Follow a feed; `?after=`, `?feed=` and `?view=` as for SSE. What the client sends is not read."""
    gate = gate_of(socket)
    try:
        wanted = await subscription_of(socket)
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
    try:
        await _serve(socket, gate, wanted)
    except WebSocketDisconnect:
        pass
    finally:
        gate.release(address)


async def _serve(socket: WebSocket, gate: StreamGate, wanted: Subscription) -> None:
    """Raises WebSocketDisconnect when the client has gone."""
    wire = Wire(wanted.view, "ws")
    cursor = gate.hub.cursor(wanted.key, wire, wanted.after)
    reading = asyncio.create_task(_drop_messages(socket, cursor, gate.hub.options.heartbeat_seconds))
    error: Exception | None = None
    try:
        await _follow(socket, gate, wire, wanted, cursor)
    except ENDINGS as reason:
        error = reason
    finally:
        reading.cancel()
    if reading.done() and not reading.cancelled() and error is None:
        if not reading.result():
            await socket.close(POLICY_VIOLATION, "this stream goes one way")
        return
    position = await reset_position(gate.hub, wanted.key, error)
    ending = ending_of(error, wire, retry_ms=gate.retry_ms, position=position)
    if ending.data:
        await _send(socket, ending.data)
    await socket.close(ending.code, ending.reason)


async def _follow(
    socket: WebSocket, gate: StreamGate, wire: Wire, wanted: Subscription, cursor: Cursor
) -> None:
    async def send(message: bytes) -> None:
        try:
            async with asyncio.timeout(gate.hub.options.lag_seconds):
                await _send(socket, message)
        except TimeoutError:
            gate.hub.stats.closed_slow += 1
            raise WebSocketDisconnect from None

    await follow(gate, wire, wanted, cursor, send)


async def _send(socket: WebSocket, message: bytes) -> None:
    try:
        await socket.send_text(message.decode())
    except RuntimeError:  # the server closed it meanwhile, because of something that the client sent
        raise WebSocketDisconnect from None


async def _drop_messages(socket: WebSocket, cursor: Cursor, seconds: float) -> bool:
    """Read until the client closes (True) or has sent too much between two heartbeats (False)."""
    loop = asyncio.get_running_loop()
    received, since = 0, loop.time()
    try:
        while received <= MAX_RECEIVED:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                return True
            if loop.time() - since > seconds:
                received, since = 0, loop.time()
            received += len(message.get("bytes") or message.get("text") or "")
        return False
    finally:
        cursor.end()
