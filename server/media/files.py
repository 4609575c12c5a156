"""Picture files on disk, written atomically."""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

from server.domain.errors import NotFound, Unavailable, of_errno

ASIDE = ".unused"
"""Where files without a row wait, in case the database that knows them comes back."""


class MediaFiles:
    """Files in one folder. Names consist of `[a-z0-9.-]` and are chosen by the server, never by the
    uploader."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, name: str) -> Path:
        return self._folder / name[:2] / name

    async def put(self, name: str, data: bytes) -> None:
        """Write a file durably (fsync). Raises Unavailable if it cannot be written."""
        try:
            await asyncio.to_thread(_write, self.path(name), data)
        except OSError as error:
            raise Unavailable(
                "The picture could not be saved; nothing was written.", reason=of_errno(error)
            ) from error

    async def open(self, name: str) -> BinaryIO:
        """The file, to be read in pieces in a thread and closed. Raises NotFound."""
        try:
            return await asyncio.to_thread(self.path(name).open, "rb")
        except FileNotFoundError as error:
            raise NotFound("Picture not found.") from error

    async def get(self, name: str) -> bytes:
        """All of it at once. Raises NotFound."""
        with await self.open(name) as file:
            return await asyncio.to_thread(file.read)

    async def delete(self, name: str) -> None:
        await asyncio.to_thread(self.path(name).unlink, missing_ok=True)

    async def destroy(self, names: Iterable[str]) -> None:
        """Delete files for good, also those that were set aside. Raises OSError."""
        paths = [path for name in names for path in (self.path(name), self._folder / ASIDE / name)]
        await asyncio.to_thread(_unlink, paths)

    async def stored(self, *, older_than: timedelta) -> dict[str, str]:
        """The name of every file that was written so long ago, with the id of its picture."""
        return await asyncio.to_thread(_listed, self._folder, older_than.total_seconds())

    async def set_aside(self, names: Iterable[str]) -> None:
        """Move files out of the way: `get` finds them no longer, and `put_back` brings them back."""
        await asyncio.to_thread(_move, [(self.path(n), self._folder / ASIDE / n) for n in names])

    async def aside(self) -> dict[str, str]:
        """The files that were set aside, as `stored` lists them."""
        return await asyncio.to_thread(_names, self._folder / ASIDE)

    async def put_back(self, names: Iterable[str]) -> None:
        await asyncio.to_thread(_move, [(self._folder / ASIDE / n, self.path(n)) for n in names])

    async def clear(self, *, aside_for: timedelta, unfinished_for: timedelta) -> None:
        """Delete what was set aside so long ago, and what a write began so long ago and did not end."""
        await asyncio.to_thread(_delete_old, self._folder / ASIDE, "*", aside_for.total_seconds())
        await asyncio.to_thread(_delete_old, self._folder, "??/.*", unfinished_for.total_seconds())


def _listed(folder: Path, seconds: float) -> dict[str, str]:
    """Names by the two letters of their folder; hidden files are still being written."""
    found: dict[str, str] = {}
    for part in folder.glob("??"):
        found |= _names(part, seconds)
    return found


def _names(folder: Path, seconds: float = 0.0) -> dict[str, str]:
    files = folder.glob("[!.]*") if folder.is_dir() else iter(())
    return {path.name: path.name.partition("-")[0] for path in files if _age(path) >= seconds}


def _unlink(paths: list[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _move(moves: list[tuple[Path, Path]]) -> None:
    for source, target in moves:
        target.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):  # another process was quicker
            source.replace(target)
            os.utime(target)


def _delete_old(folder: Path, pattern: str, seconds: float) -> None:
    for path in folder.glob(pattern):
        if path.is_file() and _age(path) >= seconds:
            path.unlink(missing_ok=True)


def _age(path: Path) -> float:
    """Seconds since the file was written; by the clock that wrote its time, which may have been set since."""
    try:
        return max(0.0, time.time() - path.stat().st_mtime)
    except FileNotFoundError:
        return 0.0


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    waiting = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        waiting.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    finally:
        waiting.unlink(missing_ok=True)
