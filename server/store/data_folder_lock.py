"""Keeps `stoppress restore` and running servers apart: a lock on the data folder that the kernel lets go of
when its process ends, however it ends (flock).

A server and each command that opens the database share it; a restore takes it for itself.
"""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path

from server.domain.errors import Conflict, Unavailable
from server.store import journal

NAME = "stoppress.lock"
WAIT_SECONDS = 5.0
"""How long a server that starts waits for one that just looks whether it is alone."""
AGAIN_SECONDS = 0.05


class DataLock:
    """The lock of one installation.

    Args:
        data: the data folder.
        database: the file of SQLite, which may lie elsewhere; None for PostgreSQL.
    """

    def __init__(self, data: Path, database: Path | None) -> None:
        self._database = database
        folders = [data] if database is None else [data, database.parent]
        self._paths = sorted({folder.absolute() / NAME for folder in folders})
        self._files: list[int] = []

    def share(self) -> None:
        """Take it as a server does. Whoever comes first looks whether the database's journal is its own.

        Raises:
            Unavailable: a restore is under way.
            Conflict: the journal beside the database is of another one.
        """
        self._open(must=False)
        try:
            if self._lock(fcntl.LOCK_EX) and self._database is not None:
                journal.require_own(self._database)
            until = time.monotonic() + WAIT_SECONDS
            while not self._lock(fcntl.LOCK_SH):
                if time.monotonic() > until:
                    raise Unavailable("A restore is under way on this data folder; wait until it has ended.")
                time.sleep(AGAIN_SECONDS)
        except BaseException:
            self.release()
            raise

    def take(self) -> None:
        """Take it alone, as a restore does.

        Raises:
            Conflict: a server or a command uses the data folder.
            Unavailable: the folder cannot be written.
        """
        self._open(must=True)
        if not self._lock(fcntl.LOCK_EX):
            self.release()
            raise Conflict("A server or another command runs on this data folder; stop it first.")

    def release(self) -> None:
        for number in self._files:
            os.close(number)
        self._files = []

    def __enter__(self) -> DataLock:
        self.share()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def _open(self, *, must: bool) -> None:
        for path in self._paths:
            try:
                with suppress(FileExistsError):
                    path.parent.mkdir(parents=True, mode=0o700)
                self._files.append(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            except OSError as error:
                # nobody restores into a folder that cannot be written
                if must:
                    self.release()
                    raise Unavailable(f"{path.parent}: {error.strerror}") from error

    def _lock(self, how: int) -> bool:
        return all(_try(number, how) for number in self._files)


def _try(number: int, how: int) -> bool:
    try:
        fcntl.flock(number, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True
