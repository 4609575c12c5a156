"""`stoppress check`: can this installation run? Looks at settings, database, schema, Redis and media."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from server.cli.output import AsJson, Exit, print_json, show, table
from server.domain.errors import StopPressError

if TYPE_CHECKING:
    from server.settings import Settings
    from server.store.database import Database

REDIS_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. A finding that is not `ok` keeps the server from working as set up."""

    name: str
    ok: bool
    detail: str


def check(as_json: AsJson = False) -> None:
    """Look whether this installation can run. Exits 0 when all is well, 1 when something is not."""
    from server import settings

    chosen = settings.load()
    findings = asyncio.run(look(chosen))
    fine = all(f.ok for f in findings)
    if as_json:
        rows = [{"name": f.name, "ok": f.ok, "detail": f.detail} for f in findings]
        print_json({"ok": fine, "checks": rows})
    else:
        marks = [(f.name, "[green]ok[/green]" if f.ok else "[red]failed[/red]", f.detail) for f in findings]
        show(table("Stop Press", ["what", "state", "detail"], marks))
    raise typer.Exit(Exit.OK if fine else Exit.FAILED)


async def look(chosen: Settings) -> list[Finding]:
    """Every finding, in the order in which a person would mend them."""
    from server.store.database import Database

    database = Database(chosen.database)
    try:
        return [
            Finding("settings", True, f"{chosen.workers} process(es) on {chosen.host}:{chosen.port}"),
            await _try("database", lambda: _database(database)),
            await _try("schema", lambda: _schema(database)),
            await _try("redis", lambda: _redis(chosen.redis_url)),
            await _try("media", lambda: asyncio.to_thread(_media, chosen.data_dir / "media")),
        ]
    finally:
        await database.close()


async def _try(name: str, look_at: Callable[[], Awaitable[str]]) -> Finding:
    from redis.exceptions import RedisError

    try:
        return Finding(name, True, await look_at())
    except StopPressError as error:
        return Finding(name, False, error.detail)
    except (OSError, RedisError) as error:
        return Finding(name, False, str(error) or type(error).__name__)


async def _database(database: Database) -> str:
    from sqlalchemy import text

    async with database.read() as connection:
        await connection.execute(text("SELECT 1"))
    return database.url.render_as_string(hide_password=True)


async def _schema(database: Database) -> str:
    from server.store import migrate

    await migrate.check(database, create=False)
    return "as this version needs it"


async def _redis(url: str) -> str:
    if not url:
        return "not set: one process, no Redis needed"
    from redis.asyncio import Redis

    client = Redis.from_url(url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS)
    try:
        await client.ping()
    finally:
        await client.aclose()
    return "answers"


def _media(folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        file.write(b"check")
        file.flush()
        os.fsync(file.fileno())
    return f"{folder} can be written"
