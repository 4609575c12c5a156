"""What docs/protocol.md promises to any client: the first event has data that can be parsed and the position as
its id, and what is posted then comes as an entry. Five libraries for Python and Node follow one server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import ld_eventsource
import pytest
import requests
import sseclient
from aiohttp_sse_client2 import client as aiohttp_client

from tests.support.app import Running, running

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[3]
SECONDS = 30.0

Event: TypeAlias = tuple[str, str, str]
"""Kind, id and data, as the library gave them."""
Tell: TypeAlias = Callable[[str, Event], None]


def with_launchdarkly(url: str) -> Iterator[Event]:
    client = ld_eventsource.SSEClient(url)
    try:
        for event in client.events:
            yield event.event, event.last_event_id or "", event.data
    finally:
        client.close()


def with_sseclient(url: str) -> Iterator[Event]:
    with requests.get(url, stream=True, timeout=SECONDS) as response:
        for event in sseclient.SSEClient(response.iter_content(None)).events():
            yield event.event, event.id or "", event.data


def follow(url: str, name: str, events: Callable[[str], Iterator[Event]], tell: Tell) -> None:
    """In a thread, until the entry is there."""
    for event in events(url):
        tell(name, event)
        if event[0] == "entry":
            return


async def with_aiohttp(url: str, tell: Tell) -> None:
    async with aiohttp_client.EventSource(url) as source:
        async for event in source:
            tell("aiohttp-sse-client2", (event.type, event.last_event_id, event.data))


async def with_node(url: str, tell: Tell) -> None:
    node = await asyncio.create_subprocess_exec(
        "tools/node.sh", "node", str(Path(__file__).with_name("event_sources.mjs")),
        str(ROOT / "static" / "package.json"), url, cwd=ROOT, stdout=asyncio.subprocess.PIPE,
    )
    assert node.stdout is not None
    try:
        async for line in node.stdout:
            said = json.loads(line)
            tell(said["library"], (said["event"], said["id"], said["data"]))
    finally:
        node.kill()
        await node.wait()


class Told:
    """The events of each library, in their order."""

    def __init__(self) -> None:
        self.events: dict[str, list[Event]] = {}
        self._more = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def __call__(self, name: str, event: Event) -> None:
        self._loop.call_soon_threadsafe(self._add, name, event)

    def _add(self, name: str, event: Event) -> None:
        self.events.setdefault(name, []).append(event)
        self._more.set()

    async def all(self, names: set[str], kind: str) -> dict[str, Event]:
        """The newest event of this kind of each library."""
        found = self._newest(kind)
        try:
            async with asyncio.timeout(SECONDS):
                while (found := self._newest(kind)).keys() != names:
                    self._more.clear()
                    await self._more.wait()
        except TimeoutError:
            raise AssertionError(f"no event {kind} from {names - found.keys()}") from None
        return found

    def _newest(self, kind: str) -> dict[str, Event]:
        return {name: event for name, events in self.events.items() for event in events if event[0] == kind}


@asynccontextmanager
async def background(work: Any) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_five_libraries_deliver_the_first_event_and_an_entry(tmp_path: Path) -> None:
    threads = {"launchdarkly-eventsource": with_launchdarkly, "sseclient-py": with_sseclient}
    names = {*threads, "aiohttp-sse-client2", "eventsource", "eventsource-client"}
    async with running(tmp_path) as server, AsyncExitStack() as stack:
        await server.blog()
        url, told = f"{server.url}/live/storm/stream?view=json", Told()
        for name, events in threads.items():
            await stack.enter_async_context(background(asyncio.to_thread(follow, url, name, events, told)))
        for work in (with_aiohttp, with_node):
            await stack.enter_async_context(background(work(url, told)))
        await check_hello(server, await told.all(names, "hello"), told)
        entry = await server.post(body="Water at the harbour wall")
        for name, (_, at, data) in (await told.all(names, "entry")).items():
            assert json.loads(data)["id"] == entry["id"], name
            assert at == entry["position"], name


async def check_hello(server: Running, first: dict[str, Event], told: Told) -> None:
    here = (await server.changes())["position"]
    for name, event in first.items():
        assert told.events[name][0] == event, f"{name}: something came before"
        said = json.loads(event[2])
        assert (said["kind"], said["position"], event[1]) == ("hello", here, here), name
        assert said["heartbeat_seconds"] > 0 and said["retry_ms"] > 0, name
