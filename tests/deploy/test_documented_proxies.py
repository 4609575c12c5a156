"""The configurations for HAProxy, Varnish and Apache in docs/deployment.md: the real program passes updates on
at once, over every transport, and keeps an EventSource trying while the server is away."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import ssl
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.deploy.caches_and_proxies import PROXIES
from tests.support.process import Process, new_token, serving

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

DEADLINE = 20.0
SOON_SECONDS = 3.0
"""For an update to pass; far below a heartbeat, which would push it out of a buffer."""


def unverified() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@dataclass
class Behind:
    """A server behind a proxy: the proxy's address, and an editor's client that goes through it."""

    name: str
    server: Process
    site: str
    editor: httpx2.AsyncClient
    slugs: Iterator[str] = field(default_factory=lambda: (f"storm-{n}" for n in itertools.count()))

    async def blog(self) -> str:
        """Make a blog; its path."""
        slug = next(self.slugs)
        blog = {"slug": slug, "headline": "Storm", "status": "live"}
        answer = await answered(self.editor, "POST", "/api/v1/blogs", json=blog)
        assert answer.status_code == 201, answer.text
        return f"/live/{slug}"

    async def post(self, path: str, text: str) -> str:
        slug = path.rpartition("/")[2]
        answer = await self.editor.post(f"/api/v1/blogs/{slug}/entries", json={"body": text})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def reader(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(base_url=self.site, verify=False, timeout=DEADLINE)


@pytest.fixture(scope="module", params=sorted(PROXIES))
async def behind(
    anyio_backend: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Behind]:
    data, own = tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp(request.param)
    token = await new_token(data_dir=data)
    async with serving(data) as server, PROXIES[request.param](own, server.port) as site:
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx2.AsyncClient(base_url=site, headers=headers, verify=False, timeout=DEADLINE) as editor:
            yield Behind(request.param, server, site, editor)


async def answered(client: httpx2.AsyncClient, method: str, path: str, **options: Any) -> httpx2.Response:
    """The answer of the server behind a proxy, which may have to find out first that it is there."""
    async with asyncio.timeout(DEADLINE):
        while True:
            answer = await client.request(method, path, **options)
            if answer.status_code < 502:
                return answer
            await asyncio.sleep(0.1)


@contextlib.asynccontextmanager
async def event_stream(
    reader: httpx2.AsyncClient, path: str, *, accepted: str = "identity"
) -> AsyncIterator[tuple[httpx2.Response, AsyncIterator[str]]]:
    async with reader.stream("GET", f"{path}/stream", headers={"Accept-Encoding": accepted}) as answer:
        yield answer, answer.aiter_lines()


async def entry_of(lines: AsyncIterator[str]) -> str:
    """The id of the next entry of an event stream."""
    kind = ""
    async for line in lines:
        name, _, value = line.partition(": ")
        kind = value if name == "event" else kind
        if name == "data" and kind == "entry":
            return str(json.loads(value)["id"])
    raise AssertionError("the stream ended")


async def message_of(socket: ClientConnection) -> str:
    """The id of the next entry of a WebSocket."""
    async for message in socket:
        change = json.loads(message)
        if change.get("kind") == "entry":
            return str(change["id"])
    raise AssertionError("the socket was closed")


async def test_an_update_passes_at_once_on_every_transport(behind: Behind) -> None:
    path = await behind.blog()
    address = behind.site.replace("http", "ws", 1) + f"{path}/ws"
    tls = unverified() if behind.site.startswith("https") else None
    async with (
        behind.reader() as reader,
        event_stream(reader, path) as (plain, lines),
        event_stream(reader, path, accepted="gzip") as (packed, packed_lines),
        connect(address, ssl=tls, subprotocols=["stoppress.v1"]) as socket,  # type: ignore[list-item]
    ):
        assert plain.headers["content-type"].startswith("text/event-stream")
        assert packed.headers["content-encoding"] == "gzip"
        position = json.loads(await socket.recv())["position"]
        query = {"after": position, "wait": "30"}
        waiting = asyncio.create_task(reader.get(f"{path}/changes", params=query))
        for number in range(2):
            made = await behind.post(path, f"Update {number}")
            async with asyncio.timeout(SOON_SECONDS):
                assert await entry_of(lines) == made
                assert await entry_of(packed_lines) == made
                assert await message_of(socket) == made
                if number == 0:
                    assert [change["id"] for change in (await waiting).json()["changes"]] == [made]


async def test_a_page_is_new_at_once_and_the_inside_is_not_shown(behind: Behind) -> None:
    path = await behind.blog()
    async with behind.reader() as reader:
        assert "Storm" in (await reader.get(path)).text
        made = await behind.post(path, "The harbour is open")
        async with asyncio.timeout(SOON_SECONDS):
            while made not in (await reader.get(path)).text:
                await asyncio.sleep(0.1)
        for inside in ("/metrics", "/readyz", "/healthz"):
            assert (await reader.get(inside)).status_code == 404
        assert (await reader.get("/live/none/stream")).status_code == 404


async def test_an_event_stream_is_told_to_try_again_while_the_server_is_away(behind: Behind) -> None:
    path = await behind.blog()
    await behind.server.kill()
    async with behind.reader() as reader:
        # Varnish finds out by its probe; until then a connection may just end, which an EventSource bears
        async with asyncio.timeout(DEADLINE):
            while True:
                with contextlib.suppress(httpx2.TransportError):
                    answer = await reader.get(f"{path}/stream")
                    if behind.name != "varnish" or answer.status_code == 200:
                        break
                await asyncio.sleep(0.1)
        assert answer.status_code == 200
        assert answer.headers["content-type"].partition(";")[0] == "text/event-stream"
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.text == "retry: 3000\n\n"
        assert (await reader.get(f"{path}/changes?wait=1")).status_code in (502, 503)
        await behind.server.start()
        async with asyncio.timeout(DEADLINE):
            while not await is_served(reader, path):
                await asyncio.sleep(0.1)


async def is_served(reader: httpx2.AsyncClient, path: str) -> bool:
    """Whether an event stream comes from the server again."""
    async with event_stream(reader, path) as (answer, lines):
        assert answer.status_code == 200
        return await anext(lines) != "retry: 3000"


@pytest.mark.parametrize("behind", ["varnish"], indirect=True)
async def test_varnish_answers_from_its_cache_and_never_what_was_retracted(behind: Behind) -> None:
    path = await behind.blog()
    made = await behind.post(path, "A word too many")
    async with behind.reader() as reader:
        hits = 0
        async with asyncio.timeout(DEADLINE):
            while not hits:  # one of two within a second is from the cache, whatever else the machine does
                for _ in range(2):
                    answer = await reader.get(path, headers={"Cookie": "analytics=1"})
                    assert "A word too many" in answer.text
                    hits += len(answer.headers["x-varnish"].split()) == 2
        entry = f"/api/v1/blogs/{path.rpartition('/')[2]}/entries/{made}"
        assert (await behind.editor.delete(entry)).status_code in (200, 204)
        async with asyncio.timeout(SOON_SECONDS):
            while "A word too many" in (await reader.get(path)).text:
                await asyncio.sleep(0.1)
        for _ in range(5):
            assert "A word too many" not in (await reader.get(path)).text
