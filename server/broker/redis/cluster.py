"""Redis Cluster transport: one `Node` for each master; each feed's channel is on the master that owns its slot.

Uses sharded pub/sub (SPUBLISH, SSUBSCRIBE): a message is sent to the nodes of one shard only. When a slot moves
or a replica is promoted, the topology is read again and the channels move.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import fields
from typing import Any, TypeAlias

import structlog
from redis.asyncio import Redis
from redis.crc import key_slot

from server.background.task_supervisor import end
from server.broker.protocol import Counts
from server.broker.redis.channels import probe_channel
from server.broker.redis.node import Node
from server.broker.redis.outbox import Message, Outbox
from server.broker.redis.retry import UNREACHABLE, supervise
from server.broker.redis.transport import Receiver

log = structlog.get_logger()

NodeAddress: TypeAlias = tuple[str, int]
"""Host and port."""
ClientOf: TypeAlias = Callable[[str, int], Redis]

SLOTS = 16_384
LOOK_SECONDS = 5.0
LOOK_SECONDS_UNVERIFIED = 1.0
LEAST_SECONDS = 0.1
"""Shortest interval between two topology reads, however many redirections arrive."""


def slot_of(channel: str) -> int:
    """The hash slot of a channel."""
    return int(key_slot(channel.encode()))


class Topology:
    """Which master owns which slot."""

    def __init__(self, owners: dict[int, NodeAddress] | None = None) -> None:
        self._owners = owners or {}

    @classmethod
    def of(cls, answer: Any, asked: NodeAddress) -> Topology:
        """Parse the reply to CLUSTER SLOTS: first and last slot, then the master and its replicas, each with
        address and port. An empty address stands for the node that was `asked`."""
        owners: dict[int, NodeAddress] = {}
        for first, last, (host, port, *_), *_ in answer:
            address = host.decode() if host and host != b"?" else asked[0]
            owners.update(dict.fromkeys(range(first, last + 1), (address, port)))
        return cls(owners)

    def owner(self, channel: str) -> NodeAddress | None:
        """The master that owns the channel's slot; None if nobody owns it."""
        return self._owners.get(slot_of(channel))

    def nodes(self) -> set[NodeAddress]:
        """All masters that own slots."""
        return set(self._owners.values())

    def probe_for(self, address: NodeAddress, process: str) -> str:
        """A probe channel of this process in a slot that the node owns."""
        return next(
            channel
            for channel in (probe_channel(process, number) for number in range(100 * SLOTS))
            if self.owner(channel) == address
        )


