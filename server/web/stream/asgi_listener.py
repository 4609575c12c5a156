"""A listener under any ASGI server: one task for each, that reads the feed at the pace of its client.

What comes next is chosen when the bytes before it were taken, so a client that reads slowly costs the memory of
one group of changes, and is not sent text that was retracted meanwhile.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from server.delivery import framing, subscription
from server.delivery.framing import Wire
from server.delivery.join_feed import GROUP, greet
from server.delivery.listener_limits import StreamGate
from server.delivery.subscription import Subscription
from server.hub.resume import Cursor, Reset

Send: TypeAlias = Callable[[bytes], Awaitable[None]]


async def follow(gate: StreamGate, wire: Wire, wanted: Subscription, cursor: Cursor, send: Send) -> None:
    """Send what happened after `wanted.after` and what happens from now on, until the cursor is ended.

    Args:
        send: takes the bytes of a few changes, or of a heartbeat, and returns when the client can take more.

    Raises:
        Reset: the listener has to load afresh.
        NotFound, Unavailable: as `Cursor.read`.
    """
    if wanted.broken:
        raise Reset
    loop = asyncio.get_running_loop()
    until = loop.time() + subscription.PRIVATE_SECONDS if wanted.private else math.inf
    most, beat_seconds = GROUP[wire.transport], gate.hub.options.heartbeat_seconds
    with cursor, gate.private.held(wanted, cursor.end):
        items = await cursor.catch_up(most)
        await send(greet(wire, gate, wanted.after or cursor.position))
        while loop.time() <= until:
            items = items or await cursor.read(most)
            if cursor.ended:  # what was read meanwhile may be no longer for this caller
                break
            assert cursor.feed is not None
            if items:
                await send(cursor.feed.encoded(items, wire))
            elif not await cursor.wait(beat_seconds):
                await send(framing.beat(wire))
            items = []
