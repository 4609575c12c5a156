"""Pictures on disk: written whole or not at all, named by what is in them."""

from __future__ import annotations

import asyncio
import os
import secrets
from pathlib import Path

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

    async def get(self, name: str) -> bytes:
        """Raises NotFound."""
        try:
            return await asyncio.to_thread(self.path(name).read_bytes)
        except FileNotFoundError as error:
            raise NotFound("There is no such picture.") from error

    async def delete(self, name: str) -> None:
        await asyncio.to_thread(self.path(name).unlink, missing_ok=True)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    waiting = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with waiting.open("wb") as file:
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
