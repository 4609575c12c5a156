"""Positions in a feed: `EPOCH.SEQ`, for example `k3f9.128`."""

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
    """A position in a feed. `seq` counts the feed's writes from 0; `epoch` identifies the history."""

    epoch: str
    seq: int

    def __str__(self) -> str:
        return f"{self.epoch}.{self.seq}"

    @classmethod
    def parse(cls, text: str) -> Position:
        """Parse `EPOCH.SEQ`.

        Raises:
            Invalid: the epoch is not 1 to 16 of a-z and 0-9, or the seq not a number from 0 to 2^63-1.
        """
        match = _FORM.fullmatch(text)
        if match is None or int(match[2]) > MAX_SEQ:
            raise Invalid.field("after", "must have the form EPOCH.SEQ, for example k3f9.128")
        return cls(match[1], int(match[2]))


def new_epoch() -> str:
    """A random epoch: 8 characters, 40 bits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(8))


def new_id() -> str:
    """A random id for a blog, entry, picture or user: 16 characters, 80 bits, safe in URLs."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(16))
