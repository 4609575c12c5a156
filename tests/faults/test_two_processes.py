"""Two server processes on one Redis and one PostgreSQL: whoever posts where, readers of either see the same, in
order; and when one of them ends, its readers go on at the other."""

from __future__ import annotations

import asyncio
import contextlib
import io
import random
import signal
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from PIL import Image

from tests.support.listeners import until
from tests.support.process import Process, new_token, serving
from tests.support.reader import DEADLINE, THE_END, compare, readers
from tests.support.valkey import Valkey

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.redis, pytest.mark.postgres]


DRAIN_SECONDS = 2.0
SLACK_SECONDS = 15.0
"""What a loaded machine adds to a time; without a bound uvicorn would wait for the streams for ever."""


@dataclass
class Pair:
    """Both servers, and the position before everything."""

    servers: tuple[Process, Process]
    clients: tuple[httpx2.AsyncClient, httpx2.AsyncClient]
    begin: str = ""


@contextlib.asynccontextmanager
async def pair(folder: Path, **chosen: Any) -> AsyncIterator[Pair]:
    token = await new_token(data_dir=folder / "one", **chosen)
    async with (
        serving(folder / "one", **chosen) as one,
        serving(folder / "two", **chosen) as two,
        one.client(token) as first,
        two.client(token) as second,
    ):
        made = await first.post(
            "/api/v1/blogs", json={"slug": "storm", "headline": "Storm at the coast", "status": "live"}
        )
        assert made.status_code == 201, made.text
        here = (await first.get("/live/storm/changes")).json()["position"]
        yield Pair((one, two), (first, second), here.partition(".")[0] + ".0")


class Editor:
    """Posts, edits, pins and retracts, at one server and the other in turn. When one does not answer it sends
    the same again to the other."""

    def __init__(self, name: str, both: Pair, chance: random.Random) -> None:
        self._name, self._chance = name, chance
        self._clients = list(both.clients)
        self._made = 0
        self._ids: list[str] = []

    async def work(self, steps: int) -> None:
        for _ in range(steps):
            await self.step()

    async def work_until(self, enough: asyncio.Event) -> None:
        while not enough.is_set():
            await self.step()

    async def step(self) -> None:
        kind = self._chance.choice(("post", "post", "edit", "pin", "retract", "restore"))
        if kind == "post" or not self._ids:
            await self.post(f"{self._name} reports")
            return
        path = f"/api/v1/blogs/storm/entries/{self._chance.choice(self._ids)}"
        if kind in ("edit", "pin"):
            changed = {"title": f"Update {self._chance.random()}"} if kind == "edit" else {"pinned": True}
            answer = await self._send("PATCH", path, json=changed, headers={"If-Match": "*"})
        elif kind == "retract":
            answer = await self._send("DELETE", path)
        else:
            answer = await self._send("POST", f"{path}/restore")
        # an entry that is retracted cannot be edited, one that is not cannot be restored
        assert answer.status_code in (200, 204, 409, 410), answer.text

    async def post(self, title: str) -> None:
        self._made += 1
        answer = await self._send(
            "POST", "/api/v1/blogs/storm/entries", json={"title": title, "body": f"{self._name} {self._made}"},
            headers={"Idempotency-Key": f"{self._name}-{self._made}"},
        )
        assert answer.status_code == 201, answer.text
        self._ids.append(answer.json()["id"])

    async def _send(self, method: str, path: str, **what: Any) -> httpx2.Response:
        async with asyncio.timeout(DEADLINE):
            while True:
                self._clients.reverse()
                with contextlib.suppress(httpx2.TransportError):
                    answer = await self._clients[0].request(method, path, **what)
                    if answer.status_code != 503:
                        return answer


def chances() -> random.Random:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    return random.Random(seed)


async def test_two_processes_same_everywhere(
    tmp_path: Path, valkey_server: Valkey, postgres_url: str
) -> None:
    chance = chances()
    async with pair(tmp_path, redis_url=valkey_server.url, database_url=postgres_url) as both:
        one, two = both.servers
        everybody = readers((one, two), both.begin) + readers((two, one), both.begin)
        async with asyncio.TaskGroup() as group:
            for reader in everybody:
                group.create_task(reader.read())
            editors = [Editor(name, both, chance) for name in ("Ada", "Cem", "Olga")]
            await asyncio.gather(*(editor.work(25) for editor in editors))
            await editors[0].post(THE_END)
        assert [r.farewells for r in everybody] == [[]] * 6, "a connection ended"
        told = await compare(everybody, one)
        assert {change["kind"] for change in told} >= {"entry", "gone", "blog"}
        await compare(everybody, two)


async def test_a_page_kept_in_one_process_forgets_what_another_retracts(
    tmp_path: Path, valkey_server: Valkey, postgres_url: str
) -> None:
    secret = "the witness from Harbour Lane"
    addresses = ("/live/storm", "/live/storm?key=1", "/live/storm?q=witness", "/live/storm?order=oldest", "/")
    async with pair(tmp_path, redis_url=valkey_server.url, database_url=postgres_url) as both:
        here, there = both.clients
        made = await here.post("/api/v1/blogs/storm/entries", json={"title": secret, "key": True})
        for address in addresses * 2:  # nobody listens: the views keep the blog followed
            assert secret in (await there.get(address)).text, address
        gone = await here.delete(f"/api/v1/blogs/storm/entries/{made.json()['id']}")
        assert gone.status_code in (200, 204)

        async with asyncio.timeout(DEADLINE):
            for address in addresses:
                while secret in (await there.get(address)).text:
                    await asyncio.sleep(0.01)


