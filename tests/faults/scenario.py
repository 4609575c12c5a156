"""Two servers on one Redis and one database, readers of every kind, editors, and faults: decided by a seed.

    python -m tests.faults.scenario --seed 7 --seconds 60 --listeners 200

The seed repeats the decisions of each actor, not the timing of the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx2
from websockets.exceptions import WebSocketException

from tests.support.app import Running, running
from tests.support.listeners import State, seq_of, sse, until, websocket
from tests.support.valkey import Valkey

TRANSPORTS = ("sse", "sse.gzip", "websocket", "websocket.deflate", "polling")
FAULTS = ("kill", "freeze", "cut", "overflow", "replace")
CONVERGE_SECONDS = 45.0
AWAY = (OSError, TimeoutError, httpx2.TransportError, WebSocketException, asyncio.IncompleteReadError)


class Scenario:
    def __init__(self, folder: Path, redis: Valkey, *, seed: int, listeners: int, **settings: Any) -> None:
        self.folder, self.redis, self.seed = folder, redis, seed
        self.settings: dict[str, Any] = {"redis_url": redis.url, "drain_seconds": 0.5, "retry_ms": 100}
        self.settings |= settings
        self.listeners = listeners
        self.servers: list[Running] = []
        self.ended: list[Running] = []
        self.stacks: list[contextlib.AsyncExitStack] = []
        self.final: str | None = None
        self.counts: Counter[str] = Counter()
        self.marks: dict[str, list[str]] = {}
        """The texts of each entry that is never restored once it is retracted."""

    async def start_server(self) -> tuple[Running, contextlib.AsyncExitStack]:
        stack = contextlib.AsyncExitStack()
        return await stack.enter_async_context(running(self.folder, **self.settings)), stack

    async def run(self, seconds: float) -> Counter[str]:
        for _ in range(2):
            server, stack = await self.start_server()
            self.servers.append(server)
            self.stacks.append(stack)
        try:
            await self.servers[0].blog()
            begin = (await self.servers[0].changes())["position"].partition(".")[0] + ".0"
            states = [State(begin) for _ in range(self.listeners)]
            stop = time.monotonic() + seconds
            async with asyncio.TaskGroup() as group:
                for number, state in enumerate(states):
                    group.create_task(self.read(number, state))
                async with asyncio.TaskGroup() as work:
                    for number in range(3):
                        work.create_task(self.write(number, stop))
                    work.create_task(self.fail(stop))
                await self.servers[0].post(body="That was the day")
                told = await self.fresh(begin)
                self.final = told[-1]["position"]
            self.compare(states, told)
            for server in self.servers:
                await until(lambda server=server: server.gate.count == 0)  # type: ignore[misc]
        finally:
            for stack in self.stacks:
                await stack.aclose()
        for server in (*self.servers, *self.ended):
            assert server.gate.count == 0
            assert not server.gate.hub.feeds
        left = [t.get_name() for t in asyncio.all_tasks() if t.get_name().startswith(("hub.", "broker"))]
        assert not left, left
        return self.counts

    async def fresh(self, begin: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            after = found[-1]["position"] if found else begin
            answer = await self.servers[0].changes(after=after, view="json")
            if not answer["changes"]:
                return found
            found += answer["changes"]

    def compare(self, states: list[State], told: list[dict[str, Any]]) -> None:
        now = {change["id"]: change for change in told}
        gone = {c["id"]: seq_of(c["position"]) for c in told if c["kind"] == "gone" and c["id"] in self.marks}
        for state in states:
            assert state.resets == 0
            assert state.things == now
            for change in state.log:
                text = str(change)
                for key, at in gone.items():
                    if seq_of(change["position"]) >= at:
                        assert not any(mark in text for mark in self.marks[key]), "it was retracted"
        self.counts["withdrawn"] = len(gone)

    # readers

    def done(self, state: State) -> bool:
        return self.final is not None and state.position == self.final

    async def read(self, number: int, state: State) -> None:
        chance = random.Random(f"{self.seed} reader {number}")
        limit: float | None = None
        while not self.done(state):
            if self.final is not None:
                limit = limit or time.monotonic() + CONVERGE_SECONDS
                assert time.monotonic() < limit, f"reader {number} stays behind at {state.position}"
            server = chance.choice(self.servers)
            transport, seconds = chance.choice(TRANSPORTS), chance.uniform(0.2, 4)
            slow = chance.random() < 0.2 and self.final is None
            self.counts[transport] += 1
            with contextlib.suppress(*AWAY):
                if chance.random() < 0.1:
                    await self.garbage(server, chance)
                await self.session(server, transport, state, seconds, slow=slow)
            await asyncio.sleep(chance.uniform(0, 0.5))

    async def session(
        self, server: Running, transport: str, state: State, seconds: float, *, slow: bool
    ) -> None:
        """Follow for so long, then vanish."""
        query = f"view=json&after={state.position}"
        if transport == "polling":
            answer = await server.anonymous.get(f"/live/storm/changes?{query}&wait={seconds:.1f}")
            if answer.status_code != 200:
                return
            body = answer.json()
            assert not body["reset"]
            for change in body["changes"]:
                state.apply(change)
            state.position = body["position"]
        elif transport.startswith("sse"):
            async with sse(server.address, f"/live/storm/stream?{query}", gzip="gzip" in transport) as stream:
                if stream.status == 200:
                    stream.state = state
                    await asyncio.sleep(seconds if slow else 0)
                    await stream.follow(self.done, seconds=seconds)
        else:
            compression = "deflate" if "deflate" in transport else None
            async with websocket(
                server.address, f"/live/storm/ws?{query}", compression=compression, close_timeout=1
            ) as socket:
                socket.state = state
                await asyncio.sleep(seconds if slow else 0)
                await socket.follow(self.done, seconds=seconds)

    async def garbage(self, server: Running, chance: random.Random) -> None:
        self.counts["garbage"] += 1
        _, writer = await asyncio.open_connection(*server.address)
        writer.write(chance.choice((b"", b"GET /live/storm/ws HTTP/1.1\r\n")) + chance.randbytes(300))
        await writer.drain()
        writer.transport.abort()

    # editors

    async def write(self, number: int, stop: float) -> None:
        chance = random.Random(f"{self.seed} editor {number}")
        mine: list[str] = []
        made = 0
        while time.monotonic() < stop:
            kind = chance.choice(("post", "post", "edit", "pin", "retract", "restore"))
            key = chance.choice(mine) if mine else ""
            path, made = f"/api/v1/blogs/storm/entries/{key}", made + 1
            mark = f"mark-{number}-{made}-"
            what: dict[str, Any] = {"headers": {"If-Match": "*"}}
            if kind == "post" or not key:
                kind, method, path = "post", "POST", "/api/v1/blogs/storm/entries"
                what = {"json": {"body": mark}, "headers": {"Idempotency-Key": mark}}
            elif kind in ("edit", "pin"):
                method = "PATCH"
                what["json"] = {"title": mark} if kind == "edit" else {"pinned": chance.random() < 0.5}
            elif kind == "retract":
                method = "DELETE"
            elif key in self.marks:
                await asyncio.sleep(0.05)
                continue
            else:
                method, path = "POST", f"{path}/restore"
            if kind == "edit" and key in self.marks:
                self.marks[key].append(mark)
            with contextlib.suppress(httpx2.TransportError):
                answer = await chance.choice(self.servers).http.request(method, path, **what)
                assert answer.status_code in (200, 201, 204, 409, 410, 503), answer.text
                self.counts[kind] += answer.is_success
                if kind == "post" and answer.status_code == 201:
                    mine.append(answer.json()["id"])
                    if made % 2:
                        self.marks[mine[-1]] = [mark]
            await asyncio.sleep(chance.uniform(0.05, 0.3))

    # faults

    async def fail(self, stop: float) -> None:
        chance = random.Random(f"{self.seed} faults")
        planned = list(FAULTS)
        chance.shuffle(planned)
        while planned or time.monotonic() < stop:  # each at least once
            fault = planned.pop() if planned else chance.choice(FAULTS)
            self.counts[fault] += 1
            await getattr(self, f"_{fault}")(chance)
            await asyncio.sleep(chance.uniform(0.3, 2))

    async def _kill(self, chance: random.Random) -> None:
        await asyncio.to_thread(self.redis.kill)
        await asyncio.sleep(chance.uniform(0, 2))
        await asyncio.to_thread(self.redis.start)

    async def _freeze(self, chance: random.Random) -> None:
        self.redis.freeze()
        await asyncio.sleep(chance.uniform(0.2, 3))
        self.redis.thaw()

    async def _cut(self, chance: random.Random) -> None:
        await asyncio.to_thread(self.redis.command, "CLIENT", "KILL", "TYPE", "pubsub")

    async def _overflow(self, chance: random.Random) -> None:
        limit = ("CONFIG", "SET", "client-output-buffer-limit")
        await asyncio.to_thread(self.redis.command, *limit, "pubsub 1000 0 0")
        for key in list(self.servers[0].gate.hub.feeds):
            channel = f"stoppress:feed:{key.blog_id}:{key.name}"
            await asyncio.to_thread(self.redis.command, "PUBLISH", channel, "x" * 200_000)
        await asyncio.to_thread(self.redis.command, *limit, "pubsub 33554432 8388608 60")

    async def _replace(self, chance: random.Random) -> None:
        """Another takes the place of one that drains."""
        which = chance.randrange(2)
        old, stack = self.servers[which], self.stacks[which]
        self.servers[which], self.stacks[which] = await self.start_server()
        self.ended.append(old)
        await stack.aclose()


def main() -> None:
    parser = argparse.ArgumentParser(description="Run servers, readers, editors and faults against each other.")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--listeners", type=int, default=100)
    chosen = parser.parse_args()
    print(f"seed {chosen.seed}", flush=True)
    redis = Valkey()
    try:
        redis.start()
        with tempfile.TemporaryDirectory() as folder:
            scenario = Scenario(Path(folder), redis, seed=chosen.seed, listeners=chosen.listeners)
            counts = asyncio.run(scenario.run(min(chosen.seconds, 3600.0)))
    finally:
        redis.remove()
    print(" ".join(f"{name}={count}" for name, count in sorted(counts.items())))


if __name__ == "__main__":
    main()
