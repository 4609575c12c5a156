"""Pictures on disk: written whole or not at all, named by what is in them."""

from __future__ import annotations

import asyncio
import os
import secrets
from pathlib import Path
from typing import BinaryIO

from server.domain.errors import NotFound, Unavailable


class MediaFiles:
    """Files under one folder. Names are `[a-z0-9.-]`, chosen by the server, never by who uploads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, name: str) -> Path:
        return self._folder / name[:2] / name

    async def put(self, name: str, data: bytes) -> None:
        """Keep a file for good before it returns (fsync). Raises Unavailable when the disk takes no more."""
        try:
            await asyncio.to_thread(_write, self.path(name), data)
        except OSError as error:
            raise Unavailable("The picture could not be stored; nothing was written.") from error

    async def open(self, name: str) -> BinaryIO:
        """The file, to be read in pieces in a thread and closed. Raises NotFound."""
        try:
            return await asyncio.to_thread(self.path(name).open, "rb")
        except FileNotFoundError as error:
            raise NotFound("There is no such picture.") from error

    async def get(self, name: str) -> bytes:
        """All of it at once. Raises NotFound."""
        with await self.open(name) as file:
            return await asyncio.to_thread(file.read)

    async def delete(self, name: str) -> None:
        await asyncio.to_thread(self.path(name).unlink, missing_ok=True)


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
