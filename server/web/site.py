"""Dependencies of request handlers. app.py creates a `Site` and stores it in the application's state."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from starlette.requests import HTTPConnection

from server.auth.throttle import Throttle
from server.background.task_supervisor import Supervisor
from server.hub.hub import Hub
from server.newsroom.desk import Desk
from server.newsroom.readiness import WriteProbe
from server.store.database import Database
from server.web.assets import Assets
from server.web.render import Renderer
from server.web.security_headers import ResponseHeaders

SEARCHES = 2
"""Searches at a time: each reads megabytes, and pages that many ask for go first."""
DRAWINGS = 1
"""Cards drawn at a time, in a thread: a few tenths of a second each."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits for one request: bytes, pixels, seconds."""

    body_bytes: int
    upload_bytes: int
    upload_pixels: int
    request_seconds: float


@dataclass(frozen=True, slots=True)
class Site:
    """What handlers use. `public_url` has no trailing slash; empty to use the URL of the request."""

    name: str
    public_url: str
    database: Database
    desk: Desk
    hub: Hub
    renderer: Renderer
    assets: Assets
    throttle: Throttle
    limits: Limits
    session_days: int
    session_max_days: int
    probe: WriteProbe
    supervisor: Supervisor
    metrics_token: str = ""
    drawing: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(DRAWINGS))
    searches: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(SEARCHES))
    frame_ancestors: tuple[str, ...] = ()
    security: ResponseHeaders = field(default_factory=ResponseHeaders)

    def url(self, connection: HTTPConnection, path: str = "") -> str:
        """An absolute URL on this site."""
        host = connection.headers.get("host", "localhost")
        base = self.public_url or f"{connection.scope['scheme']}://{host}"
        return base.replace("ws://", "http://").replace("wss://", "https://") + path


def site_of(connection: HTTPConnection) -> Site:
    site = connection.app.state.site
    assert isinstance(site, Site)
    return site
