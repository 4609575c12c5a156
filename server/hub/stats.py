"""What the hub counts, for metrics. Plain numbers; web/ops/metrics.py gives them to Prometheus."""

from __future__ import annotations

import time
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from server.hub.history import Item

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the latency histogram, in seconds."""


@dataclass(slots=True)
class Stats:
    """Counters since the process started. `latency` counts changes by the time from the write to the first
    transport, in the buckets of `BOUNDS` and one more for what took longer."""

    changes: int = 0
    deliveries: int = 0
    gaps: int = 0
    catch_ups: dict[str, int] = field(default_factory=dict)
    resumes: dict[str, int] = field(default_factory=lambda: {"memory": 0, "store": 0, "reset": 0, "head": 0})
    closed_slow: int = 0
    resets: int = 0
    store_replays: int = 0
    latency: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    latency_sum: float = 0.0
    head_lag: int = 0
    polled_at: float = field(default_factory=time.monotonic)

    def delivered(self, items: list[Item]) -> None:
        now = time.time()
        for item in items:
            seconds = max(0.0, now - item.change.at)
            self.latency[bisect_left(BOUNDS, seconds)] += 1
            self.latency_sum += seconds

    def count(self, of: dict[str, int], name: str) -> None:
        of[name] = of.get(name, 0) + 1
