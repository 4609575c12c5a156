"""How long to wait before something that failed is tried again. Pure: it counts, and waits for nobody."""

from __future__ import annotations

import random
from collections.abc import Callable


class Backoff:
    """Waits that double up to a bound, with jitter, so that many processes do not come back in step.

    Args:
        first: seconds of the first wait, before jitter takes up to half of it.
        longest: seconds that no wait exceeds.
        chance: a number from 0 to 1, for the jitter.
    """

    def __init__(
        self, first: float, longest: float, *, chance: Callable[[], float] = random.random
    ) -> None:
        self.first, self.longest = first, longest
        self._chance = chance
        self._next = first

    def reset(self) -> None:
        """It worked: the next wait is the first one again."""
        self._next = self.first

    def next(self) -> float:
        """Seconds to wait now. Each call doubles the wait of the next one."""
        wait = self._next * (0.5 + self._chance() / 2)
        self._next = min(self._next * 2, self.longest)
        return wait
