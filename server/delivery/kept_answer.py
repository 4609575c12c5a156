"""What the server asks before it asks the application: whether the response to a request is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias


class Answer(NamedTuple):
    """The bytes of a whole response, and whether the connection is closed after it."""

    data: bytes
    closes: bool


AnswerKept: TypeAlias = Callable[[bytes, str, bytes], Answer | None]
"""The kept response to a request: what was read, the address of the peer, and the header lines of every
response (the same object for a second)."""
