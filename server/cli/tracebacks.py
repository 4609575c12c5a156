"""Tracebacks for the log: cheap, without a value of any variable, and not again and again.

Whoever can make the server fail must neither fill its log, nor hold its loop, nor have what others sent written
there. A message of an exception may quote what was sent (`invalid literal for int(): 'hunter2'`), so only those
are kept that say something of the machine or of the program.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, MutableMapping
from types import TracebackType
from typing import Any, TypeAlias

from server.domain.errors import StopPressError

Failure: TypeAlias = tuple[type[BaseException], BaseException, TracebackType | None]

MAX_FRAMES = 12
"""The innermost ones are kept."""
MAX_CAUSES = 3
MAX_MESSAGE = 300
QUIET_SECONDS = 60.0
"""How long the same error is only counted after it was written."""
MAX_KNOWN = 500

_SAFE_MESSAGES = (
    StopPressError, OSError, TypeError, AttributeError, NameError, AssertionError, RuntimeError, ImportError,
    MemoryError,
)
_QUOTING = (UnicodeError, NotImplementedError)


def plain(event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Turn `exc_info` of an event into `exception`: types, places, and messages that quote nobody."""
    failure = _failure(event.pop("exc_info", None))
    if failure is not None:
        event["exception"] = render(failure[1])
    return event


def render(error: BaseException) -> str:
    """One line for each exception of the chain, the outermost first, with the places under it."""
    lines: list[str] = []
    each: BaseException | None = error
    for _ in range(MAX_CAUSES):
        if each is None:
            break
        lines.append(("caused by " if lines else "") + _headline(each))
        lines += [f"  {place}" for place in _places(each.__traceback__)[-MAX_FRAMES:]]
        each = each.__cause__ or (None if each.__suppress_context__ else each.__context__)
    return "\n".join(lines)


def _headline(error: BaseException) -> str:
    name = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    if isinstance(error, _SAFE_MESSAGES) and not isinstance(error, _QUOTING):
        said = " ".join(str(error).split())[:MAX_MESSAGE]
        return f"{name}: {said}" if said else name
    return name


def _places(trace: TracebackType | None) -> list[str]:
    places = []
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename}:{trace.tb_lineno} in {code.co_name}")
        trace = trace.tb_next
    return places


def _failure(given: Any) -> Failure | None:
    """`exc_info` as logging and structlog take it: True, an exception, or the triple."""
    if isinstance(given, BaseException):
        return type(given), given, given.__traceback__
    if isinstance(given, tuple):
        return given if given[0] is not None else None
    if given:
        return _failure(sys.exc_info())
    return None


class Repeats(logging.Filter):
    """Passes an error once in `QUIET_SECONDS`, and the next time says how often it came meanwhile. The same:
    the same type from the same line. A warning of a library is known by its words."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._known: dict[object, tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        key = _key(record)
        if key is None:
            return True
        now = self._clock()
        written, suppressed = self._known.get(key, (-QUIET_SECONDS, 0))
        if now - written < QUIET_SECONDS:
            self._known[key] = written, suppressed + 1
            return False
        self._known.pop(key, None)
        self._known[key] = now, 0
        while len(self._known) > MAX_KNOWN:
            self._known.pop(next(iter(self._known)))
        if suppressed:
            _say(record, suppressed)
        return True


def _key(record: logging.LogRecord) -> object | None:
    said: Any = record.msg
    ours = isinstance(said, dict)
    event = said if ours else {}
    failure = _failure(record.exc_info or event.get("exc_info"))
    if failure is not None:
        places = _places(failure[2])
        return failure[0], places[-1] if places else record.name
    if record.levelno >= logging.WARNING and not ours:
        return record.name, str(record.msg)
    return None


def _say(record: logging.LogRecord, suppressed: int) -> None:
    if isinstance(record.msg, dict):
        record.msg["suppressed"] = suppressed
    else:
        record.msg = f"{record.getMessage()} (and {suppressed} times since it was last written)"
        record.args = ()
