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
from server.domain.errors import Conflict, SchemaMismatch, StopPressError, Unavailable

if TYPE_CHECKING:
    from server.newsroom.desk import Desk
    from server.settings import Settings
    from server.store.database import Database

REDIS_SECONDS = 5.0
LOOK_AGAIN_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. A finding that is not `ok` keeps the server from working as set up."""

    name: str
    ok: bool
    detail: str


def check(as_json: AsJson = False) -> None:
    """Look whether this installation can run. Exits 0 when all is well, 1 when something is not."""
    from server import settings
    from server.cli import logs

    chosen = settings.load()
    with logs.quiet():
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
    from server.broker.memory import MemoryBroker
    from server.installation import make_desk

    desk = make_desk(chosen, broker=MemoryBroker())
    try:
        found = [
            Finding("settings", True, f"{chosen.workers} process(es) on {chosen.host}:{chosen.port}"),
            await _try("database", lambda: _database(desk.database)),
        ]
        # SQLite would replay a journal that is not its own, and a damaged file may get worse
        if found[-1].ok or desk.database.file is None:
            found.append(await _try("schema", lambda: _schema(desk.database)))
        if found[-1].ok:
            found.append(await _try("posts", lambda: _posts(desk)))
        found.append(await _try("redis", lambda: _redis(chosen)))
        found.append(await _try("media", lambda: asyncio.to_thread(_media, chosen.data_dir / "media")))
        return found
    finally:
        await desk.database.close()


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

    from server.store import backup

    if database.file is not None and database.file.exists():
        found = await asyncio.to_thread(backup.problems, database.file, references=True)
        if found:
            raise Conflict("Damaged: " + "; ".join(found))
    async with database.read() as connection:
        await connection.execute(text("SELECT 1"))
    return database.url.render_as_string(hide_password=True)


async def _schema(database: Database) -> str:
    from server.store import migrate

    await migrate.check(database, create=False)
    async with database.read() as connection:
        missing = await connection.run_sync(migrate.missing)
    if missing:
        raise SchemaMismatch("Missing: " + ", ".join(missing))
    return "as this version needs it"


async def _posts(desk: Desk) -> str:
    from server.newsroom.readiness import WriteProbe

    found = await WriteProbe(desk).look()
    if not found.fine:
        raise Unavailable(found.detail)
    return "a row was written"


async def _redis(chosen: Settings) -> str:
    """What a server does with it: publish, and see it come back."""
    if not chosen.redis_url:
        return "not set: one process, no Redis needed"
    from server.broker.redis.url import scheme_of
    from server.installation import make_broker

    if scheme_of(chosen.redis_url) in ("redis", "rediss", "unix"):
        await _ping(chosen.redis_url)  # it says why
    broker = make_broker(chosen)
    await broker.start()
    try:
        async with asyncio.timeout(REDIS_SECONDS):
            while not broker.state().verified:  # noqa: ASYNC110 (a broker has no event for it)
                await asyncio.sleep(LOOK_AGAIN_SECONDS)
    except TimeoutError:
        raise Unavailable(f"Nothing that was published came back in {REDIS_SECONDS:g} seconds.") from None
    finally:
        await broker.close()
    return "what is published comes back"


async def _ping(url: str) -> None:
    from server.broker.redis.url import client_of, connection_options

    client = client_of(url, connection_options("stoppress-check", seconds=REDIS_SECONDS))
    try:
        await client.ping()
    finally:
        await client.aclose()


def _media(folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        file.write(b"check")
        file.flush()
        os.fsync(file.fileno())
    return f"{folder} can be written"
