"""Where a listener stands in a feed: `EPOCH.SEQ`, for example `k3f9.128`."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

from server.domain.errors import Invalid

_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_FORM = re.compile(r"([a-z0-9]{1,16})\.(0|[1-9][0-9]{0,18})", re.ASCII)
MAX_SEQ = 2**63 - 1
"""A seq is a signed 64-bit number in both databases."""


@dataclass(frozen=True, slots=True)
class Position:
    """A place in one feed's history. `seq` counts that feed's writes from 0; `epoch` names the history."""

    epoch: str
    seq: int

    def __str__(self) -> str:
        return f"{self.epoch}.{self.seq}"

    @classmethod
    def parse(cls, text: str) -> Position:
        """The position that `text` names.

        Raises:
            Invalid: it is not of the form `EPOCH.SEQ` (1-16 of a-z and 0-9, a dot, 0 to 2^63-1).
        """
        match = _FORM.fullmatch(text)
        if match is None or int(match[2]) > MAX_SEQ:
            raise Invalid.field("after", "a position has the form EPOCH.SEQ, for example k3f9.128")
        return cls(match[1], int(match[2]))


def new_epoch() -> str:
    """A name for a new history: 8 random characters, 40 bits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(8))


def new_id() -> str:
    """An identifier for a blog, entry, picture or person: 16 random characters, 80 bits, safe in a URL."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(16))
