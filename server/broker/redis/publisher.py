"""Sends the outbox to one server, in order, with pipelines."""

from __future__ import annotations

import asyncio

import structlog
from redis.asyncio import Redis
from redis.exceptions import AskError, ClusterDownError, MovedError, TryAgainError

from server.broker.protocol import Counts
from server.broker.redis.outbox import Message, Outbox
from server.broker.redis.retry import UNREACHABLE, new_backoff
from server.broker.redis.transport import Receiver

log = structlog.get_logger()

BATCH_MESSAGES = 128
ELSEWHERE = (MovedError, AskError, TryAgainError, ClusterDownError)


class Publisher:
    """One task runs `run`. A failed batch is sent again: messages may arrive twice but never out of order."""

    def __init__(
        self, client: Redis, outbox: Outbox, receiver: Receiver, counts: Counts, *, sharded: bool
    ) -> None:
        self._client, self._outbox, self._receiver, self._counts = client, outbox, receiver, counts
        self._verb = "SPUBLISH" if sharded else "PUBLISH"
        self._idle = asyncio.Event()
        self._idle.set()
        self.failing = False

    async def run(self) -> None:
        """Send messages until cancelled."""
        backoff = new_backoff()
        while True:
            if not len(self._outbox):
                self._idle.set()
            await self._outbox.filled()
            self._idle.clear()
            batch = self._outbox.take(BATCH_MESSAGES)
            try:
                await self._send(batch)
            except UNREACHABLE as error:
                if not self._counts.send_failures % 100:
                    log.warning("broker.send", reason=str(error) or type(error).__name__)
                self._counts.send_failures += 1
                self.failing = True
                self._outbox.put_back(batch)
                await asyncio.sleep(backoff.next())
            else:
                self.failing = False
                backoff.reset()

    async def idle(self) -> None:
        """Wait until the queue is empty."""
        if len(self._outbox):
            self._idle.clear()
        await self._idle.wait()

    async def _send(self, batch: list[Message]) -> None:
        async with self._client.pipeline(transaction=False) as pipeline:
            for channel, data in batch:
                pipeline.execute_command(self._verb, channel, data)
            answers = await pipeline.execute(raise_on_error=False)
        elsewhere = []
        for message, answer in zip(batch, answers, strict=True):
            if isinstance(answer, ELSEWHERE):
                elsewhere.append(message)
            elif isinstance(answer, Exception):
                self._counts.refused += 1
                log.error("broker.refused", channel=message[0], reason=str(answer))
            else:
                self._counts.sent += 1
        if elsewhere:
            self._receiver.misplaced(elsewhere)
