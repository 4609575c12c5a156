"""A master, a replica and Sentinels that watch them, as real processes on this machine."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import time
from collections.abc import AsyncIterator
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import RedisError

from tests.support.ports import free_port
from tests.support.valkey import DEADLINE, Valkey, _binary

SERVICE = "news"
FAST = ("--repl-diskless-sync-delay", "0", "--repl-timeout", "5")


class Sentinel:
    """One Sentinel process."""

    def __init__(self, folder: Path, master: int, quorum: int) -> None:
        self.port = free_port()
        configuration = folder / f"sentinel-{self.port}.conf"
        configuration.write_text(
            f"port {self.port}\nbind 127.0.0.1\ndir {folder}\n"
            f"sentinel monitor {SERVICE} 127.0.0.1 {master} {quorum}\n"
            f"sentinel down-after-milliseconds {SERVICE} 500\n"
            f"sentinel failover-timeout {SERVICE} 3000\n"
        )
        with (folder / f"sentinel-{self.port}.log").open("wb") as log:
            self._process = subprocess.Popen(
                [_binary(), str(configuration), "--sentinel"], stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(DEADLINE)


class Watched:
    """The whole set. `first` is the master at the beginning, `second` its replica."""

    def __init__(self, sentinels: int) -> None:
        self.first = Valkey(*FAST)
        self.second = Valkey("--replicaof", f"127.0.0.1 {self.first.port}", *FAST)
        self.sentinels: list[Sentinel] = []
        self._wanted = sentinels

    @property
    def url(self) -> str:
        places = ",".join(f"127.0.0.1:{x.port}" for x in self.sentinels)
        return f"redis+sentinel://{places}/{SERVICE}/0"

    async def start(self) -> None:
        """Start all, and wait until the Sentinels know the replica, each other, and that all is well."""
        self.first.start()
        self.second.start()
        self.sentinels = [
            Sentinel(self.first.folder, self.first.port, self._wanted // 2 + 1) for _ in range(self._wanted)
        ]
        deadline = time.monotonic() + DEADLINE
        while not all([await self._is_ready(x) for x in self.sentinels]):
            assert time.monotonic() < deadline, "the Sentinels did not find the replica"
            await asyncio.sleep(0.05)

    async def _is_ready(self, sentinel: Sentinel) -> bool:
        async with Redis(host="127.0.0.1", port=sentinel.port) as client:
            try:
                state = (await client.sentinel_masters())[SERVICE]
                replicas = await client.sentinel_slaves(SERVICE)
            except (RedisError, KeyError):
                return False
        link = [x.get("master-link-status") for x in replicas]
        return link == ["ok"] and int(state["num-other-sentinels"]) == self._wanted - 1

    async def master_port(self) -> int:
        """Where the Sentinels say that the master is."""
        for sentinel in self.sentinels:
            async with Redis(host="127.0.0.1", port=sentinel.port) as client:
                try:
                    return int((await client.sentinel_masters())[SERVICE]["port"])
                except RedisError:
                    continue
        raise AssertionError("no Sentinel answers")

    async def failed_over(self) -> None:
        """Wait until the second is the master."""
        deadline = time.monotonic() + 20
        while await self.master_port() != self.second.port:
            assert time.monotonic() < deadline, "no fail-over"
            await asyncio.sleep(0.05)

    def end(self) -> None:
        for sentinel in self.sentinels:
            sentinel.kill()
        self.second.remove()
        self.first.remove()


@contextlib.asynccontextmanager
async def watched(sentinels: int = 1) -> AsyncIterator[Watched]:
    """Everything started, and ended again."""
    everything = Watched(sentinels)
    try:
        await everything.start()
        yield everything
    finally:
        everything.end()
