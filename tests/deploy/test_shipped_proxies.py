"""Promise 8: behind the proxies of deploy/ a restart is invisible, to a plain EventSource too.

Real Chromium, over TLS and HTTP/2. While the server is away it is the proxy that answers, and EventSource gives
up for good on anything but 200 with `text/event-stream`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.async_api import Browser, Page

from tests.deploy.shipped import PROXIES
from tests.support.browser import chromium, until, visit
from tests.support.process import Process, new_token, serving

pytestmark = [pytest.mark.anyio, pytest.mark.browser, pytest.mark.slow]

AGAIN_SECONDS = 30.0
"""For a listener to be back: the proxy's `retry:`, Caddy's look at the server's health, a loaded machine."""

PLAIN = """(address) => {
  const source = new EventSource(address);
  window.told = { ids: [], opened: 0, failed: 0, state: () => source.readyState };
  source.addEventListener('open', () => { told.opened += 1; });
  source.addEventListener('error', () => { told.failed += 1; });
  source.addEventListener('entry', (event) => { told.ids.push(JSON.parse(event.data).id); });
}"""
"""An EventSource as any page would use it: no handling of errors."""

SOCKET = """(address) => {
  window.messages = [];
  let after = new URL(address).searchParams.get('after');
  const connect = () => {
    const url = new URL(address);
    url.searchParams.set('after', after);
    const socket = new WebSocket(url, ['stoppress.v1']);
    socket.onmessage = (event) => {
      const change = JSON.parse(event.data);
      if (change.position) after = change.position;
      if (change.kind === 'entry') messages.push(change.id);
    };
    socket.onclose = () => setTimeout(connect, 300);
  };
  connect();
}"""


@dataclass
class Posts:
    """Posts straight to the server, and knows what it posted."""

    server: Process
    token: str
    ids: list[str] = field(default_factory=list)

    async def send(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        async with self.server.client(self.token) as client:
            answer = await client.post(path, json=body)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def entry(self) -> None:
        made = await self.send("/api/v1/blogs/storm/entries", {"body": f"Update {len(self.ids) + 1}"})
        self.ids.append(made["id"])


@contextlib.asynccontextmanager
async def other_site() -> AsyncIterator[str]:
    """A page of another origin, empty and without any rule of ours."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            body = b"<!doctype html><title>Another site</title>"
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n"
                         b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        yield f"http://{host}:{port}/"


@pytest.fixture(scope="module")
async def browser(anyio_backend: str) -> AsyncIterator[Browser]:
    async with chromium() as started:
        yield started


async def all_have(posts: Posts, plain: Page, reader: Page) -> None:
    """Everything that was posted is with the EventSource, the WebSocket and the reader page."""

    async def there() -> bool:
        by_stream = await plain.evaluate("told.ids.length")
        by_socket = await plain.evaluate("messages.length")
        on_page = await reader.locator("[data-entries] > article").count()
        return bool(min(by_stream, by_socket, on_page) >= len(posts.ids))

    try:
        await until(there, within=AGAIN_SECONDS, what=f"{len(posts.ids)} updates everywhere")
    except AssertionError as error:
        told = await plain.evaluate("({...told, state: told.state(), messages})")
        raise AssertionError(f"{error}; the plain page has {told}") from error


async def turned_away(plain: Page) -> None:
    """Wait until the EventSource has had an answer from the proxy alone, and has not given up over it."""
    before = await plain.evaluate("told.opened")

    async def answered() -> bool:
        assert await plain.evaluate("told.state()") != 2, "the EventSource gave up"
        return bool(await plain.evaluate("told.opened") > before)

    await until(answered, within=AGAIN_SECONDS, what="an answer of the proxy, with the server away")


@pytest.mark.parametrize("name", sorted(PROXIES))
async def test_a_restart_behind_a_shipped_proxy_loses_and_repeats_nothing(
    browser: Browser, tmp_path: Path, name: str
) -> None:
    data, proxy_folder = tmp_path / "data", tmp_path / name
    proxy_folder.mkdir()
    token = await new_token(data_dir=data)
    async with (
        serving(data) as server, PROXIES[name](proxy_folder, server.port) as site, other_site() as elsewhere,
        visit(browser, ignore_https_errors=True) as context,
    ):
        posts = Posts(server, token)
        await posts.send("/api/v1/blogs", {"slug": "storm", "headline": "Storm", "status": "live"})
        async with server.client() as client:
            begin = (await client.get("/live/storm/changes")).json()["position"]
        plain, reader = await context.new_page(), await context.new_page()
        await plain.goto(elsewhere)
        await plain.evaluate(PLAIN, f"{site}/live/storm/stream?after={begin}")
        socket = site.replace("https", "wss")
        await plain.evaluate(SOCKET, f"{socket}/live/storm/ws?after={begin}")
        await reader.goto(f"{site}/live/storm")
        await posts.entry()
        await all_have(posts, plain, reader)

        await posts.entry()  # on its way, perhaps, when the server dies
        await server.kill()
        await turned_away(plain)
        await server.start()
        await posts.entry()  # while they are coming back
        await all_have(posts, plain, reader)

        await server.terminate()
        await turned_away(plain)
        await server.start()
        await posts.entry()
        await all_have(posts, plain, reader)
        await posts.entry()
        await all_have(posts, plain, reader)

        assert await plain.evaluate("told.ids") == posts.ids
        assert await plain.evaluate("messages") == posts.ids
        shown = "(articles) => articles.map((article) => article.dataset.id)"
        assert (await reader.locator("[data-entries] > article").evaluate_all(shown))[::-1] == posts.ids


@pytest.mark.parametrize("name", sorted(PROXIES))
async def test_only_streams_are_answered_when_the_server_is_away(tmp_path: Path, name: str) -> None:
    """What is not a stream is told the truth, so that caches, polls and robots come back later."""
    data, proxy_folder = tmp_path / "data", tmp_path / name
    proxy_folder.mkdir()
    async with serving(data) as server, PROXIES[name](proxy_folder, server.port) as site:
        async with httpx2.AsyncClient(base_url=site, verify=False, timeout=60) as client:
            assert (await client.get("/")).status_code == 200
            assert (await client.get("/live/none/stream")).status_code == 404
            await server.kill()
            answer = await client.get("/live/storm/stream")
            assert answer.status_code == 200
            assert answer.headers["content-type"].partition(";")[0] == "text/event-stream"
            assert answer.headers["access-control-allow-origin"] == "*"
            assert answer.headers["cache-control"] == "no-store"
            assert answer.text == "retry: 3000\n\n"
            for path in ("/", "/live/storm", "/live/storm/changes", "/live/storm/stream/more"):
                assert (await client.get(path)).status_code in (502, 503), path
            for path in ("/metrics", "/readyz", "/healthz"):
                assert (await client.get(path)).status_code == 404
