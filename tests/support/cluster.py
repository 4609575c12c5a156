"""A Redis Cluster of masters without replicas, as real processes on this machine."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from itertools import count
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from server.broker.redis.channels import channel_of
from server.broker.redis.cluster import SLOTS, Topology, slot_of
from server.domain.change import FeedKey
from tests.support.ports import free_port
from tests.support.valkey import Valkey

DEADLINE = 30.0


class Cluster:
    """Masters that share the slots evenly. It goes on without one of them."""

    def __init__(self, masters: int) -> None:
        self.nodes = [self._node() for _ in range(masters)]

    @staticmethod
    def _node() -> Valkey:
        return Valkey(
            "--cluster-enabled", "yes",
            "--cluster-node-timeout", "1000",
            "--cluster-require-full-coverage", "no",
            "--cluster-config-file", "nodes.conf",
            port=free_port(),
        )

    async def join(self) -> Valkey:
        """Add a node that owns nothing yet, and wait until all know it."""
        node = self._node()
        self.nodes.append(node)
        node.start()
        await self.say(node, "CLUSTER", "SET-CONFIG-EPOCH", len(self.nodes))
        await self.say(self.nodes[0], "CLUSTER", "MEET", "127.0.0.1", node.port)
        await self.well(owning=len(self.nodes) - 1)
        return node

    @property
    def url(self) -> str:
        return "redis+cluster://" + ",".join(f"127.0.0.1:{x.port}" for x in self.nodes)

    async def start(self) -> None:
        """Start, make them meet, share the slots, and wait until all agree."""
        for node in self.nodes:
            node.start()
        for index, node in enumerate(self.nodes):
            first, last = (SLOTS * x // len(self.nodes) for x in (index, index + 1))
            await self.say(node, "CLUSTER", "ADDSLOTSRANGE", first, last - 1)
            # otherwise all begin with epoch 0 and argue about it for seconds
            await self.say(node, "CLUSTER", "SET-CONFIG-EPOCH", index + 1)
        for node in self.nodes[1:]:
            await self.say(self.nodes[0], "CLUSTER", "MEET", "127.0.0.1", node.port)
        await self.well()

    async def well(self, *, owning: int | None = None) -> None:
        """Wait until every node that runs sees all of them, of which so many own slots, and is content."""
        deadline = time.monotonic() + DEADLINE
        while not all([await self._is_well(node, owning or len(self.nodes)) for node in self.nodes]):
            assert time.monotonic() < deadline, "the cluster did not come together"
            await asyncio.sleep(0.05)

    async def _is_well(self, node: Valkey, owning: int) -> bool:
        try:
            info = await self.say(node, "CLUSTER", "INFO")
            owners = await self.say(node, "CLUSTER", "SLOTS")
        except RedisError:
            return False
        agreed = int(info["cluster_slots_ok"]) == SLOTS and int(info["cluster_known_nodes"]) == len(self.nodes)
        masters = Topology.of(owners, ("127.0.0.1", node.port)).nodes()
        return agreed and info["cluster_state"] == "ok" and len(masters) == owning

    async def say(self, node: Valkey, *words: Any) -> Any:
        """One command to one node."""
        async with Redis(host="127.0.0.1", port=node.port) as client:
            return await client.execute_command(" ".join(map(str, words[:2])), *words[2:])

    async def name(self, node: Valkey) -> str:
        found = await self.say(node, "CLUSTER", "MYID")
        return found.decode() if isinstance(found, bytes) else str(found)

    def feed_on(self, index: int) -> FeedKey:
        """A feed whose channel belongs to this node at the beginning."""
        first, last = (SLOTS * x // len(self.nodes) for x in (index, index + 1))
        for number in count():
            feed = FeedKey(f"blog{number}", "public")
            if first <= slot_of(channel_of(feed)) < last:
                return feed
        raise AssertionError("unreachable")

    async def move(self, slot: int, source: Valkey, target: Valkey) -> None:
        """Hand a slot over, as an operator's tool does. It holds no keys."""
        there, here = await self.name(target), await self.name(source)
        await self.say(target, "CLUSTER", "SETSLOT", slot, "IMPORTING", here)
        await self.say(source, "CLUSTER", "SETSLOT", slot, "MIGRATING", there)
        for node in [target, source, *(x for x in self.nodes if x not in (target, source))]:
            await self.say(node, "CLUSTER", "SETSLOT", slot, "NODE", there)

    def end(self) -> None:
        for node in self.nodes:
            node.remove()


@contextlib.asynccontextmanager
async def cluster(masters: int = 3) -> AsyncIterator[Cluster]:
    """A cluster that is well, ended at the end."""
    everything = Cluster(masters)
    try:
        await everything.start()
        yield everything
    finally:
        everything.end()
