"""How a topic is written in an address."""

from __future__ import annotations

import re

from server.domain.byline import name_key

_BLANKS = re.compile(r"[\s-]+")


def slug_of(topic: str) -> str:
    """The topic in `?topic=`, not yet percent-encoded: without blanks, and the same for all names that a person
    takes for the same. It hangs on the name alone, so that it stays when a blog gets other topics."""
    return _BLANKS.sub("-", name_key(topic))
