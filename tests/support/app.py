"""A whole server in the test's own process, on a real socket."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from starlette.applications import Starlette

from server.app import create_app, make_server
from server.delivery.listener_limits import StreamGate
from server.domain.permissions import SYSTEM
from server.newsroom import people
from server.newsroom.desk import Desk
from server.serving.acceptor import HEADER_SECONDS
from server.serving.sockets import listening_socket
from server.serving.uvicorn_server import Server
from server.settings import Settings
from server.store import migrate
from server.web.site import Site
from tests.support import empty_database


@dataclass(slots=True)
class Running:
    """A server under test. `http` sends as an admin; `anonymous` as a reader."""

    url: str
    app: Starlette
    server: Server
    admin_token: str
    http: httpx2.AsyncClient
    anonymous: httpx2.AsyncClient
    _made: int = field(default=0)

    @property
    def site(self) -> Site:
        site = self.app.state.site
        assert isinstance(site, Site)
        return site

    @property
    def gate(self) -> StreamGate:
        gate = self.app.state.gate
        assert isinstance(gate, StreamGate)
        return gate

    @property
    def desk(self) -> Desk:
        return self.site.desk

    @property
    def address(self) -> tuple[str, int]:
        host, _, port = self.url.removeprefix("http://").partition(":")
        return host, int(port)

    async def blog(self, slug: str = "storm", **fields: Any) -> dict[str, Any]:
        """Make a live blog through the API."""
        body = {"slug": slug, "headline": "Storm reaches the coast", "status": "live"} | fields
        answer = await self.http.post("/api/v1/blogs", json=body)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def post(self, slug: str = "storm", **fields: Any) -> dict[str, Any]:
        """Post an entry through the API."""
        self._made += 1
        body = {"body": f"Update {self._made}"} | fields
        answer = await self.http.post(f"/api/v1/blogs/{slug}/entries", json=body)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def edit(self, entry: dict[str, Any], slug: str = "storm", **fields: Any) -> dict[str, Any]:
        answer = await self.http.patch(
            f"/api/v1/blogs/{slug}/entries/{entry['id']}", json=fields, headers={"If-Match": "*"}
        )
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def retract(self, entry: dict[str, Any], slug: str = "storm") -> None:
        answer = await self.http.delete(f"/api/v1/blogs/{slug}/entries/{entry['id']}")
        assert answer.status_code in (200, 204), answer.text

    async def changes(self, slug: str = "storm", **query: Any) -> dict[str, Any]:
        answer = await self.anonymous.get(f"/live/{slug}/changes", params=query)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@contextlib.asynccontextmanager
async def running(
    folder: Path, *, demo: bool = False, header_seconds: float = HEADER_SECONDS, **chosen: Any
) -> AsyncIterator[Running]:
    """Start a server with these settings, its data in `folder`; stop it in the end."""
    empty_database.prepare(folder, **chosen)
    settings = Settings(**({"data_dir": folder, "drain_seconds": 0.0, "fetch": False} | chosen))
    app = create_app(settings, demo=demo)
    site: Site = app.state.site
    await migrate.check(site.database, create=True)
    _, token = await people.create_token(site.desk, SYSTEM, name=f"tests-{id(app)}", role="admin")
    sock = listening_socket("127.0.0.1", chosen.get("port", 0))
    server = make_server(app, settings, header_seconds=header_seconds)
    url = "http://{}:{}".format(*sock.getsockname())
    headers = {"Authorization": f"Bearer {token}"}
    serving = asyncio.create_task(server.serve(sockets=[sock]))
    try:
        await _started(server, serving)
        async with (
            httpx2.AsyncClient(base_url=url, headers=headers, verify=False, timeout=60) as http,
            httpx2.AsyncClient(base_url=url, verify=False, timeout=70) as anonymous,
        ):
            yield Running(url, app, server, token, http, anonymous)
    finally:
        server.stop()
        await serving
        with contextlib.suppress(OSError):
            sock.close()


async def _started(server: Server, serving: asyncio.Task[None]) -> None:
    async with asyncio.timeout(20):
        while not server.started:
            if serving.done():
                serving.result()
                raise RuntimeError("the server ended before it started")
            await asyncio.sleep(0.005)
