"""Transport for one Redis server: a task each for sending, reading the subscription and probing. Commands and
subscription use separate connections."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import structlog
from redis.asyncio import Redis

from server.background.task_supervisor import end
from server.broker.protocol import Counts
from server.broker.redis.outbox import Message, Outbox
from server.broker.redis.probe import BOUND_SECONDS, INTERVAL_SECONDS, Probe
from server.broker.redis.publisher import Publisher
from server.broker.redis.retry import UNREACHABLE, supervise
from server.broker.redis.subscription import Subscription
from server.broker.redis.transport import Receiver

log = structlog.get_logger()

FLUSH_SECONDS = 1.0

Call: TypeAlias = Callable[[], Awaitable[Any]]


class Node:
    """One server.

    Args:
        client: for commands; also creates the subscription's connections.
        receiver: receives the messages.
        probe_channel: a channel on this server that only this process writes to.
        sharded: use SPUBLISH and SSUBSCRIBE, as in a cluster.
        locate: called before every probe; with Sentinel it detects a new master, to which commands then go. A
            subscription that is still on the old master misses the probe.
        also_close: called when the node is closed.
        probing: false only in tests that show what goes wrong without probes.
    """

    def __init__(
        self,
        client: Redis,
        receiver: Receiver,
        *,
        probe_channel: str,
        sharded: bool = False,
        locate: Call | None = None,
        also_close: Call | None = None,
        probing: bool = True,
    ) -> None:
        self._client, self._locate, self._probing = client, locate, probing
        self._also_close = also_close
        self.probe_channel = probe_channel
        self.outbox = Outbox()
        self.counts = Counts()
        self._probe = Probe(time.monotonic())
        self._sender = Publisher(client, self.outbox, receiver, self.counts, sharded=sharded)
        self._subscription = Subscription(
            client.connection_pool.make_connection,
            receiver,
            self.counts,
            probe=self._probe,
            probe_channel=probe_channel,
            sharded=sharded,
            probing=probing,
            connected=self._write_probe,
        )
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Start; does not wait for the network."""
        work = {"sender": self._sender.run, "subscription": self._subscription.run}
        if self._probing:
            work["probe"] = self._send_probes
        self._tasks = [
            asyncio.create_task(supervise(run), name=f"broker.{name}") for name, run in work.items()
        ]

    async def close(self) -> None:
        """Send queued messages if possible in a short time, and release all resources."""
        if self._tasks and not self._sender.failing:
            try:
                async with asyncio.timeout(FLUSH_SECONDS):
                    await self._sender.idle()
            except TimeoutError:
                log.warning("broker.unsent", messages=len(self.outbox))
        await end(self._tasks)
        self._tasks = []
        self._subscription.close()
        await self._client.aclose()
        if self._also_close is not None:
            await self._also_close()
        # a closed transport releases its socket in the next iteration of the event loop
        await asyncio.sleep(0)

    def send(self, message: Message) -> None:
        """Queue a message."""
        self.outbox.put(message)

    async def add(self, channel: str, *, wait: bool = True) -> None:
        """Subscribe; see Subscription.add."""
        await self._subscription.add(channel, wait=wait)

    async def remove(self, channel: str) -> None:
        """Unsubscribe."""
        await self._subscription.remove(channel)

    def has(self, channel: str) -> bool:
        """Whether the channel was added."""
        return channel in self._subscription.channels

    def verified(self) -> bool:
        """Whether messages published here arrive here, on all channels."""
        now = time.monotonic()
        return self._probe.verified(now) and not self._subscription.missing(now - BOUND_SECONDS)

    def age(self) -> float:
        """Seconds since the last successful probe."""
        return self._probe.age(time.monotonic())

    def waiting(self) -> int:
        """Number of messages not sent yet."""
        return len(self.outbox)

    def tally(self) -> Counts:
        """Counters since the start."""
        self.counts.dropped = self.outbox.dropped
        return self.counts

    def _write_probe(self) -> None:
        if self._probing:
            self.outbox.put_probe((self.probe_channel, self._probe.write(time.monotonic())))

    async def _send_probes(self) -> None:
        if self._locate is not None:
            try:
                await self._locate()
            except UNREACHABLE as error:
                log.info("broker.locate", reason=str(error) or type(error).__name__)
        self._write_probe()
        await self._subscription.ask_again()
        await asyncio.sleep(INTERVAL_SECONDS)
