"""What this process counts of each blog's readers, for newsroom/audience.py."""

from __future__ import annotations

from collections import Counter

from server.delivery.framing import Wire
from server.hub.hub import Hub
from server.store.audience import Readers


def readers(hub: Hub) -> dict[str, Readers]:
    """Open connections of the public feeds that this process follows, by blog; blogs without any too, so that
    their number falls to zero."""
    found: dict[str, Readers] = {}
    for key, feed in hub.feeds.items():
        if key.name != "public":
            continue
        counts: Counter[str] = Counter()
        for variant in [x.variant for x in feed.everyone()] + [x.variant for x in feed.waiters]:
            assert isinstance(variant, Wire)
            counts[variant.transport] += 1
        found[key.blog_id] = Readers(counts["sse"], counts["ws"], counts["poll"])
    return found
