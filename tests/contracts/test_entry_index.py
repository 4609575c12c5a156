"""Entries are found by topic and by their words, on both databases; what is not published is not found."""

from __future__ import annotations

import importlib

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from server.newsroom import blogs
from server.store import entry_index
from server.store.entry_index import Wanted
from server.text.search import words_in
from tests.support.desk import EDITOR, Newsroom

pytestmark = pytest.mark.anyio


async def found(newsroom: Newsroom, query: str = "", *, limit: int = 50, **wanted: object) -> list[int | None]:
    asked = Wanted(words=words_in(query), **wanted)  # type: ignore[arg-type]
    async with newsroom.database.read() as connection:
        some = await entry_index.found(connection, newsroom.blog_id, asked, count=1_000, limit=limit)
    return [entry.number for entry in some]


async def test_words_are_found_in_any_script(newsroom: Newsroom) -> None:
    texts = [
        "Café CLOSED at 100% speed", "أَحمد وصل إلى الميناء", "東京都で地震がありました", "Straße gesperrt",
        "a_b 50 %",
    ]
    for words in texts:
        await newsroom.post(words)
    cases = {
        "cafe": [1], "CLOSED café": [1], "احمد": [2], "ميناء": [2], "地震": [3], "STRASSE": [4], "100%": [1],
        "%": [5, 1], "a_b": [5], "_": [5], "closed port": [], "ＣＡＦÉ": [1],
    }
    assert {query: await found(newsroom, query) for query in cases} == cases


async def test_what_is_not_published_is_not_found(newsroom: Newsroom) -> None:
    await blogs.edit(newsroom.desk, EDITOR, "storm", {"topics": ("Ferries",)}, revision=None)
    entry = await newsroom.post("The witness", topics=("Ferries",))
    await newsroom.post("The witness", status="draft", topics=("Ferries",))
    assert await found(newsroom, "witness") == [1] == await found(newsroom, topic="ferries")
    await newsroom.edit(entry, "Someone")
    assert await found(newsroom, "witness") == []
    await newsroom.edit(entry, "The witness")
    await newsroom.retract(entry)
    assert await found(newsroom, "witness") == [] == await found(newsroom, topic="ferries")
    async with newsroom.database.read() as connection:
        for table in ("entry_words", "entry_topics"):
            left = (await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar()
            assert left == 0, table
    await newsroom.restore(entry)
    assert await found(newsroom, "witness") == [1] == await found(newsroom, topic="ferries")


async def test_the_migration_indexes_what_is_there(newsroom: Newsroom) -> None:
    await blogs.edit(newsroom.desk, EDITOR, "storm", {"topics": ("North West", "Sea")}, revision=None)
    await newsroom.post("<em>Café</em> &amp; harbour", title="Ferries", topics=("North West", "Sea"))
    await newsroom.post("Not yet", status="draft", topics=("Sea",))
    await newsroom.retract(await newsroom.post("The witness", topics=("Sea",)))
    migration = importlib.import_module("server.store.migrations.versions.0007_entry_index")

    async def rows(connection: AsyncConnection) -> list[list[tuple[object, ...]]]:
        tables = ("entry_words", "entry_topics")
        found = [(await connection.execute(text(f"SELECT * FROM {table}"))).all() for table in tables]
        return [sorted(tuple(row) for row in some) for some in found]

    async with newsroom.database.write() as connection:
        before = await rows(connection)
        for table in ("entry_words", "entry_topics"):
            await connection.execute(text(f"DELETE FROM {table}"))
        await connection.run_sync(migration._fill)
        assert await rows(connection) == before
    assert await found(newsroom, "cafe & harbour") == [1] == await found(newsroom, topic="sea")


async def test_entries_come_in_either_order_after_a_number(newsroom: Newsroom) -> None:
    await blogs.edit(newsroom.desk, EDITOR, "storm", {"topics": ("North West", "Sea")}, revision=None)
    for number in range(1, 7):
        topics = ("North West", "Sea") if number % 2 else ("Sea",)
        await newsroom.post(f"Update {number}", topics=topics, key=number == 3)
    assert await found(newsroom, topic="north-west") == [5, 3, 1]
    assert await found(newsroom, topic="north-west", after=5) == [3, 1]
    assert await found(newsroom, topic="north-west", oldest_first=True, after=1) == [3, 5]
    assert await found(newsroom, topic="north-west", limit=2) == [5, 3]
    assert await found(newsroom, topic="sea", key=True) == [3] == await found(newsroom, "update 3")
    assert await found(newsroom, topic="nowhere") == []
