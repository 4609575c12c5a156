"""The load of `stoppress bench`. Opens listeners, counts what they get and, given a token, posts entries and
measures how long each takes to reach the last of them."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass, field
from typing import Any

import httpx2
from rich.console import Console
from rich.progress import Progress

from server.domain.errors import Unavailable

AT_ONCE = 200
OPEN_SECONDS = 30.0
ARRIVE_SECONDS = 30.0
_POSITION = re.compile(rb'"position":"[a-z0-9]+\.(\d+)"')
_MARK = re.compile(rb"@@(\d+)@@")
_KEPT = 64


@dataclass(slots=True)
class Tally:
    """What all listeners got. `latencies` are seconds; `disorder` counts positions that did not grow."""

    opened: int = 0
    lost: int = 0
    changes: int = 0
    bytes: int = 0
    disorder: int = 0
    latencies: list[float] = field(default_factory=list)


class Listener(asyncio.Protocol):
    """One event stream. Only scans for positions and marks: the measure must not be what is measured."""

    __slots__ = ("_rest", "_seq", "_tally", "_transport", "ready")

    def __init__(self, request: bytes, tally: Tally) -> None:
        self._tally, self._rest, self._seq = tally, request, 0
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._rest)
        self._rest = b""

    def data_received(self, data: bytes) -> None:
        now = time.monotonic_ns()
        if not self.ready.done():
            if not data.startswith(b"HTTP/1.1 200"):
                self.ready.set_exception(Unavailable(f"The server answered {data[:40]!r}."))
                return
            self.ready.set_result(None)
            self._tally.opened += 1
        self._tally.bytes += len(data)
        data = self._rest + data
        end = 0
        for match in _POSITION.finditer(data):
            self._tally.changes += 1
            self._tally.disorder += int(match[1]) <= self._seq
            self._seq, end = int(match[1]), match.end()
        for match in _MARK.finditer(data):
            self._tally.latencies.append((now - int(match[1])) / 1e9)
            end = max(end, match.end())
        self._rest = data[max(end, len(data) - _KEPT) :]

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ready.done():
            self.ready.set_exception(Unavailable("The server closed a connection that was being opened."))
        else:
            self._tally.lost += 1

    def close(self) -> None:
        self._transport.abort()


async def run(
    host: str, port: int, slug: str, count: int, seconds: int, posts: int, token: str, console: Console
) -> dict[str, Any]:
    tally, crowd = Tally(), list[Listener]()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with Progress(console=console, transient=True) as progress:
        try:
            began = time.monotonic()
            await _open(host, port, slug, count, crowd, tally, progress)
            opening = time.monotonic() - began
            base = f"http://{host}:{port}"
            async with httpx2.AsyncClient(base_url=base, headers=headers, timeout=30) as http:
                if posts:
                    async with asyncio.timeout(seconds + ARRIVE_SECONDS):
                        await _post(http, slug, posts, count, seconds, tally, progress)
                else:
                    task = progress.add_task("Listening", total=seconds)
                    for _ in range(seconds):
                        await asyncio.sleep(1)
                        progress.advance(task)
        finally:
            lost = tally.lost
            for listener in crowd:
                listener.close()
    found = sorted(tally.latencies)
    return {
        "opened": tally.opened, "opening_seconds": round(opening, 3), "lost": lost, "disorder": tally.disorder,
        "missing": posts * count - len(found), "changes": tally.changes, "bytes": tally.bytes, "posts": posts,
        **{f"{n}_ms": round(found[min(len(found) - 1, int(len(found) * q))] * 1e3, 2) if found else None
           for n, q in (("p50", 0.5), ("p99", 0.99), ("last", 1.0))},
    }


async def _open(
    host: str, port: int, slug: str, count: int, crowd: list[Listener], tally: Tally, progress: Progress
) -> None:
    request = f"GET /live/{slug}/stream HTTP/1.1\r\nHost: {host}:{port}\r\nAccept: text/event-stream\r\n\r\n"
    loop, places = asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE)
    task = progress.add_task("Opening", total=count)

    async def one() -> None:
        async with places:
            _, listener = await loop.create_connection(lambda: Listener(request.encode(), tally), host, port)
            crowd.append(listener)
            await listener.ready
            progress.advance(task)

    try:
        async with asyncio.timeout(OPEN_SECONDS + count / 200):
            await asyncio.gather(*(one() for _ in range(count)))
    except (OSError, TimeoutError) as error:
        raise Unavailable(
            f"Only {tally.opened} of {count} streams could be opened: {error or 'no answer in time'}. "
            "See STOPPRESS_MAX_LISTENERS_PER_ADDRESS, and `ulimit -n` on both sides."
        ) from error


async def _post(
    http: httpx2.AsyncClient, slug: str, posts: int, count: int, seconds: int, tally: Tally, progress: Progress
) -> None:
    task, made = progress.add_task("Posting", total=posts), list[str]()
    try:
        for number in range(posts):
            body = f"<p>Load test, entry {number + 1} of {posts}. @@{time.monotonic_ns()}@@</p>"
            answer = await http.post(
                f"/api/v1/blogs/{slug}/entries", json={"blocks": [{"type": "text", "html": body}]}
            )
            if answer.status_code != 201:
                raise Unavailable(f"The post was refused with {answer.status_code}: {answer.text[:200]}")
            made.append(answer.json()["id"])
            deadline = time.monotonic() + ARRIVE_SECONDS
            while len(tally.latencies) < len(made) * count and time.monotonic() < deadline:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
            progress.advance(task)
            await asyncio.sleep(min(1.0, seconds / posts / 2))
    finally:
        for entry_id in made:
            await http.delete(f"/api/v1/blogs/{slug}/entries/{entry_id}")
