"""Prometheus metrics of hub, stream gate, broker and log-in throttle. Metric names are stable."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from server.delivery.framing import Wire
from server.delivery.listener_limits import StreamGate
from server.hub.stats import BOUNDS
from server.web.kept_responses import KeptResponses
from server.web.site import Site

NO_CATCH_UPS = dict.fromkeys(("gap", "unverified", "poll", "join", "open"), 0)
"""Start at 0: `rate()` cannot see the first event of a counter that did not exist before."""

BROKER_COUNTS = {
    "sent": "Messages sent to Redis, including probes.",
    "refused": "Messages that Redis rejected with an error.",
    "send_failures": "Batches without a reply; they are sent again.",
    "connects": "Subscription connections opened.",
    "connection_failures": "Subscription connections lost or failed to open.",
    "unverified": "Subscription connections closed because no probe arrived.",
    "dropped": "Messages dropped because the queue was full while Redis was unavailable.",
    "malformed": "Malformed messages received.",
}


class Collector:
    """Reads the counters on each scrape, so that metrics cost nothing during fan-out."""

    def __init__(self, site: Site, gate: StreamGate, kept: KeptResponses) -> None:
        self._site, self._gate, self._kept = site, gate, kept

    def describe(self) -> Iterator[Metric]:
        return iter(())

    def collect(self) -> Iterator[Metric]:
        yield self._process()
        yield self._listeners()
        yield from self._counters()
        yield from self._of_broker()
        yield from self._of_writes()
        yield from self._of_tasks()
        yield from self._gauges()
        yield self._latency()

    def _process(self) -> Metric:
        family = GaugeMetricFamily(
            "stoppress_process_info", "Process that answered this scrape; workers share a port.", labels=["pid"]
        )
        family.add_metric([str(os.getpid())], 1)
        return family

    def _listeners(self) -> Metric:
        family = GaugeMetricFamily(
            "stoppress_listeners", "Open connections.", labels=["blog", "feed", "transport"]
        )
        for key, feed in self._site.hub.feeds.items():
            counts: dict[str, int] = {}
            for variant in [x.variant for x in feed.everyone()] + [x.variant for x in feed.waiters]:
                assert isinstance(variant, Wire)
                counts[variant.transport] = counts.get(variant.transport, 0) + 1
            for transport, count in counts.items():
                family.add_metric([key.blog_id, key.name, transport], count)
        return family

    def _counters(self) -> Iterator[Metric]:
        stats = self._site.hub.stats
        for name, words, value in (
            ("changes", "Changes received.", stats.changes),
            ("deliveries", "Writes to listeners, one for each listener and tick.", stats.deliveries),
            ("gaps", "Gaps in the sequence of changes received from the broker.", stats.gaps),
            ("closed_slow", "Listeners closed because they were too slow.", stats.closed_slow),
            ("resets", "Feeds whose epoch changed.", stats.resets),
            ("store_replays", "Store queries for listeners that resumed.", stats.store_replays),
            ("refused", "Streams rejected because of a limit.", self._gate.refused),
            ("kept_responses", "Pages and changes that were sent from memory at once.", self._kept.answered),
        ):
            yield CounterMetricFamily(f"stoppress_{name}", words, value=value)
        for name, words, label, values in (
            ("resumes", "Listeners that connected, by source of their replay.", "source", stats.resumes),
            ("catch_ups", "Store queries to catch up, by reason.", "reason",
             NO_CATCH_UPS | stats.catch_ups),
        ):
            family = CounterMetricFamily(f"stoppress_{name}", words, labels=[label])
            for key, count in values.items():
                family.add_metric([key], count)
            yield family

    def _of_broker(self) -> Iterator[Metric]:
        counts = self._site.desk.broker.counts()
        for name, words in BROKER_COUNTS.items():
            yield CounterMetricFamily(f"stoppress_broker_{name}", words, value=getattr(counts, name))

    def _of_writes(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            "stoppress_posts_possible", "1 when the newest write probe was written.",
            value=float(self._site.probe.readiness().fine),
        )
        family = CounterMetricFamily(
            "stoppress_write_failures", "Writes that the database did not take, by reason.", labels=["reason"]
        )
        for reason, count in self._site.database.failed_writes.counts.items():
            family.add_metric([reason], count)
        yield family

    def _of_tasks(self) -> Iterator[Metric]:
        running = GaugeMetricFamily(
            "stoppress_task_running", "0 while a long task waits to be started again.", labels=["task"]
        )
        failures = CounterMetricFamily(
            "stoppress_task_failures", "How often a long task failed.", labels=["task"]
        )
        for task in self._site.supervisor.states():
            running.add_metric([task.name], float(task.running))
            failures.add_metric([task.name], task.failures)
        yield running
        yield failures

    def _gauges(self) -> Iterator[Metric]:
        stats, state = self._site.hub.stats, self._site.desk.broker.state()
        for name, words, value in (
            ("broker_verified", "1 if the broker delivers published messages.", float(state.verified)),
            ("broker_probe_age_seconds", "Seconds since the last successful broker probe.", state.probe_age),
            ("head_lag", "Changes that the last poll of the store found missing here.", stats.head_lag),
            ("head_poll_age_seconds", "Seconds since that poll.", time.monotonic() - stats.polled_at),
            ("broker_waiting", "Messages waiting to be sent to the broker.", state.waiting),
            ("throttle_alone", "1 while this process counts log-ins on its own because Redis is unavailable.",
             float(self._site.throttle.alone)),
            ("feeds", "Feeds followed by this process.", len(self._site.hub.feeds)),
            ("lagging", "Listeners whose send buffer is full.",
             sum(len(f.lagging) for f in self._site.hub.feeds.values())),
            ("draining", "1 while the process is closing its streams.", float(self._site.hub.draining)),
        ):
            yield GaugeMetricFamily(f"stoppress_{name}", words, value=value)

    def _latency(self) -> Metric:
        stats = self._site.hub.stats
        total, buckets = 0, []
        for bound, count in zip([*map(str, BOUNDS), "+Inf"], stats.latency, strict=True):
            total += count
            buckets.append((bound, total))
        family = HistogramMetricFamily(
            "stoppress_publish_to_write_seconds",
            "Time from writing a change to sending it to the first listener.",
        )
        family.add_metric([], buckets=buckets, sum_value=stats.latency_sum)
        return family
