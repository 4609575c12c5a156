"""The signal that somebody's rights changed, for whoever holds a connection open on the strength of them.

It is sent after the commit, to every process, this one first. It says who (`user:ID` or `token:ID`), not what:
a receiver ends what that caller has open, and the client comes back and is asked for its rights again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

import structlog

from server.broker.protocol import Broker

log = structlog.get_logger()

TOPIC = "rights"
MAX_ID = 64

OnChanged: TypeAlias = Callable[[str | None], None]
"""Called in the event loop with the caller's id, or with None when signals may have been lost: then what
everybody has open is in doubt."""


def announce(broker: Broker, callers: Iterable[str]) -> None:
    """Tell every process that these callers' rights are not what they were. After the commit; never raises."""
    for caller in callers:
        broker.notify(TOPIC, caller.encode())


def subscribe(broker: Broker, changed: OnChanged) -> None:
    """Call `changed` for every signal from now on."""

    def receive(data: bytes | None) -> None:
        if data is None:
            changed(None)
            return
        try:
            caller = data.decode("ascii")
        except UnicodeDecodeError:
            caller = ""
        if 0 < len(caller) <= MAX_ID:
            changed(caller)
        else:
            log.warning("rights.malformed", bytes=len(data))

    broker.on_notice(TOPIC, receive)
