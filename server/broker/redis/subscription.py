"""The receiving connection to one server: subscribed again after every failure, and thrown away when the
probe does not come back over it.

It works on redis-py's `Connection`, not on its `PubSub`: that one reconnects and subscribes again by itself,
and here it must be known when that happens and to which server.
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
"""Messages handed over before others in the process get their turn."""
CONFIRM_SECONDS = 1.0


class UnverifiedError(Exception):
    """The probe did not come back."""


class Subscription:
    """One task runs `run`; any task may `add` and `remove`.

    Args:
        connect: makes a connection that is not open yet, to where the server is now.
        probe: told of connections and of what arrives on `probe_channel`.
        probing: whether a probe that does not come back ends the connection.
        connected: called when a connection has asked for its channels: a good moment for a probe.
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
        """Subscribe; returns when it is confirmed, or when it is clear that this takes longer."""
        self.channels.add(channel)
        self._unconfirmed.setdefault(channel, time.monotonic())
        confirmed = self._waiting.get(channel)
        if confirmed is None:
            confirmed = self._waiting[channel] = asyncio.get_running_loop().create_future()
        await self._say("SUBSCRIBE", [channel])
        if not wait or self._failing:
            return
        await asyncio.wait({confirmed}, timeout=CONFIRM_SECONDS)

    async def remove(self, channel: str) -> None:
        """Unsubscribe. What still arrives is passed over."""
        if channel in self.channels:
            self.channels.discard(channel)
            self._unconfirmed.pop(channel, None)
            self._settle(channel)
            await self._say("UNSUBSCRIBE", [channel])

    def missing(self, now: float) -> list[str]:
        """The channels whose confirmation is overdue."""
        return [x for x, since in self._unconfirmed.items() if now - since > CONFIRM_SECONDS]

    async def ask_again(self) -> None:
        """Subscribe again to what is missing: a cluster may refuse a channel while its slot moves."""
        missing = self.missing(time.monotonic())
        if missing:
            await self._say("SUBSCRIBE", missing)

    def close(self) -> None:
        """Let nobody wait for a confirmation any longer."""
        self._failing = True
        for channel in list(self._waiting):
            self._settle(channel)

    def _settle(self, channel: str) -> None:
        confirmed = self._waiting.pop(channel, None)
        if confirmed is not None and not confirmed.done():
            confirmed.set_result(None)

    async def _say(self, verb: str, channels: list[str]) -> None:
        """Write to the connection that is open, if one is. Its failures show in the reading task."""
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
        """Follow the server for ever."""
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
            # whoever waits goes on without; the confirmation, when it comes, is a doubt for them
            self._settle(channel)

    async def _follow(self, backoff: Backoff) -> None:
        connection = self._connect()
        try:
            await connection.connect()
            self._counts.connects += 1
            self._connection = connection
            self._probe.connected(time.monotonic())
            # the channel of the probe comes last: when the probe arrives, the others are confirmed
            await self._say("SUBSCRIBE", [*self.channels, self._probe_channel])
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
                # the channel stays unconfirmed until the broker puts it where its slot is
                self._receiver.misplaced([])
                continue
            now = time.monotonic()
            if answer is not None:
                self._take(answer, now, backoff)
                read += 1
                if read % READ_GROUP == 0:
                    # what is in the buffer already is read without a pause
                    await asyncio.sleep(0)
            elif not connection.is_connected:
                raise RedisConnectionError("closed")
            if self._probing and self._probe.overdue(now):
                raise UnverifiedError

    def _take(self, answer: Any, now: float, backoff: Backoff) -> None:
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
            # a cluster takes subscriptions away when it moves their slot
            self._unconfirmed.setdefault(channel, now)
            self._receiver.misplaced([])
