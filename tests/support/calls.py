"""What a piece of work does, counted in calls: the same on every machine, however busy it is."""

from __future__ import annotations

import select
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

_WAITING: tuple[type, ...] = (socket.socket, type(threading.Lock()), type(threading.RLock()))
_MODULES = {"select", "_socket", "_ssl", "posix"}


@dataclass(slots=True)
class Calls:
    """How many calls there were, and the names of those that may wait: of sockets, locks, files, and sleep."""

    count: int = 0
    waiting: list[str] = field(default_factory=list)


def calls_of(work: Callable[[], None]) -> Calls:
    """What `work` calls, in Python and in C."""
    found = Calls()

    def note(_frame: FrameType, event: str, called: Any) -> None:
        if event == "call":
            found.count += 1
        elif event == "c_call":
            found.count += 1
            owner = getattr(called, "__self__", None)
            if (
                isinstance(owner, _WAITING) or called is time.sleep or called is select.select
                or getattr(called, "__module__", None) in _MODULES
            ):
                found.waiting.append(getattr(called, "__qualname__", repr(called)))

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return found