class ClusterTransport:
    """See Transport.

    Args:
        seeds: nodes to read the topology from at start; later any known node is used.
        client_of: creates a client for a node.
    """

    def __init__(
        self,
        seeds: list[NodeAddress],
        client_of: ClientOf,
        receiver: Receiver,
        *,
        process: str,
        probing: bool = True,
    ) -> None:
        self._seeds, self._client_of, self._receiver = seeds, client_of, receiver
        self._process, self._probing = process, probing
        self._topology = Topology()
        self._nodes: dict[NodeAddress, Node] = {}
        self._leaving: set[Node] = set()
        self._places: dict[str, NodeAddress | None] = {}
        self._unplaced = Outbox()
        self._changed = asyncio.Event()
        self._since = time.monotonic()
        self._past = Counts()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        self._tasks = [asyncio.create_task(supervise(self._watch), name="broker.cluster")]

    async def close(self) -> None:
        await end(self._tasks)
        self._tasks = []
        await asyncio.gather(*(node.close() for node in [*self._nodes.values(), *self._leaving]))
        self._nodes.clear()
        self._leaving.clear()

    def send(self, message: Message) -> None:
        node = self._node_of(self._topology.owner(message[0]))
        if node is None:
            self._unplaced.put(message)
        else:
            node.send(message)

    async def add(self, channel: str, *, wait: bool = True) -> None:
        address = self._places[channel] = self._topology.owner(channel)
        node = self._node_of(address)
        if node is not None:
            await node.add(channel, wait=wait)

    async def remove(self, channel: str) -> None:
        node = self._node_of(self._places.pop(channel, None))
        if node is not None:
            await node.remove(channel)

    def verified(self) -> bool:
        return (
            bool(self._nodes)
            and all(node.verified() for node in self._nodes.values())
            and all(self._node_of(address) is not None for address in self._places.values())
        )

    def age(self) -> float:
        ages = [node.age() for node in self._nodes.values()]
        return max(ages) if ages else time.monotonic() - self._since

    def waiting(self) -> int:
        return len(self._unplaced) + sum(node.waiting() for node in self._nodes.values())

    def tally(self) -> Counts:
        total = Counts(dropped=self._unplaced.dropped)
        for counts in [self._past, *(node.tally() for node in self._nodes.values())]:
            for name in (each.name for each in fields(Counts)):
                setattr(total, name, getattr(total, name) + getattr(counts, name))
        return total

    def _node_of(self, address: NodeAddress | None) -> Node | None:
        return None if address is None else self._nodes.get(address)

    # Receiver, called by the nodes

    def arrived(self, channel: str, data: bytes) -> None:
        self._receiver.arrived(channel, data)

    def confirmed(self, channel: str) -> None:
        self._receiver.confirmed(channel)

    def misplaced(self, messages: list[Message]) -> None:
        for message in messages:
            self._unplaced.put(message)
        self._changed.set()

    # topology

    async def _watch(self) -> None:
        self._changed.clear()
        topology = await self._ask()
        if topology is not None:
            self._topology = topology
            await self._settle()
        await asyncio.sleep(LEAST_SECONDS)
        try:
            async with asyncio.timeout(LOOK_SECONDS if self.verified() else LOOK_SECONDS_UNVERIFIED):
                await self._changed.wait()
        except TimeoutError:
            pass

    async def _ask(self) -> Topology | None:
        """Topology from the first healthy node, otherwise from the node with the newest epoch."""
        found: list[tuple[int, Topology]] = []
        known = sorted(self._nodes, key=lambda address: not self._nodes[address].verified())
        for address in dict.fromkeys([*known, *self._seeds]):
            try:
                well, epoch, topology = await self._ask_one(address)
            except UNREACHABLE as error:
                log.info("broker.cluster", address=f"{address[0]}:{address[1]}", reason=str(error))
                continue
            if topology.nodes():
                # an isolated master still claims its slots but reports that the cluster is not ok
                if well:
                    return topology
                found.append((epoch, topology))
        return max(found, key=lambda each: each[0])[1] if found else None

    async def _ask_one(self, address: NodeAddress) -> tuple[bool, int, Topology]:
        client: Any = self._client_of(*address)
        try:
            info = await client.execute_command("CLUSTER INFO")
            topology = Topology.of(await client.execute_command("CLUSTER SLOTS"), address)
        finally:
            await client.aclose()
        return info.get("cluster_state") == "ok", int(info.get("cluster_current_epoch", 0)), topology

    async def _settle(self) -> None:
        """Move nodes, channels and queued messages to match the topology."""
        wanted = self._topology.nodes()
        for address, node in list(self._nodes.items()):
            if address not in wanted or self._topology.owner(node.probe_channel) != address:
                await self._drop(address)
        for address in wanted - self._nodes.keys():
            node = Node(
                self._client_of(*address),
                self,
                probe_channel=self._topology.probe_for(address, self._process),
                sharded=True,
                probing=self._probing,
            )
            self._nodes[address] = node
            await node.start()
        for channel in list(self._places):
            if channel in self._places:
                await self._place(channel)
        # to the owners, or back into the queue if nobody owns the slot
        for message in self._unplaced.take(len(self._unplaced)):
            self.send(message)

    async def _drop(self, address: NodeAddress) -> None:
        node = self._nodes.pop(address)
        self._leaving.add(node)
        unsent = node.outbox.take(len(node.outbox))
        for message in unsent:
            if message[0] != node.probe_channel:
                self._unplaced.put(message)
        await node.close()
        self._leaving.discard(node)
        counts = node.tally()
        for name in (each.name for each in fields(Counts)):
            setattr(self._past, name, getattr(self._past, name) + getattr(counts, name))
        for channel, place in self._places.items():
            if place == address:
                self._places[channel] = None

    async def _place(self, channel: str) -> None:
        owner, place = self._topology.owner(channel), self._places.get(channel)
        node = self._node_of(owner)
        if node is None or (owner == place and node.has(channel)):
            return
        old = self._node_of(place)
        self._places[channel] = owner
        # Subscribe at the new node first: a message may arrive twice but is not lost.
        await node.add(channel, wait=False)
        if old is not None and old is not node:
            await old.remove(channel)
        if channel not in self._places:
            await node.remove(channel)
