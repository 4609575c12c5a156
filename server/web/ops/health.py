"""Health checks and Prometheus metrics for operators."""

from __future__ import annotations

import asyncio
import hmac
import time

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.exposition import choose_encoder
from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server.domain.errors import StopPressError, Unauthenticated
from server.store.database import Database
from server.web.ops.metrics import Collector
from server.web.site import Site, site_of
from server.web.stream.feed_request import gate_of

_running: dict[Database, asyncio.Task[str]] = {}

READY_SECONDS = 1.5
"""How long the database may take to answer before /readyz says that it does not: it answers within 2 seconds
itself. One that answered somebody else meanwhile is slow (`SLOW`) and not away: on a machine with too much to
do, a query waited so long for its turn among those of readers, while every post was taken."""
SLOW = "slow"


async def alive(request: Request) -> Response:
    """Always 200 while the process is running."""
    return JSONResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})


async def ready(request: Request) -> Response:
    """200 when this process can take readers and posts; 503 while it ends, or while its database takes no posts
    or does not answer. An unverified broker is told and does not make it unready: updates then come through
    the store, every 2 seconds."""
    site = site_of(request)
    state = site.desk.broker.state()
    posts = site.probe.readiness()
    database = await _answers(site)
    draining = site.hub.draining
    fine = database in ("ok", SLOW) and posts.fine and not draining
    body = {
        "status": "ok" if fine else "draining" if draining else "unavailable",
        "database": database,
        "posts": {
            "state": posts.state, "detail": posts.detail, "checked_seconds_ago": round(posts.age, 1),
        },
        "broker": {
            "kind": state.name, "verified": state.verified, "probe_age_seconds": round(state.probe_age, 3),
        },
        "tasks": {
            task.name: {"running": task.running, "failures": task.failures}
            for task in site.supervisor.states()
        },
        "listeners": gate_of(request).count,
    }
    return JSONResponse(body, 200 if fine else 503, headers={"Cache-Control": "no-store"})


async def _answers(site: Site) -> str:
    """`ok`, `SLOW`, or why the database cannot be read. The query goes on when it takes too long: to give it up
    can take longer than the answer may. Whoever asks meanwhile waits for the same one."""
    asked = time.monotonic()
    running = _running.get(site.database)
    if running is None:
        running = _running[site.database] = asyncio.create_task(_query(site.database), name="readyz")
        running.add_done_callback(lambda _: _running.pop(site.database, None))
    done, _ = await asyncio.wait({running}, timeout=READY_SECONDS)
    if done:
        return running.result()
    if site.database.last_read > asked:
        return SLOW
    return f"The database did not respond within {READY_SECONDS:g} seconds."


async def _query(database: Database) -> str:
    try:
        async with database.read() as connection:
            await connection.execute(text("SELECT 1"))
    except StopPressError as error:
        return error.detail
    return "ok"


async def metrics(request: Request) -> Response:
    """Metrics in the Prometheus text format. Requires the bearer token if one is configured."""
    site = site_of(request)
    if site.metrics_token:
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {site.metrics_token}".encode()):
            raise Unauthenticated
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    registry.register(Collector(site, gate_of(request), request.app.state.kept))
    try:
        encode, kind = choose_encoder(request.headers.get("accept", ""))
    except (TypeError, ValueError):  # it compares the parts of a version that is none
        encode, kind = choose_encoder("")
    return Response(encode(registry), headers={"Content-Type": kind, "Cache-Control": "no-store"})
