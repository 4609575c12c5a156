"""Brings a connection level with its feed and subscribes it: the way in for what memory alone cannot serve."""

from __future__ import annotations

import structlog

from server.delivery import subscription
from server.delivery.connections import Connection
from server.delivery.framing import Wire, greeting
from server.delivery.listener_limits import StreamGate
from server.delivery.stream_endings import ENDINGS, ending_of
from server.delivery.subscription import Subscription
from server.domain.change import FeedKey
from server.domain.errors import StopPressError
from server.domain.position import Position
from server.hub.hub import Hub
from server.hub.resume import Cursor, Reset

log = structlog.get_logger()

GROUP = {"sse": 50, "ws": 1}
"""Changes in one write of a replay. A WebSocket message is one change."""


async def join(connection: Connection, wire: Wire, gate: StreamGate, wanted: Subscription) -> None:
    """Send what the connection missed, then subscribe it. When that cannot be, it gets its ending."""
    try:
        if wanted.authority is not None:
            connection.belongs_to(wanted.authority, as_of=wanted.as_of)
        if wanted.broken:
            raise Reset
        with gate.hub.cursor(wanted.key, wire, wanted.after) as cursor:
            await _replay(connection, wire, gate, cursor)
            if connection.open:
                # nothing is awaited here: what is published meanwhile cannot fall in between
                assert cursor.feed is not None and cursor.position is not None
                seconds = subscription.PRIVATE_SECONDS if wanted.private else None
                connection.follow(cursor.feed, cursor.position.seq, seconds=seconds)
    except ENDINGS as error:
        position = await reset_position(gate.hub, wanted.key, error)
        connection.end(ending_of(error, wire, retry_ms=gate.retry_ms, position=position).data)
    except TimeoutError:  # it takes nothing, so it would not take an ending either
        gate.hub.stats.closed_slow += 1
        connection.abort()
    except BaseException as error:
        if isinstance(error, Exception):
            log.exception("stream.join", feed=str(wanted.key))
        connection.abort()


async def _replay(connection: Connection, wire: Wire, gate: StreamGate, cursor: Cursor) -> None:
    asked_from = cursor.position
    items = await cursor.catch_up(GROUP[wire.transport])
    connection.write(greet(wire, gate, asked_from or cursor.position))
    while items:
        assert cursor.feed is not None
        connection.write(cursor.feed.encoded(items, wire))
        # what comes next is chosen when there is room, not before
        await connection.drained(gate.hub.options.lag_seconds)
        if cursor.ended:  # the process ends its streams
            connection.end(ending_of(None, wire, retry_ms=gate.retry_ms).data)
        if not connection.open:
            return
        items = await cursor.catch_up(GROUP[wire.transport])


def greet(wire: Wire, gate: StreamGate, position: Position | None) -> bytes:
    """What comes first on a stream, once it is known that it can be served from `position`."""
    seconds = gate.hub.options.heartbeat_seconds
    return greeting(wire.framing, str(position), retry_ms=gate.retry_ms, heartbeat_seconds=seconds)


async def reset_position(hub: Hub, key: FeedKey, error: Exception | None) -> str | None:
    """Where a feed stands now, for a listener that has to load afresh; None where that is of no use to it."""
    if not isinstance(error, Reset):
        return None
    try:
        feed = await hub.open(key)
    except StopPressError:
        return None
    return f"{feed.epoch}.{feed.head}"
