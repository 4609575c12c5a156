"""Every address there is, in one table."""

from __future__ import annotations

from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute

from server.web import health
from server.web.pages import static
from server.web.stream import changes, sse, websocket


def table() -> list[BaseRoute]:
    return [
        # readers
        Route("/live/{slug}/stream", sse.stream, name="stream"),
        WebSocketRoute("/live/{slug}/ws", websocket.stream, name="ws"),
        Route("/live/{slug}/changes", changes.changes, name="changes"),
        # operators
        Route("/healthz", health.alive, name="healthz"),
        Route("/readyz", health.ready, name="readyz"),
        Route("/metrics", health.metrics, name="metrics"),
        # files
        Route("/static/{digest}/{name:path}", static.asset, name="static"),
    ]


__all__ = ["Mount", "table"]
