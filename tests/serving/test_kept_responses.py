"""Responses that are sent from memory before the application is asked: the same bytes as the application's."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from server.web.kept_responses import KeptResponses
from server.web.reader import pages
from tests.support.app import Running, running

pytestmark = pytest.mark.anyio

DEADLINE = 20.0
ODD = b"X-Odd:  two spaces\r\n"
"""A header that the pattern does not take: the same request goes through the application."""
TEXT = "A name that must go"


@dataclass(slots=True)
class Connected:
    """One connection to the server."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(
        self, path: str, *lines: bytes, method: bytes = b"GET", host: bytes = b"news.example"
    ) -> bytes:
        """Send a request and read its whole response, without its date."""
        head = b"%b %b HTTP/1.1\r\nHost: %b\r\n" % (method, path.encode(), host)
        self.writer.write(head + b"".join(lines) + b"\r\n")
        return await self.read(method)

    async def read(self, method: bytes = b"GET") -> bytes:
        async with asyncio.timeout(DEADLINE):
            head = await self.reader.readuntil(b"\r\n\r\n")
            found = re.search(rb"content-length: (\d+)", head)
            bodiless = method == b"HEAD" or head.startswith(b"HTTP/1.1 304")
            body = await self.reader.readexactly(int(found[1])) if found and not bodiless else b""
        return re.sub(rb"date: [^\r]*", b"date: -", head) + body


def kept_by(server: Running) -> KeptResponses:
    kept = server.app.state.kept
    assert isinstance(kept, KeptResponses)
    return kept


async def connect(server: Running) -> Connected:
    return Connected(*await asyncio.open_connection(*server.address))


async def ask(server: Running, path: str, *lines: bytes, **more: Any) -> bytes:
    """Ask on a connection of its own."""
    connected = await connect(server)
    try:
        return await connected.ask(path, *lines, **more)
    finally:
        connected.writer.close()


