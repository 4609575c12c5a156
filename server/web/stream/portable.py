"""A listener under any ASGI server: one task for each, that fetches when it is woken.

The client sets the pace. What comes next is looked up when the bytes before it were taken, so a client that
reads slowly costs the memory of one group of changes, and is not sent text that was retracted meanwhile.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable

from server.delivery import framing as wire
from server.domain.position import Position
from server.hub.feed import Feed
from server.hub.hub import Hub, Send
from server.hub.subscriber import Puller
from server.web.stream.gate import Asked

PRIVATE_SECONDS = 300.0
"""A newsroom stream ends after this long and resumes by itself: its leave is then asked for again."""


async def follow(
    hub: Hub,
    wants: Asked,
    puller: Puller,
    *,
    greet: Callable[[Position], Awaitable[None]],
    send: Send,
    group: int,
) -> None:
    """Send what happened after `wants.after` and what happens from now on, until the puller is ended.

    Args:
        greet: told where the listener stands, once, when what memory did not hold was sent.
        send: takes the bytes of at most `group` changes, or of a heartbeat, and returns when the client
            can take more.

    Raises:
        Reset: the listener has to load afresh.
        NotFound, Unavailable: as `Hub.prepare`.
    """
    after, greeted = wants.after, False
    loop = asyncio.get_running_loop()
    until = loop.time() + PRIVATE_SECONDS if wants.private else math.inf
    try:
        while not puller.ended:
            feed, seq = await hub.prepare(wants.key, puller.variant, after, send, group=group)
            feed.pull(puller)
            epoch = feed.epoch
            if hub.draining:
                puller.end()
            if not greeted:
                await greet(Position(epoch, seq))
                greeted = True
            while not puller.ended and feed.epoch == epoch and not feed.closed and feed.covers(seq):
                if loop.time() > until:
                    puller.end()
                elif seq < feed.head:
                    seq = await _send_from_memory(feed, seq, puller, send, group)
                elif not await puller.wait(hub.options.heartbeat_seconds):
                    await send(wire.beat(puller.variant))
            feed.stop_pulling(puller)
            after = Position(epoch, seq)
    finally:
        if puller.feed is not None:
            puller.feed.stop_pulling(puller)


async def _send_from_memory(feed: Feed, seq: int, puller: Puller, send: Send, group: int) -> int:
    """Send what memory holds after `seq`; where the listener then stands. Ends early when memory no longer
    tells all that changed since: the store knows the rest."""
    epoch, head = feed.epoch, feed.head
    items = feed.ring.after(seq, head)
    for first in range(0, len(items), group):
        if puller.ended or feed.epoch != epoch or not feed.covers(seq):
            return seq
        some = items[first : first + group]
        current = [item for item in some if not feed.ring.supersedes(item.change)]
        if current:
            await send(b"".join(feed.encoded(item, puller.variant) for item in current))
        seq = some[-1].change.position.seq
    return head
