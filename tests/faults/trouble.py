"""What fails in a scenario: Redis, server processes, PostgreSQL; each on its own, and so also together."""

from __future__ import annotations

import asyncio
import random
import signal
import time

from tests.faults.editors import Editor
from tests.faults.installation import Installation
from tests.faults.ledger import Ledger
from tests.support.postgres import Postgres
from tests.support.valkey import Valkey


async def go_on(trouble: RedisTrouble | ServerTrouble | DatabaseTrouble, ledger: Ledger, stop: float) -> None:
    """One fault after the other with a pause between (seconds), in an order by chance, each at least once."""
    planned: list[str] = []
    first = True
    while planned or first or time.monotonic() < stop:
        if not planned:
            planned, first = list(trouble.faults), False
            trouble.chance.shuffle(planned)
        fault = planned.pop()
        await getattr(trouble, fault)()
        ledger.counts[f"{trouble.name} {fault}"] += 1
        await asyncio.sleep(trouble.chance.uniform(0.3, trouble.pause))


class RedisTrouble:
    name = "redis"
    faults = ("kill", "freeze", "cut", "overflow")
    pause = 2.0

    def __init__(self, redis: Valkey, blog_id: str, seed: int) -> None:
        self._redis, self._blog_id = redis, blog_id
        self.chance = random.Random(f"{seed} redis")

    async def kill(self) -> None:
        await asyncio.to_thread(self._redis.kill)
        await asyncio.sleep(self.chance.uniform(0, 2))
        await asyncio.to_thread(self._redis.start)

    async def freeze(self) -> None:
        self._redis.freeze()
        await asyncio.sleep(self.chance.uniform(0.2, 3))
        self._redis.thaw()

    async def cut(self) -> None:
        await asyncio.to_thread(self._redis.command, "CLIENT", "KILL", "TYPE", "pubsub")

    async def overflow(self) -> None:
        limit = ("CONFIG", "SET", "client-output-buffer-limit")
        await asyncio.to_thread(self._redis.command, *limit, "pubsub 1000 0 0")
        channel = f"stoppress:feed:{self._blog_id}:public"
        await asyncio.to_thread(self._redis.command, "PUBLISH", channel, "x" * 200_000)
        await asyncio.to_thread(self._redis.command, *limit, "pubsub 33554432 8388608 60")


class ServerTrouble:
    """Args:
    victim: an editor whose post a server is killed with.
    """

    name = "server"
    faults = ("kill", "freeze", "drain")
    pause = 3.0

    def __init__(self, place: Installation, victim: Editor, seed: int) -> None:
        self._place, self._victim = place, victim
        self.chance = random.Random(f"{seed} servers")

    async def kill(self) -> None:
        """While it takes a post and hands it on. Another comes in its place."""
        old = self.chance.choice(self._place.members)
        posts = [asyncio.create_task(self._victim.post(first=old)) for _ in range(3)]
        await asyncio.sleep(self.chance.uniform(0, 0.05))
        await old.process.kill()
        self._place.exchange(old, await self._place.begin())
        await asyncio.gather(*posts)

    async def freeze(self) -> None:
        member = self.chance.choice(self._place.members)
        member.process.signal(signal.SIGSTOP)
        await asyncio.sleep(self.chance.uniform(0.2, 3))
        member.process.signal(signal.SIGCONT)

    async def drain(self) -> None:
        """SIGTERM under load, after another came in its place."""
        old = self.chance.choice(self._place.members)
        self._place.exchange(old, await self._place.begin())
        code = await old.process.terminate()
        assert code == 0, f"server {old.number} ended with {code}"


class DatabaseTrouble:
    name = "database"
    faults = ("restart", "crash", "freeze")
    pause = 5.0

    def __init__(self, postgres: Postgres, seed: int) -> None:
        self._postgres = postgres
        self.chance = random.Random(f"{seed} database")

    async def restart(self) -> None:
        await asyncio.to_thread(self._postgres.stop)
        await asyncio.sleep(self.chance.uniform(0, 1))
        await asyncio.to_thread(self._postgres.start)

    async def crash(self) -> None:
        await asyncio.to_thread(self._postgres.kill)
        await asyncio.to_thread(self._postgres.start)

    async def freeze(self) -> None:
        self._postgres.freeze()
        await asyncio.sleep(self.chance.uniform(0.2, 2))
        self._postgres.thaw()
