"""Picture files on disk, written atomically."""

from __future__ import annotations

import asyncio
import os
import secrets
from pathlib import Path

from server.domain.errors import NotFound, Unavailable


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
            raise Unavailable("The picture could not be saved; nothing was written.") from error

    async def get(self, name: str) -> bytes:
        """Raises NotFound."""
        try:
            return await asyncio.to_thread(self.path(name).read_bytes)
        except FileNotFoundError as error:
            raise NotFound("Picture not found.") from error

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
