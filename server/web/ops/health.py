"""For operators: alive, able to serve, and what Prometheus collects."""

from __future__ import annotations

import asyncio
import hmac

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.exposition import choose_encoder
from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server.domain.errors import StopPressError, Unauthenticated
from server.web.ops.metrics import Collector
from server.web.site import site_of
from server.web.stream.subscribing import gate_of

READY_SECONDS = 2.0
"""How long the database may take to answer before /readyz says that it does not."""


async def alive(request: Request) -> Response:
    """200 as long as the process answers at all."""
    return JSONResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})


async def ready(request: Request) -> Response:
    """200 when this process can take readers and posts; 503 while it ends or has no database. An unverified
    broker is told and does not make it unready: updates then come through the store, every 2 seconds."""
    site = site_of(request)
    state = site.desk.broker.state()
    database = "ok"
    try:
        async with asyncio.timeout(READY_SECONDS), site.database.read() as connection:
            await connection.execute(text("SELECT 1"))
    except StopPressError as error:
        database = error.detail
    except TimeoutError:
        database = f"The database has not answered for {READY_SECONDS:g} seconds."
    draining = site.hub.draining
    fine = database == "ok" and not draining
    body = {
        "status": "ok" if fine else "draining" if draining else "unavailable",
        "database": database,
        "broker": {
            "kind": state.name, "verified": state.verified, "probe_age_seconds": round(state.probe_age, 3),
        },
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
    registry.register(Collector(site, gate_of(request)))
    try:
        encode, kind = choose_encoder(request.headers.get("accept", ""))
    except (TypeError, ValueError):  # it compares the parts of a version that is none
        encode, kind = choose_encoder("")
    return Response(encode(registry), headers={"Content-Type": kind, "Cache-Control": "no-store"})
