"""What pages and lists ask is answered from an index, on both databases, and with one query."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.permissions import SYSTEM
from server.newsroom import people
from server.store import entries, front_page
from server.store import people as stored
from tests.support.desk import Newsroom

pytestmark = pytest.mark.anyio

Ask = Callable[[AsyncConnection, Newsroom], Awaitable[Any]]

QUESTIONS: dict[str, tuple[str, Ask]] = {
    "pinned": ("ix_entries_pinned", lambda c, r: entries.pinned(c, r.blog_id)),
    "key events": ("ix_entries_key", lambda c, r: entries.key_events(c, r.blog_id)),
    "due": ("ix_entries_due", lambda c, r: entries.due(c, r.clock())),
    "page": ("ix_entries_number", lambda c, r: entries.between(c, r.blog_id, first=10, last=40)),
    "newest of blogs": ("ix_entries_number", lambda c, r: front_page.latest_of(c, {r.blog_id: 3})),
    "counts": ("ix_entries_status", lambda c, r: entries.counts(c, r.blog_id)),
    "newest": ("ix_entries_listed", lambda c, r: entries.newest_created_at(c, r.blog_id)),
    "drafts": (
        "ix_entries_status", lambda c, r: entries.listed(c, r.blog_id, statuses=["draft"], limit=50)
    ),
    "next page of all": (
        "ix_entries_listed",
        lambda c, r: entries.listed(
            c, r.blog_id, statuses=["draft", "pending", "scheduled", "published", "retracted"], limit=50,
            before=(r.clock(), "a" * 16),
        ),
    ),
}


@contextmanager
def statements(room: Newsroom) -> Iterator[list[tuple[str, Any]]]:
    """What is sent to the database meanwhile."""
    sent: list[tuple[str, Any]] = []

    def keep(_c: Any, _cursor: Any, statement: str, parameters: Any, _x: Any, _many: bool) -> None:
        sent.append((statement, parameters))

    engine = room.database._reader.sync_engine
    event.listen(engine, "before_cursor_execute", keep)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", keep)


@pytest.fixture
async def busy(newsroom: Newsroom) -> AsyncIterator[Newsroom]:
    """A blog with enough in it that a planner has a choice, and statistics."""
    for number in range(60):
        status = ("published", "published", "draft")[number % 3]
        await newsroom.post(f"Update {number}", status=status, pinned=number == 3, key=number % 30 == 0)
        newsroom.clock.forward(minutes=1)
    await newsroom.post("Later", status="scheduled", publish_at=newsroom.clock() + timedelta(hours=1))
    async with newsroom.database.write() as connection:
        await connection.execute(text("ANALYZE"))
    yield newsroom


async def test_an_index_answers(busy: Newsroom, subtests: pytest.Subtests) -> None:
    for question, (index, ask) in QUESTIONS.items():
        with subtests.test(question):
            await _from_index(busy, index, ask)


async def _from_index(busy: Newsroom, index: str, ask: Ask) -> None:
    async with busy.database.read() as connection:
        with statements(busy) as sent:
            await ask(connection, busy)
        assert len(sent) == 1
        if busy.database.dialect == "sqlite":
            explain = "EXPLAIN QUERY PLAN "
        else:
            explain = "EXPLAIN "
            # some sixty rows are read faster than an index; what matters is that the index can be used
            await connection.execute(text("SET LOCAL enable_seqscan = off"))
            await connection.execute(text("SET LOCAL enable_bitmapscan = off"))
            await connection.execute(text("SET LOCAL enable_sort = off"))
        rows = await connection.exec_driver_sql(explain + sent[0][0], sent[0][1])
        plan = "\n".join(str(row) for row in rows)
    assert index in plan, plan
    assert "TEMP B-TREE FOR ORDER BY" not in plan


async def test_all_users_and_their_roles_come_at_once(newsroom: Newsroom) -> None:
    for number in range(5):
        await people.create_user(
            newsroom.desk, SYSTEM, f"user{number}", password="correct horse battery",
            blog_roles={"storm": "editor"} if number % 2 else {},
        )
    async with newsroom.database.read() as connection:
        with statements(newsroom) as sent:
            found = await stored.all_users(connection)
    assert len(sent) <= 2
    assert [(u.username, dict(u.blog_roles)) for u in found] == [
        (f"user{n}", {newsroom.blog_id: "editor"} if n % 2 else {}) for n in range(5)
    ]
