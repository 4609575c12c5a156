"""SQLite databases with today's schema and nothing in them, as copies of one that was migrated."""

from __future__ import annotations

import asyncio
import atexit
import functools
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from server.store import migrate
from server.store.database import Database

NAME = "stoppress.db"


def copy_to(path: Path) -> None:
    """Put one at this path."""
    shutil.copyfile(_migrated(), path)
    path.chmod(0o600)


def prepare(data_dir: Path, **chosen: Any) -> None:
    """What `stoppress migrate` does to an installation without a database, if it is to be one of SQLite."""
    path = data_dir / NAME
    if not chosen.get("database_url") and not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        copy_to(path)


@functools.cache
def _migrated() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="stoppress-schema-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = folder / NAME
    with ThreadPoolExecutor(1) as pool:  # whoever asks may run in an event loop
        pool.submit(asyncio.run, _migrate(path)).result()
    return path


async def _migrate(path: Path) -> None:
    database = Database(f"sqlite:///{path}")
    await migrate.upgrade(database)
    await database.close()
