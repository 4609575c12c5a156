"""A server that takes a change for the next one although some are missing before it: what the scenario must
find. It is started in place of `stoppress`."""

from __future__ import annotations

from server.domain.change import Change
from server.hub.feed import Feed
from tests.faults import observed

accept = Feed.accept


def careless(self: Feed, change: Change, *, compacted: bool = False) -> bool:
    return accept(self, change, compacted=True)


if __name__ == "__main__":
    Feed.accept = careless  # type: ignore[method-assign]
    observed.run()