async def test_a_picture_removed_in_one_process_is_gone_in_the_other(
    tmp_path: Path, valkey_server: Valkey, postgres_url: str
) -> None:
    out = io.BytesIO()
    Image.new("RGB", (30, 20), "red").save(out, "PNG")
    async with pair(tmp_path, redis_url=valkey_server.url, database_url=postgres_url) as both:
        here, there = both.clients
        item = (await here.post("/api/v1/media", files={"file": ("a.png", out.getvalue(), "image/png")})).json()
        picture = {"type": "image", "media_id": item["id"], "alt": "A face"}
        body = {"title": "Seen", "blocks": [picture]}
        await here.post("/api/v1/blogs/storm/entries", json=body)
        await here.patch("/api/v1/blogs/storm", json={"lead": picture}, headers={"If-Match": "*"})
        for _ in range(2):  # the second time it is kept
            assert item["id"] in (await there.get("/live/storm")).text
        at = (await there.get("/live/storm/changes")).json()["position"]
        told = asyncio.create_task(there.get(f"/live/storm/changes?after={at}&wait=30"))
        assert (await here.delete(f"/api/v1/media/{item['id']}")).status_code == 200

        assert (await there.get(item["url"])).status_code == 410
        changed = (await told).json()["changes"]
        assert changed and item["id"] not in str(changed)
        replayed = (await there.get(f"/live/storm/changes?after={both.begin}")).text
        assert item["id"] not in replayed
        async with asyncio.timeout(DEADLINE):
            while item["id"] in (await there.get("/live/storm")).text:
                await asyncio.sleep(0.01)


async def test_two_processes_one_drains(tmp_path: Path, valkey_server: Valkey, postgres_url: str) -> None:
    chance = chances()
    settings = {"redis_url": valkey_server.url, "database_url": postgres_url, "drain_seconds": DRAIN_SECONDS}
    async with pair(tmp_path, **settings) as both:
        one, two = both.servers
        everybody = [r for _ in range(20) for r in readers((one, two), both.begin)]
        async with asyncio.TaskGroup() as group:
            reading = [group.create_task(reader.read()) for reader in everybody]
            editors = [Editor(name, both, chance) for name in ("Ada", "Cem")]
            await asyncio.gather(*(editor.work(5) for editor in editors))
            await until(lambda: all(reader.state.log for reader in everybody), seconds=DEADLINE)
            ended = asyncio.Event()
            writing = [group.create_task(editor.work_until(ended)) for editor in editors]
            unready = group.create_task(until_unready(one))
            told = time.monotonic()
            code = await one.terminate()
            took = time.monotonic() - told
            assert code == 0, one.log
            assert not any(task.done() for task in reading)
            await asyncio.gather(*(editor.work(5) for editor in editors))
            ended.set()
            await asyncio.gather(*writing)
            await editors[0].post(THE_END)
        assert DRAIN_SECONDS / 2 < took < DRAIN_SECONDS + SLACK_SECONDS
        retries, moments = set(), []
        for reader in everybody:
            if reader.transport == "polling":
                continue
            assert len(reader.farewells) == 1
            farewell, when = reader.farewells[0]
            if reader.transport == "websocket":
                assert farewell == 1012
            else:
                assert farewell.startswith("retry: "), farewell
                retries.add(farewell)
            assert unready.result() < when, "a stream ended before /readyz failed"
            moments.append(when)
        assert len(retries) > 5, "everybody would come back at the same moment"
        assert max(moments) - min(moments) > DRAIN_SECONDS / 4, "all streams ended at once"
        await compare(everybody, two)


async def test_two_processes_one_killed_in_a_fan_out(
    tmp_path: Path, valkey_server: Valkey, database_url: str
) -> None:
    chance = chances()
    async with pair(tmp_path, redis_url=valkey_server.url, database_url=database_url) as both:
        one, two = both.servers
        everybody = [r for _ in range(70) for r in readers((one, two), both.begin) if r.transport != "polling"]
        everybody += [r for _ in range(10) for r in readers((one, two), both.begin) if r.transport == "polling"]
        async with asyncio.TaskGroup() as group:
            for reader in everybody:
                group.create_task(reader.read())
            editors = [Editor(name, both, chance) for name in ("Ada", "Cem", "Olga")]
            await editors[0].post("Good morning")
            await until(lambda: all(reader.state.log for reader in everybody), seconds=DEADLINE)

            before = len(everybody[0].state.log)
            writing = [group.create_task(editor.work(8)) for editor in editors]
            # some have what others have not: the fan-out is under way
            await until(lambda: len({len(r.state.log) for r in everybody if len(r.state.log) > before}) > 1)
            one.signal(signal.SIGKILL)
            await one.ended()
            await asyncio.gather(*writing)
            await editors[0].post(THE_END)
        assert all(reader.farewells for reader in everybody if reader.transport != "polling")
        await compare(everybody, two)


async def until_unready(server: Process) -> float:
    """When /readyz failed."""
    async with server.client() as client, asyncio.timeout(DEADLINE):
        while (await client.get("/readyz")).status_code == 200:
            await asyncio.sleep(0.005)
        return time.monotonic()
