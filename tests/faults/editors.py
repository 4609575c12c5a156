"""People who write, at whatever server answers, and send again what was not answered."""

from __future__ import annotations

import asyncio
import contextlib
import random
from typing import Any

import httpx2

from tests.faults.installation import Installation, Member
from tests.faults.ledger import Ledger

KINDS = ("post", "post", "post", "edit", "edit", "pin", "retract", "restore")
ENTRIES = "/api/v1/blogs/storm/entries"
PATIENCE_SECONDS = 60.0
LONG_BYTES = 30_000
ROW = 40
"""Entries that an editor still works at: what is older stays as it is."""


class Editor:
    def __init__(self, name: str, place: Installation, ledger: Ledger) -> None:
        self._name, self._place, self._ledger = name, place, ledger
        self._chance = random.Random(f"{name} writes")
        self._mine: list[str] = []
        self._made = 0

    async def work(self, enough: asyncio.Event) -> None:
        while not enough.is_set():
            kind = self._chance.choice(KINDS)
            if kind == "post" or not self._mine:
                await self.post()
            else:
                await getattr(self, f"_{kind}")(self._chance.choice(self._mine[-ROW:]))
            await asyncio.sleep(self._chance.uniform(0.05, 0.3))

    async def post(self, *, first: Member | None = None) -> None:
        """Write an entry; perhaps send it once more although it was answered."""
        mark = self._mark()
        long = self._chance.random() < 0.25
        body = mark + (self._chance.randbytes(LONG_BYTES).hex() if long else "")
        again = self._chance.random() < 0.15
        ids = set()
        for _ in range(1 + again):
            answer, _ = await self._send(
                "POST", ENTRIES, first=first, json={"body": body}, headers={"Idempotency-Key": mark}
            )
            assert answer.status_code == 201, answer.text
            ids.add(answer.json()["id"])
        assert len(ids) == 1, f"{mark} made {ids}"
        entry = ids.pop()
        self._ledger.accepted[entry] = mark
        self._ledger.counts.update(post=1, repeated=again)
        self._mine.append(entry)
        if self._chance.random() < 0.5:
            self._ledger.marks[entry] = [mark]

    async def _edit(self, entry: str) -> None:
        mark = self._mark()
        self._ledger.marks.get(entry, []).append(mark)
        answer, _ = await self._send(
            "PATCH", f"{ENTRIES}/{entry}", json={"title": mark}, headers={"If-Match": "*"}
        )
        self._done("edit", answer)

    async def _pin(self, entry: str) -> None:
        answer, _ = await self._send(
            "PATCH", f"{ENTRIES}/{entry}", json={"pinned": self._chance.random() < 0.5},
            headers={"If-Match": "*"},
        )
        self._done("pin", answer)

    async def _retract(self, entry: str) -> None:
        answer, server = await self._send("DELETE", f"{ENTRIES}/{entry}")
        self._done("retract", answer)
        self._ledger.withdraw(entry, server)

    async def _restore(self, entry: str) -> None:
        if entry not in self._ledger.marks:
            answer, _ = await self._send("POST", f"{ENTRIES}/{entry}/restore")
            self._done("restore", answer)

    def _done(self, kind: str, answer: httpx2.Response) -> None:
        # an entry that is retracted cannot be edited, one that is not cannot be restored
        assert answer.status_code in (200, 204, 409), answer.text
        self._ledger.counts[kind] += answer.is_success

    def _mark(self) -> str:
        self._made += 1
        return f"mark-{self._name.rpartition(' ')[2]}-{self._made}-"

    async def _send(
        self, method: str, path: str, *, first: Member | None = None, **what: Any
    ) -> tuple[httpx2.Response, int | None]:
        """The answer; and who gave it, when it was asked only once."""
        asked = 0
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                member = first if first and not asked else self._chance.choice(self._place.members)
                asked += 1
                with contextlib.suppress(httpx2.TransportError):
                    answer = await member.editor.request(method, path, **what)
                    if answer.status_code not in (429, 503):
                        return answer, member.number if asked == 1 else None
                self._ledger.counts["unanswered"] += 1
                await asyncio.sleep(self._chance.uniform(0.05, 0.2))
