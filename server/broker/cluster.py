"""A Redis cluster: one lane for each master, and each feed on the lane of the master that owns its slot.

Sharded pub/sub (SPUBLISH, SSUBSCRIBE): a message travels to the nodes of one shard only. When a slot moves,
or a replica takes over, the topology is read anew and the channels follow.
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

from server.broker.channels import probe_channel
from server.broker.lane import Lane
from server.broker.outbox import Message, Outbox
from server.broker.receiver import Counts, Receiver
from server.broker.supervise import UNREACHABLE, end, supervise

log = structlog.get_logger()

Node: TypeAlias = tuple[str, int]
ClientOf: TypeAlias = Callable[[str, int], Redis]

SLOTS = 16_384
LOOK_SECONDS = 5.0
LOOK_SECONDS_UNPROVEN = 1.0
LEAST_SECONDS = 0.1
"""Between two looks, however often a server says that something is elsewhere."""


def slot_of(channel: str) -> int:
    """The hash slot of a channel."""
    return int(key_slot(channel.encode()))


class Topology:
    """Which master owns which slot."""

    def __init__(self, owners: dict[int, Node] | None = None) -> None:
        self._owners = owners or {}

    @classmethod
    def of(cls, answer: Any, asked: Node) -> Topology:
        """From the answer to CLUSTER SLOTS: first and last slot, then the master and its replicas, each with
        address and port. A node that does not know its own address is the one `asked`."""
        owners: dict[int, Node] = {}
        for first, last, (host, port, *_), *_ in answer:
            address = host.decode() if host and host != b"?" else asked[0]
            owners.update(dict.fromkeys(range(first, last + 1), (address, port)))
        return cls(owners)

    def owner(self, channel: str) -> Node | None:
        """The master that has this channel; None while nobody has."""
        return self._owners.get(slot_of(channel))

    def nodes(self) -> set[Node]:
        """The masters that own something."""
        return set(self._owners.values())

    def probe_for(self, node: Node, process: str) -> str:
        """The first probe channel of a process that this node owns."""
        return next(
            channel
            for channel in (probe_channel(process, number) for number in range(100 * SLOTS))
            if self.owner(channel) == node
        )


class ClusterCarrier:
    """See Carrier.

    Args:
        seeds: nodes to ask first; any that is known is asked later.
        client_of: makes a client for one node.
    """

    def __init__(
        self,
        seeds: list[Node],
        client_of: ClientOf,
        receiver: Receiver,
        *,
        process: str,
        probing: bool = True,
    ) -> None:
        self._seeds, self._client_of, self._receiver = seeds, client_of, receiver
        self._process, self._probing = process, probing
        self._topology = Topology()
        self._lanes: dict[Node, Lane] = {}
        self._leaving: set[Lane] = set()
        self._places: dict[str, Node | None] = {}
        self._homeless = Outbox()
        self._changed = asyncio.Event()
        self._since = time.monotonic()
        self._past = Counts()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        self._tasks = [asyncio.create_task(supervise(self._watch), name="broker.cluster")]

    async def close(self) -> None:
        await end(self._tasks)
        self._tasks = []
        await asyncio.gather(*(lane.close() for lane in [*self._lanes.values(), *self._leaving]))
        self._lanes.clear()
        self._leaving.clear()

    def send(self, message: Message) -> None:
        lane = self._lane_of(self._topology.owner(message[0]))
        if lane is None:
            self._homeless.put(message)
        else:
            lane.send(message)

    async def add(self, channel: str) -> None:
        node = self._places[channel] = self._topology.owner(channel)
        lane = self._lane_of(node)
        if lane is not None:
            await lane.add(channel)

    async def remove(self, channel: str) -> None:
        lane = self._lane_of(self._places.pop(channel, None))
        if lane is not None:
            await lane.remove(channel)

    def proven(self) -> bool:
        return (
            bool(self._lanes)
            and all(lane.proven() for lane in self._lanes.values())
            and all(self._lane_of(node) is not None for node in self._places.values())
        )

    def age(self) -> float:
        ages = [lane.age() for lane in self._lanes.values()]
        return max(ages) if ages else time.monotonic() - self._since

    def waiting(self) -> int:
        return len(self._homeless) + sum(lane.waiting() for lane in self._lanes.values())

    def tally(self) -> Counts:
        total = Counts(dropped=self._homeless.dropped)
        for counts in [self._past, *(lane.tally() for lane in self._lanes.values())]:
            for name in (each.name for each in fields(Counts)):
                setattr(total, name, getattr(total, name) + getattr(counts, name))
        return total

    def _lane_of(self, node: Node | None) -> Lane | None:
        return None if node is None else self._lanes.get(node)

    # what a lane brings

    def arrived(self, channel: str, data: bytes) -> None:
        self._receiver.arrived(channel, data)

    def confirmed(self, channel: str) -> None:
        self._receiver.confirmed(channel)

    def misplaced(self, messages: list[Message]) -> None:
        for message in messages:
            self._homeless.put(message)
        self._changed.set()

    # following the cluster

    async def _watch(self) -> None:
        self._changed.clear()
        topology = await self._ask()
        if topology is not None:
            self._topology = topology
            await self._settle()
        await asyncio.sleep(LEAST_SECONDS)
        try:
            async with asyncio.timeout(LOOK_SECONDS if self.proven() else LOOK_SECONDS_UNPROVEN):
                await self._changed.wait()
        except TimeoutError:
            pass

    async def _ask(self) -> Topology | None:
        """The topology as the first node that is well sees it, else as the one sees it that knows most."""
        found: list[tuple[int, Topology]] = []
        known = sorted(self._lanes, key=lambda node: not self._lanes[node].proven())
        for node in dict.fromkeys([*known, *self._seeds]):
            try:
                well, epoch, topology = await self._ask_one(node)
            except UNREACHABLE as error:
                log.info("broker.cluster", node=f"{node[0]}:{node[1]}", reason=str(error))
                continue
            if topology.nodes():
                # a master that was cut off names itself as the owner still, but knows that it is not well
                if well:
                    return topology
                found.append((epoch, topology))
        return max(found, key=lambda each: each[0])[1] if found else None

    async def _ask_one(self, node: Node) -> tuple[bool, int, Topology]:
        client: Any = self._client_of(*node)
        try:
            info = await client.execute_command("CLUSTER INFO")
            topology = Topology.of(await client.execute_command("CLUSTER SLOTS"), node)
        finally:
            await client.aclose()
        return info.get("cluster_state") == "ok", int(info.get("cluster_current_epoch", 0)), topology

    async def _settle(self) -> None:
        """Bring lanes, channels and waiting messages to where the topology has them."""
        wanted = self._topology.nodes()
        for node, lane in list(self._lanes.items()):
            if node not in wanted or self._topology.owner(lane.probe_channel) != node:
                await self._drop(node)
        for node in wanted - self._lanes.keys():
            lane = Lane(
                self._client_of(*node),
                self,
                probe_channel=self._topology.probe_for(node, self._process),
                sharded=True,
                probing=self._probing,
            )
            self._lanes[node] = lane
            await lane.start()
        for channel in list(self._places):
            if channel in self._places:
                await self._place(channel)
        # to the lanes, or back to where they were when nobody owns their slot
        for message in self._homeless.take(len(self._homeless)):
            self.send(message)

    async def _drop(self, node: Node) -> None:
        lane = self._lanes.pop(node)
        self._leaving.add(lane)
        unsent = lane.outbox.take(len(lane.outbox))
        for message in unsent:
            if message[0] != lane.probe_channel:
                self._homeless.put(message)
        await lane.close()
        self._leaving.discard(lane)
        counts = lane.tally()
        for name in (each.name for each in fields(Counts)):
            setattr(self._past, name, getattr(self._past, name) + getattr(counts, name))
        for channel, place in self._places.items():
            if place == node:
                self._places[channel] = None

    async def _place(self, channel: str) -> None:
        owner, place = self._topology.owner(channel), self._places.get(channel)
        lane = self._lane_of(owner)
        if lane is None or (owner == place and lane.has(channel)):
            return
        old = self._lane_of(place)
        self._places[channel] = owner
        # the new one first: both for a moment repeat a message, none loses one
        await lane.add(channel, wait=False)
        if old is not None and old is not lane:
            await old.remove(channel)
        if channel not in self._places:
            await lane.remove(channel)
