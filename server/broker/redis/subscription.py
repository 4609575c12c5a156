"""The subscription connection to one server: resubscribes after every failure, and reconnects when a probe does
not arrive.

Uses redis-py's `Connection` instead of `PubSub`, which reconnects and resubscribes silently: here it must be
known when that happens and to which server.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import structlog
from redis.exceptions import ConnectionError as RedisConnectionError

from server.background.backoff import Backoff
from server.broker.protocol import Counts
from server.broker.redis.probe import Probe
from server.broker.redis.publisher import ELSEWHERE
from server.broker.redis.retry import UNREACHABLE, new_backoff
from server.broker.redis.transport import Receiver

log = structlog.get_logger()

READ_SECONDS = 0.25
READ_GROUP = 50
"""Messages to process before yielding to the event loop."""
CONFIRM_SECONDS = 1.0


class UnverifiedError(Exception):
    """The probe did not arrive in time."""


class Subscription:
    """One task runs `run`; any task may `add` and `remove`.

    Args:
        connect: creates a connection, not open yet, to the server's current address.
        probe: is notified of connections and of messages on `probe_channel`.
        probing: whether a missing probe closes the connection.
        connected: called when a connection has sent its subscriptions, which is a good time for a probe.
    """

    def __init__(
        self,
        connect: Callable[[], Any],
        receiver: Receiver,
        counts: Counts,
        *,
        probe: Probe,
        probe_channel: str,
        sharded: bool,
        probing: bool,
        connected: Callable[[], None],
    ) -> None:
        self._connect, self._receiver, self._counts = connect, receiver, counts
        self._probe, self._probe_channel, self._probing = probe, probe_channel, probing
        self._sharded, self._connected = sharded, connected
        self._prefix = "S" if sharded else ""
        self.channels: set[str] = set()
        self._unconfirmed: dict[str, float] = {}
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._writing = asyncio.Lock()
        self._connection: Any = None
        self._failing = False

    async def add(self, channel: str, *, wait: bool = True) -> None:
        """Subscribe. Returns when the subscription is confirmed, or after a short wait."""
        self.channels.add(channel)
        self._unconfirmed.setdefault(channel, time.monotonic())
        confirmed = self._waiting.get(channel)
        if confirmed is None:
            confirmed = self._waiting[channel] = asyncio.get_running_loop().create_future()
        await self._send("SUBSCRIBE", [channel])
        if not wait or self._failing:
            return
        await asyncio.wait({confirmed}, timeout=CONFIRM_SECONDS)

    async def remove(self, channel: str) -> None:
        """Unsubscribe. Messages that still arrive are ignored."""
        if channel in self.channels:
            self.channels.discard(channel)
            self._unconfirmed.pop(channel, None)
            self._settle(channel)
            await self._send("UNSUBSCRIBE", [channel])

    def missing(self, now: float) -> list[str]:
        """Channels whose confirmation is overdue."""
        return [x for x, since in self._unconfirmed.items() if now - since > CONFIRM_SECONDS]

    async def ask_again(self) -> None:
        """Subscribe again to unconfirmed channels: a cluster may reject a channel while its slot moves."""
        missing = self.missing(time.monotonic())
        if missing:
            await self._send("SUBSCRIBE", missing)

    def close(self) -> None:
        """Stop waiting for confirmations."""
        self._failing = True
        for channel in list(self._waiting):
            self._settle(channel)

    def _settle(self, channel: str) -> None:
        confirmed = self._waiting.pop(channel, None)
        if confirmed is not None and not confirmed.done():
            confirmed.set_result(None)

    async def _send(self, verb: str, channels: list[str]) -> None:
        """Send a command if a connection is open. Errors surface in the reading task."""
        async with self._writing:
            connection = self._connection
            if connection is None or not connection.is_connected:
                return
            # in a cluster one command may name channels of one slot only
            groups = [[x] for x in channels] if self._sharded else [channels]
            packed = connection.pack_commands([[self._prefix + verb, *group] for group in groups])
            try:
                await connection.send_packed_command(packed, check_health=False)
            except UNREACHABLE as error:
                log.info("broker.subscribe", reason=str(error) or type(error).__name__)

    async def run(self) -> None:
        """Read from the server until cancelled; reconnect after failures."""
        backoff = new_backoff()
        while True:
            reason = "closed"
            try:
                await self._follow(backoff)
            except UnverifiedError:
                self._counts.unverified += 1
                reason = "unverified"
            except UNREACHABLE as error:
                reason = str(error) or type(error).__name__
            self._counts.connection_failures += 1
            if not self._failing:
                log.warning("broker.lost", reason=reason)
            self._fail()
            await asyncio.sleep(backoff.next())

    def _fail(self) -> None:
        self._failing = True
        self._probe.disconnected()
        now = time.monotonic()
        for channel in self.channels:
            self._unconfirmed.setdefault(channel, now)
        for channel in list(self._waiting):
            # Callers of `add` stop waiting; when the confirmation arrives, the channel is reported as
            # unverified.
            self._settle(channel)

    async def _follow(self, backoff: Backoff) -> None:
        connection = self._connect()
        try:
            await connection.connect()
            self._counts.connects += 1
            self._connection = connection
            self._probe.connected(time.monotonic())
            # The probe channel is last: when a probe arrives, all other subscriptions are confirmed.
            await self._send("SUBSCRIBE", [*self.channels, self._probe_channel])
            self._connected()
            await self._read(connection, backoff)
        finally:
            self._connection = None
            self._probe.disconnected()
            await connection.disconnect(nowait=True)

    async def _read(self, connection: Any, backoff: Backoff) -> None:
        read = 0
        while True:
            try:
                answer = await connection.read_response(
                    timeout=READ_SECONDS, disconnect_on_error=False, push_request=True
                )
            except ELSEWHERE:
                # the channel stays unconfirmed until it is moved to the node that owns its slot
                self._receiver.misplaced([])
                continue
            now = time.monotonic()
            if answer is not None:
                self._handle(answer, now, backoff)
                read += 1
                if read % READ_GROUP == 0:
                    # data already in the buffer is read without waiting
                    await asyncio.sleep(0)
            elif not connection.is_connected:
                raise RedisConnectionError("closed")
            if self._probing and self._probe.overdue(now):
                raise UnverifiedError

    def _handle(self, answer: Any, now: float, backoff: Backoff) -> None:
        if not isinstance(answer, list) or len(answer) != 3:
            return
        kind, channel = answer[0], answer[1].decode()
        if kind in (b"message", b"smessage"):
            if channel == self._probe_channel:
                self._probe.read(answer[2], now)
                self._failing = False
                backoff.reset()
            elif channel in self.channels:
                self._receiver.arrived(channel, answer[2])
        elif kind in (b"subscribe", b"ssubscribe") and channel in self.channels:
            self._unconfirmed.pop(channel, None)
            self._receiver.confirmed(channel)
            self._settle(channel)
        elif kind in (b"unsubscribe", b"sunsubscribe") and channel in self.channels:
            # a cluster ends subscriptions when it moves their slot
            self._unconfirmed.setdefault(channel, now)
            self._receiver.misplaced([])
