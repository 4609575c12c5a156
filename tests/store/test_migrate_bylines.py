"""Revision 0002 on a database of the version before: every byline becomes a list, and nothing is lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.permissions import Caller
from server.newsroom import entries
from server.newsroom.desk import Desk
from server.store import blogs, bylines, link_checks, migrate
from server.store import entries as stored
from server.store.database import Database
from tests.support.desk import RecordingBroker
from tests.support.postgres import Postgres

pytestmark = pytest.mark.anyio

AT = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
EDITOR = Caller("user:editor", "Ada Editor", "editor")
OLD = {"title": "Harbour open", "blocks": [{"type": "text", "html": "<p>Since noon</p>", "markdown": ""}],
       "pinned": False, "key": True, "breaking": False}
MANY = 1_203
"""More than two chunks, and not a whole number of them."""
GONE = 11
"""The number of an entry with a link that was gone when it was posted, before those were looked up again."""


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def old_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'old.db'}"
        return
    server: Postgres = request.getfixturevalue("postgres_server")
    name = server.create()
    yield server.url(name)
    server.drop(name)


async def _insert(connection: AsyncConnection, table: str, rows: list[dict[str, Any]]) -> None:
    at = "2026-03-01 09:00:00.000000" if connection.dialect.name == "sqlite" else AT
    columns = ", ".join(f'"{name}"' for name in rows[0])
    values = ", ".join(f":{name}" for name in rows[0])
    shown = [{k: at if v is AT else v for k, v in row.items()} for row in rows]
    await connection.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({values})"), shown)


def _entry(number: int, byline: str) -> dict[str, Any]:
    content = OLD | {"byline": byline}
    if number == GONE:
        content |= {"blocks": [{"type": "embed", "url": "https://example.org/1", "unavailable": True}]}
    elif number == GONE + 1:
        content |= {"title": 'Nothing is "unavailable": true'}
    return {
        "id": f"e{number:04}", "blog_id": "b1", "status": "published", "revision": 2,
        "content": json.dumps(content), "author_id": "token:1", "author_name": "Import",
        "created_at": AT, "updated_at": AT, "published_at": AT, "number": number, "pinned": False, "key": True,
        "public_seq": number, "newsroom_seq": number,
    }


async def _old_database(url: str) -> Database:
    database = Database(url)
    async with database.write() as connection:
        await connection.run_sync(lambda c: migrate._run(c, "0001"))
    blog = {
        "headline": "Storm", "standfirst": "", "key_developments": "[]", "status": "live", "language": "en",
        "time_zone": "UTC", "related": "[]", "revision": 1, "created_at": AT, "updated_at": AT,
        "published_count": MANY, "public_seq": 1, "newsroom_seq": 1,
    }
    async with database.write() as connection:
        await _insert(connection, "blogs", [
            blog | {"id": "b1", "slug": "storm", "byline": "Ada in Rome, Bea in Turin"},
            blog | {"id": "b2", "slug": "calm", "byline": ""},
        ])
        await _insert(connection, "feeds", [
            {"blog_id": b, "name": n, "epoch": "k3f9", "seq": MANY}
            for b in ("b1", "b2") for n in ("public", "newsroom")
        ])
        names = ["Ada Lovelace", "ada  LOVELACE", "", "\u200b", "O’Brien, Cem"]
        made = [_entry(n + 1, names[n % len(names)]) for n in range(MANY)]
        await _insert(connection, "entries", made)
        await _insert(connection, "revisions", [
            {"entry_id": row["id"], "revision": revision, "status": "published",
             "content": row["content"], "author_id": "token:1", "author_name": "Import", "at": AT}
            for row in made for revision in (1, 2)
        ])
        content = blog | {"byline": "Ada in Rome, Bea in Turin", "created_at": "", "updated_at": ""}
        await _insert(connection, "blog_revisions", [
            {"blog_id": "b1", "revision": 1, "content": json.dumps(content), "author_id": "u",
             "author_name": "u", "at": AT}
        ])
    return database


async def test_old_bylines_become_lists(old_url: str, tmp_path: Path) -> None:
    database = await _old_database(old_url)
    assert await migrate.upgrade(database) == migrate.latest()
    async with database.read() as connection:
        found = {r.byline.name: r.byline for r in await bylines.listed(connection)}
        assert set(found) == {"Ada Lovelace", "O’Brien, Cem", "Ada in Rome, Bea in Turin"}
        storm, calm = await blogs.by_slug(connection, "storm"), await blogs.by_slug(connection, "calm")
        assert storm.bylines == (found["Ada in Rome, Bea in Turin"],)
        assert (storm.topics, calm.bylines, calm.topics) == ((), (), ())
        everything = await stored.listed(connection, "b1", statuses=["published"], limit=MANY + 1)
        assert len(everything) == MANY, "no entry went with the old table"
        by_number = {e.number: e.content for e in everything}
        assert by_number[1].bylines == (found["Ada Lovelace"],)
        assert [c.entry_id for c in await link_checks.due(connection, AT, limit=9)] == [f"e{GONE:04}"]
        (second,) = by_number[2].bylines
        assert (second.name, second.id) == ("ada LOVELACE", found["Ada Lovelace"].id), "shown as it was"
        assert by_number[3].bylines == by_number[4].bylines == ()
        assert [b.name for b in by_number[MANY - 3].bylines] == ["O’Brien, Cem"], "split nothing"
        assert (by_number[1].title, by_number[1].topics, by_number[1].language) == ("Harbour open", (), None)
        kept = await stored.revisions_of(connection, f"e{MANY:04}")
        assert [(r.revision, r.content) for r in kept] == [(2, by_number[MANY]), (1, by_number[MANY])]
        content = (await connection.execute(text("SELECT content FROM blog_revisions"))).scalar_one()
        content = json.loads(content) if isinstance(content, str) else content
        assert [b["name"] for b in content["bylines"]] == [content["byline"]] == ["Ada in Rome, Bea in Turin"]
    await _written_on(database)
    await database.close()


async def _written_on(database: Database) -> None:
    """What was migrated can be edited, retracted and restored."""
    desk = Desk(database, RecordingBroker(), None)  # type: ignore[arg-type]
    edited = await entries.edit(desk, EDITOR, "storm", "e0002", {"title": "New"}, revision=2)
    assert [b.name for b in edited.entry.content.bylines] == ["Ada Lovelace"], "now as its record says"
    await entries.retract(desk, EDITOR, "storm", "e0001")
    restored = await entries.restore(desk, EDITOR, "storm", "e0001")
    assert [b.name for b in restored.entry.content.bylines] == ["Ada Lovelace"]
