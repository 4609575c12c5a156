"""Database and pictures as one folder, and back: what `stoppress backup` and `stoppress restore` do.

For SQLite. A PostgreSQL has tools of its own, which also do what these cannot (docs/deployment.md).
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import secrets
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from server import __version__, settings
from server.cli import logs
from server.domain.errors import Conflict, Invalid, NotFound, Unavailable
from server.media import picture_backup
from server.settings import Settings
from server.store import backup as files
from server.store import feeds, media, migrate
from server.store.data_folder_lock import DataLock
from server.store.database import Database

DATABASE = "stoppress.db"
MEDIA = "media"
MANIFEST = "backup.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did. `missing`: pictures that the database names and that are nowhere."""

    database: Path
    former: Path | None
    pictures: int
    missing: int


def backup(target: Path) -> int:
    """Copy database and pictures of this installation; the number of picture files."""
    chosen = settings.load()
    source = _sqlite(chosen)
    with logs.quiet(), DataLock(chosen.data_dir, source):
        return make(source, chosen.data_dir / MEDIA, target)


def restore(source: Path) -> Restored:
    """Put a backup in the place of this installation's data."""
    chosen = settings.load()
    database = _sqlite(chosen)
    lock = DataLock(chosen.data_dir, database)
    lock.take()
    try:
        with logs.quiet():
            return bring_back(source, database, chosen.data_dir / MEDIA)
    finally:
        lock.release()


def make(database: Path, pictures: Path, target: Path) -> int:
    """Write a backup beside `target` and rename it in the end: what has that name is whole. Returns the number
    of picture files.

    Raises:
        Conflict: there is something at `target`, or the database is damaged.
        Unavailable: the disk does not take it; nothing is left.
    """
    if target.exists() or target.is_symlink():
        raise Conflict(f"{target}: there is something of that name; name a new folder.")
    if not database.is_file():
        raise NotFound(f"{database}: there is no database to back up.")
    work = target.with_name(f"{target.name}.unfinished-{secrets.token_hex(4)}")
    try:
        work.mkdir(parents=True, mode=0o700)
        # the database first: the files of a picture are older than its row
        files.copy(database, work / DATABASE)
        _require_sound(work / DATABASE)
        files.mark(work / DATABASE)
        count = picture_backup.copy_all(pictures, work / MEDIA)
        _write_manifest(work, count)
        work.rename(target)
        files.fsync(target.parent)
    except OSError as error:
        raise Unavailable(f"{target}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return count


def bring_back(source: Path, database: Path, pictures: Path) -> Restored:
    """Prepare all of it beside the present data; the last step is one rename. Ended before that, by whatever,
    the present data stays as it is.

    Raises:
        Invalid: `source` is no backup.
        Conflict: the backup is damaged, or the database is in use.
        SchemaMismatch: a newer Stop Press wrote it.
        Unavailable: the disk does not take it.
    """
    kept, its_pictures = _opened(source)
    try:
        database.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
        _remove_unfinished(database)
        fresh = database.with_name(f"{database.name}.restoring-{secrets.token_hex(4)}")
        try:
            files.copy(kept, fresh)
            _require_sound(fresh)
            named = asyncio.run(_renew(fresh))
            files.close(fresh)
            fresh.chmod(0o600)
            count = picture_backup.copy_all(its_pictures, pictures) if its_pictures else 0
            missing = sum(not (pictures / i[:2] / f"{i}-full").is_file() for i in named)
            _own(database.parent, fresh, pictures)
            stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
            former = database.with_name(f"before-restore-{stamp}-{secrets.token_hex(2)}")
            files.switch(fresh, database, former=former)
        finally:
            _remove_unfinished(database)
    except OSError as error:
        raise Unavailable(f"{database.parent}: {error.strerror or error}") from error
    if former.exists():
        _own(database.parent, former)
    return Restored(database, former if former.exists() else None, count, missing)


async def _renew(fresh: Path) -> list[str]:
    """Bring a copy to the schema of this version and give every feed a new epoch. The ids of its pictures."""
    opened = Database(f"sqlite:///{fresh}")
    try:
        await migrate.upgrade(opened)
        async with opened.write() as connection:
            await feeds.renew_epoch(connection)
            return await media.ids(connection)
    finally:
        await opened.close()


def _opened(source: Path) -> tuple[Path, Path | None]:
    """The database and the pictures' folder of a backup; its checksum holds."""
    if source.is_file():
        return source, None
    try:
        manifest = json.loads((source / MANIFEST).read_text(encoding="utf-8"))
        wanted, form = manifest["database"]["sha256"], manifest["format"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Invalid.field(str(source), f"no backup: {MANIFEST} is missing or cannot be read") from error
    if form != FORMAT:
        raise Invalid.field(str(source), "a newer Stop Press made this backup")
    try:
        found = _digest(source / DATABASE)
    except OSError as error:
        raise Invalid.field(str(source), f"{DATABASE} cannot be read: {error.strerror}") from error
    if found != wanted:
        raise Conflict(
            f"{source / DATABASE}: not what was backed up; its checksum differs. Nothing was changed."
        )
    return source / DATABASE, source / MEDIA


def _write_manifest(folder: Path, pictures: int) -> None:
    path = folder / DATABASE
    manifest: dict[str, Any] = {
        "format": FORMAT, "version": __version__, "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "database": {"sha256": _digest(path), "bytes": path.stat().st_size}, "picture_files": pictures,
    }
    path.chmod(0o600)
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    files.fsync(folder / MANIFEST)
    files.fsync(folder)


def _require_sound(database: Path) -> None:
    found = files.problems(database)
    if found:
        raise Conflict(f"The database is damaged; nothing was changed. {'; '.join(found)}")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _remove_unfinished(database: Path) -> None:
    """What a restore that was killed left behind."""
    for path in database.parent.glob(f"{database.name}.restoring-*"):
        path.unlink(missing_ok=True)


def _own(like: Path, *paths: Path) -> None:
    """Give what root restores to whoever owns the data folder: the server is not root."""
    if os.geteuid() != 0:
        return
    owner = like.stat()
    for path in paths:
        inside = path.rglob("*") if path.is_dir() else iter(())
        for each in (path, *inside):
            if each.exists():
                os.chown(each, owner.st_uid, owner.st_gid, follow_symlinks=False)


def _sqlite(chosen: Settings) -> Path:
    database = Database(chosen.database)
    if database.file is None:
        raise Conflict(
            "The database is not a SQLite file. For PostgreSQL: “pg_dump -Fc” and “pg_restore”, then "
            "“stoppress migrate --new-epoch”, and a copy of media/ (docs/deployment.md)."
        )
    return database.file.absolute()