@pytest.fixture(scope="module")
async def server(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    folder = tmp_path_factory.mktemp("kept")
    async with running(folder, heartbeat_seconds=60, trusted_proxies=["127.0.0.1"]) as found:
        await found.blog()
        await found.blog("draft", status="draft")
        for number in range(10):
            await found.post(title=f"Update {number}", body="Rain. " * 50)
        yield found


async def test_kept_and_plain_answers_are_the_same_bytes(server: Running) -> None:
    entry = await server.post(title="The last")
    at = entry["position"]
    page = await server.anonymous.get("/live/storm", headers={"Host": "news.example"})
    etag = page.headers["etag"].encode()
    permalink = f"/live/storm/entries/{entry['id']}"
    kept_paths = [
        "/live/storm", f"/live/storm/changes?after={at}", "/live/storm?order=oldest", "/live/storm?key=1",
        "/live/storm/embed", "/live/storm/component", permalink, permalink + "/embed",
        "/live/storm/changes", "/live/storm/changes?after=zzzz.1", "/live/st%6Frm",
        f"/live/storm/changes?after={at.split('.')[0]}.1&view=json",
    ]
    other_paths = [
        "/live/storm?refresh=60", "/live/storm?q=rain", "/live/storm?before=nonsense", "/live/draft",
        "/live/none", "/live/storm?entry=" + entry["id"], "/live/storm/changes?wait=0.01",
        "/live/storm/changes?after=nonsense", "/live/storm/changes?feed=newsroom", "/live/storm?x=%00", "/",
        "/live/storm/",
    ]
    usual: list[list[bytes]] = [
        [], [b"Accept-Encoding: gzip, br\r\n"], [b"Accept-Encoding: gzip;q=0\r\n"], [b"accept-encoding: *\r\n"],
        [b"If-None-Match: %b\r\n" % etag], [b'If-None-Match: "x", %b\r\n' % etag, b"Accept-Encoding: gzip\r\n"],
        [b'If-None-Match: "x"\r\n'], [b"If-None-Match: *\r\n"], [b"If-None-Match: x\r\n"],
        [b"If-Modified-Since: Tue, 15 Nov 1994 12:45:26 GMT\r\n"], [b"Cookie: seen=1\r\n"],
        [b"Connection: keep-alive\r\n"], [b"Connection: close\r\n"], [b"X-Forwarded-Proto: https\r\n"],
    ]
    unusual: list[list[bytes]] = [
        [b"Cookie: stoppress_session=x\r\n"], [b"Authorization: Bearer %b\r\n" % server.admin_token.encode()],
        [b"Authorization: Bearer x\r\n"], [b"Host: other.example\r\n"], [b"Accept-Encoding: gzip\r\n"] * 2,
        [b"Connection: Upgrade\r\n", b"Upgrade: h2c\r\n"], [b"Content-Length: 0\r\n"], [b"Origin: a\r\n"] * 2,
        [b"X-Forwarded-Proto: gopher\r\n"], [b"A%d: b\r\n" % n for n in range(100)],
    ]
    kept = kept_by(server)
    for number, path in enumerate(kept_paths + other_paths):
        for lines in usual + unusual if number < 2 else usual[:2] + unusual[:1]:
            for method in (b"GET", b"HEAD"):
                plain = await ask(server, path, *lines, ODD)
                if method == b"HEAD":
                    plain = await ask(server, path, *lines, ODD, method=method)
                before = kept.answered
                assert await ask(server, path, *lines, method=method) == plain, (path, lines, method)
                expected = path in kept_paths and lines in usual
                assert kept.answered - before == expected, (path, lines, method)


async def test_feeds_are_kept_by_the_date_of_their_last_change(server: Running) -> None:
    for path in ("/live/storm/feed.rss", "/live/storm/feed.atom", "/live/storm/feed.json"):
        async with asyncio.timeout(DEADLINE):  # in the second of a change there is no date
            while b"last-modified" not in (plain := await ask(server, path, ODD)):
                await asyncio.sleep(0.05)
        modified = re.search(rb"last-modified: ([^\r]+)", plain)
        assert modified is not None
        before = kept_by(server).answered
        assert await ask(server, path) == plain
        since = b"If-Modified-Since: %b\r\n" % modified[1]
        assert (await ask(server, path, since)).startswith(b"HTTP/1.1 304")
        assert await ask(server, path, since, ODD) == await ask(server, path, since)
        assert kept_by(server).answered == before + 3


async def test_a_host_of_its_own_has_a_page_of_its_own(server: Running) -> None:
    for host in (b"news.example", b"other.example", b"[::1]:8000"):
        plain = await ask(server, "/live/storm", ODD, host=host)
        assert host in plain
        assert await ask(server, "/live/storm", host=host) == plain


async def test_a_connection_is_kept_and_answers_in_order(server: Running) -> None:
    plain = await ask(server, "/live/storm", ODD)
    changes = await ask(server, "/live/storm/changes", ODD)
    connected, kept = await connect(server), kept_by(server)
    before = kept.answered
    assert [await connected.ask("/live/storm") for _ in range(3)] == [plain] * 3
    assert kept.answered == before + 3
    # what comes in one piece is for the HTTP server, and what follows alone is answered from memory again
    request = b"GET %b HTTP/1.1\r\nHost: news.example\r\n\r\n"
    for path in (b"/live/storm", b"/live/storm/changes", b"/live/storm"):
        connected.writer.write(request % path)  # in one piece: nothing is awaited
    assert [await connected.read() for _ in range(3)] == [plain, changes, plain]
    assert [await connected.ask("/live/storm/changes"), await connected.ask("/live/storm")] == [changes, plain]
    assert kept.answered == before + 5
    connected.writer.close()


async def test_a_retracted_text_is_not_sent_again(server: Running) -> None:
    entry = await server.post(title=TEXT)
    changes = "/live/storm/changes?after=" + entry["position"]
    paths = ["/live/storm", f"/live/storm/entries/{entry['id']}", changes]
    for path in paths[:2]:
        for _ in range(2):
            assert TEXT.encode() in await ask(server, path)
    await ask(server, changes)
    await server.retract(entry)
    for path in paths:
        answer = await ask(server, path)
        assert TEXT.encode() not in answer
        assert path != changes or b'"gone"' in answer


async def test_a_view_without_followers_keeps_the_blog_in_memory(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    await server.blog("quiet")
    await ask(server, "/live/quiet")
    async with asyncio.timeout(DEADLINE):  # it is opened beside the response
        while not any(key.name == "public" and kept_by(server)._gate.public.get("quiet") == key
                      for key in server.site.hub.feeds):
            await asyncio.sleep(0.01)
    await ask(server, "/live/quiet")
    reads: list[object] = []
    read = server.site.database.read
    monkeypatch.setattr(server.site.database, "read", lambda: reads.append(1) or read())
    before = kept_by(server).answered
    await ask(server, "/live/quiet")
    assert kept_by(server).answered == before + 1
    assert reads == []


async def test_a_crowd_at_a_cold_page_has_it_rendered_once(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered: list[object] = []
    render = pages.render
    monkeypatch.setattr(pages, "render", lambda *a, **k: rendered.append(1) or render(*a, **k))
    await server.blog("cold")
    answers = await asyncio.gather(*(ask(server, "/live/cold") for _ in range(200)))
    assert len(set(answers)) == 1
    assert len(rendered) == 1


async def test_what_a_client_does_not_read_waits_in_the_kernel_and_is_not_mixed_up(server: Running) -> None:
    plain = await ask(server, "/live/storm", ODD)
    kept, before = kept_by(server), kept_by(server).answered
    acceptor = server.server.acceptor
    assert acceptor is not None
    with socket.create_connection(server.address) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.setblocking(False)
        asked = 0
        async with asyncio.timeout(DEADLINE):
            while not acceptor.sending:
                client.send(b"GET /live/storm HTTP/1.1\r\nHost: news.example\r\n\r\n")
                asked += 1
                while kept.answered < before + asked:
                    await asyncio.sleep(0.001)
            client.send(b"GET /live/storm HTTP/1.1\r\nHost: news.example\r\nConnection: close\r\n\r\n")
            await asyncio.sleep(0.01)
            assert kept.answered == before + asked  # not read before the one before is sent
            received = b""
            while data := await asyncio.get_running_loop().sock_recv(client, 65_536):
                received += data
    answers = re.sub(rb"date: [^\r]*", b"date: -", received).replace(b"connection: close\r\n", b"")
    assert answers == plain * (asked + 1)
    assert not acceptor.sending
