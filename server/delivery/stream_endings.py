"""How a stream ends when it cannot go on: an error becomes its last bytes here and nowhere else."""

from __future__ import annotations

import random
from typing import NamedTuple

from server.delivery import framing
from server.delivery.framing import SERVICE_RESTART, TRY_AGAIN_LATER, Wire
from server.domain.errors import NotFound, Unavailable
from server.hub.resume import Reset

ENDINGS = (Reset, NotFound, Unavailable)
"""What `ending_of` turns into bytes. Anything else is a defect, and cuts the connection."""


class Ending(NamedTuple):
    """`data`: the last bytes in the framing of the wire. `code` and `reason` close a WebSocket whose server
    frames by itself."""

    data: bytes
    code: int
    reason: str


def ending_of(error: Exception | None, wire: Wire, *, retry_ms: int, position: str | None = None) -> Ending:
    """How a stream ends: None because the process ends or the time is up.

    Args:
        retry_ms: the wait that listeners are told; jittered.
        position: where the feed stands now, for one that has to load afresh.
    """
    if isinstance(error, Reset | NotFound):
        return Ending(framing.reset(wire, position), SERVICE_RESTART, "reset")
    if isinstance(error, Unavailable):
        reason = "the database cannot be reached"
        data = framing.farewell(wire, retry_ms * 2, code=TRY_AGAIN_LATER, reason=reason)
        return Ending(data, TRY_AGAIN_LATER, reason)
    wait = int(retry_ms * random.uniform(0.5, 1.5))  # noqa: S311
    return Ending(framing.farewell(wire, wait), SERVICE_RESTART, "restart")
