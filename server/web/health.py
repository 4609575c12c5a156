"""For operators: alive, able to serve, and what Prometheus collects."""

from __future__ import annotations

import hmac
import time
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server.domain.errors import StopPressError, Unauthenticated
from server.hub.stats import BOUNDS
from server.web.site import Site, site_of
from server.web.stream.gate import StreamGate, gate_of
from server.web.stream.wire import Wire


async def alive(request: Request) -> Response:
    """200 as long as the process answers at all."""
    return JSONResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})


async def ready(request: Request) -> Response:
    """200 when this process can take readers and posts; 503 while it ends or has no database. An unproven
    broker is told and does not make it unready: updates then come through the store, every 2 seconds."""
    site = site_of(request)
    state = site.desk.broker.state()
    database = "ok"
    try:
        async with site.database.read() as connection:
            await connection.execute(text("SELECT 1"))
    except StopPressError as error:
        database = error.detail
    draining = site.hub.draining
    fine = database == "ok" and not draining
    body = {
        "status": "ok" if fine else "draining" if draining else "unavailable",
        "database": database,
        "broker": {"kind": state.name, "proven": state.proven, "probe_age_seconds": round(state.probe_age, 3)},
        "listeners": gate_of(request).count,
    }
    return JSONResponse(body, 200 if fine else 503, headers={"Cache-Control": "no-store"})


async def metrics(request: Request) -> Response:
    """Prometheus text. Asks for a bearer token when one is set."""
    site = site_of(request)
    if site.metrics_token:
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {site.metrics_token}".encode()):
            raise Unauthenticated
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    registry.register(_Collector(site, gate_of(request)))
    encode, kind = choose_encoder(request.headers.get("accept", ""))
    return Response(encode(registry), headers={"Content-Type": kind, "Cache-Control": "no-store"})


class _Collector:
    """Reads the hub's counters when asked, so that counting costs the fan-out nothing."""

    def __init__(self, site: Site, gate: StreamGate) -> None:
        self._site, self._gate = site, gate

    def describe(self) -> Iterator[Metric]:
        return iter(())

    def collect(self) -> Iterator[Metric]:
        yield self._listeners()
        yield from self._counters()
        yield from self._gauges()
        yield self._latency()

    def _listeners(self) -> Metric:
        family = GaugeMetricFamily(
            "stoppress_listeners", "Open connections.", labels=["blog", "feed", "transport"]
        )
        for key, feed in self._site.hub.feeds.items():
            counts: dict[str, int] = {}
            variants = [x.variant for x in feed.listeners()] + [x.variant for x in feed.pullers]
            for variant in variants:
                assert isinstance(variant, Wire)
                transport = variant.framing.split(".")[0].replace("json", "poll")
                counts[transport] = counts.get(transport, 0) + 1
            for transport, count in counts.items():
                family.add_metric([key.blog_id, key.name, transport], count)
        return family

    def _counters(self) -> Iterator[Metric]:
        stats = self._site.hub.stats
        for name, words, value in (
            ("changes", "Changes that arrived.", stats.changes),
            ("deliveries", "Writes to listeners, one for each listener and tick.", stats.deliveries),
            ("gaps", "Jumps in the seq of what the broker brought.", stats.gaps),
            ("closed_slow", "Listeners closed because they lagged too far.", stats.closed_slow),
            ("resets", "Feeds whose history changed.", stats.resets),
            ("store_replays", "Queries of the store for listeners that came back.", stats.store_replays),
            ("shed", "Streams refused because there were too many.", self._gate.shed),
        ):
            yield CounterMetricFamily(f"stoppress_{name}", words, value=value)
        for name, words, label, values in (
            ("resumes", "Listeners that joined, by where their replay came from.", "source", stats.resumes),
            ("catch_ups", "Queries of the store to stay level, by reason.", "reason", stats.catch_ups),
        ):
            family = CounterMetricFamily(f"stoppress_{name}", words, labels=[label])
            for key, count in values.items():
                family.add_metric([key], count)
            yield family

    def _gauges(self) -> Iterator[Metric]:
        stats, state = self._site.hub.stats, self._site.desk.broker.state()
        for name, words, value in (
            ("broker_proven", "1 when what is published arrives.", float(state.proven)),
            ("broker_probe_age_seconds", "Seconds since the broker last proved itself.", state.probe_age),
            ("head_lag", "Changes that the last look at the store found missing here.", stats.head_lag),
            ("head_look_age_seconds", "Seconds since that look.", time.monotonic() - stats.looked_at),
            ("feeds", "Feeds that this process follows.", len(self._site.hub.feeds)),
            ("lagging", "Listeners whose transport is full.",
             sum(len(f.lagging) for f in self._site.hub.feeds.values())),
            ("draining", "1 while the process ends its streams.", float(self._site.hub.draining)),
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
            "From the write of a change to its first byte towards a listener.",
        )
        family.add_metric([], buckets=buckets, sum_value=stats.latency_sum)
        return family
