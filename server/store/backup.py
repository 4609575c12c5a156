"""A SQLite database as a file: copied while it is in use, checked, and put in the place of another.

All of it is synchronous, and for the command line only.
"""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from server.domain.errors import Conflict, Invalid, Unavailable
from server.store import journal

BUSY_SECONDS = 5.0
ENDS = ("-wal", "-shm", "-journal")
"""What SQLite may keep beside a database."""
MAX_PROBLEMS = 5


def copy(source: Path, target: Path) -> None:
    """Copy a database as it is at one moment, with SQLite's online backup. `target` is one closed file then.

    Raises:
        NotFound, Unavailable: `source` cannot be read, or `target` cannot be written.
        Conflict: the journal beside `source` is not its own.
    """
    journal.require_own(source)
    with _translated(source):
        # what is not being written needs no files beside it, and may lie on a disk that is read-only
        mode = "mode=ro" if _beside(source, "-wal").exists() else "mode=ro&immutable=1"
        with closing(_open(source, mode)) as read, closing(_open(target, "mode=rwc")) as written:
            read.backup(written)
    close(target)


def close(database: Path) -> None:
    """Move everything of a database that nobody uses into its one file, and see to it that it is on disk.

    Raises:
        Conflict: another process has it open.
        Unavailable: it cannot be read or written.
    """
    with _translated(database), closing(_open(database, "mode=rw")) as connection:
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA journal_mode=DELETE")
    fsync(database)
    fsync(database.parent)


def problems(database: Path, *, references: bool = False) -> list[str]:
    """What is wrong with a database, nothing when it is sound. Changes nothing. `references`: also rows that
    name others that are not there, which is wrong and no damage of the file.

    Raises:
        Conflict: the journal beside it is not its own.
        Unavailable: it cannot be read at all.
    """
    journal.require_own(database)
    with _translated(database), closing(_open(database, "mode=ro")) as connection:
        try:
            found = [str(row[0]) for row in connection.execute(f"PRAGMA integrity_check({MAX_PROBLEMS})")]
            if found != ["ok"]:
                return [line for text in found for line in text.splitlines()][:MAX_PROBLEMS]
            if not references:
                return []
            broken = connection.execute("PRAGMA foreign_key_check").fetchmany(MAX_PROBLEMS)
            return [f"a row of {row[0]} names one of {row[2]} that is not there" for row in broken]
        except sqlite3.DatabaseError as error:
            if not error.sqlite_errorname.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
                raise
            return [str(error)]


def switch(fresh: Path, database: Path, *, former: Path) -> None:
    """Put `fresh` in the place of `database`, and keep that in the folder `former`. At every moment there is
    one whole database in the place.

    Raises:
        Conflict: another process has the database open.
        Unavailable: the disk does not take it.
    """
    if database.exists():
        if journal.foreign(database) is None:
            with suppress(Unavailable):  # one that is damaged keeps its journal, in `former`
                close(database)
        try:
            former.mkdir(mode=0o700, exist_ok=True)
            for end in ENDS:
                with suppress(FileNotFoundError):
                    _beside(database, end).replace(former / f"{database.name}{end}")
            _keep(database, former / database.name)
        except OSError as error:
            raise Unavailable(f"{former}: {error.strerror}") from error
    for end in ENDS:
        _beside(database, end).unlink(missing_ok=True)
    fresh.replace(database)
    fsync(database.parent)


def _keep(database: Path, former: Path) -> None:
    try:
        former.hardlink_to(database)
    except OSError:  # a file system without hard links
        shutil.copy2(database, former)


def mark(database: Path) -> None:
    """Give a closed copy a change counter of its own, so that a journal of the original that lies beside it one
    day is known for what it is (see `journal.py`)."""
    counter = secrets.randbits(31).to_bytes(4, "big")
    with database.open("r+b") as file:
        for place in (24, 92):  # SQLite believes the header when both are the same
            file.seek(place)
            file.write(counter)
        file.flush()
        os.fsync(file.fileno())


def fsync(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _open(path: Path, mode: str) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?{mode}"
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=BUSY_SECONDS)


def _beside(database: Path, end: str) -> Path:
    return database.with_name(database.name + end)


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "")
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise Conflict(f"{path}: another process has the database open; stop it first.") from error
        if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
            raise Unavailable(f"{path}: {error}", reason="corrupt") from error
        if name.startswith("SQLITE_CANTOPEN") and not path.exists():
            raise Invalid.field(str(path), "there is no such file") from error
        raise Unavailable(f"{path}: {error}") from error
    except OSError as error:
        raise Unavailable(f"{path}: {error.strerror or error}") from error
