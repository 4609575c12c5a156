"""Copies of the pictures' folder, for backups. Synchronous, and for the command line only."""

from __future__ import annotations

import filecmp
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from server.domain.errors import Unavailable, of_errno


def copy_all(source: Path, target: Path) -> int:
    """Bring every picture of `source` to `target`, each whole or not at all, and on disk. Files that are there
    already are compared. Nothing is removed, and a file never changes once it is written, so `source` may be in
    use. Returns how many files `source` has.

    Raises:
        Unavailable: the disk takes no more; what was copied stays, and does no harm.
    """
    count = 0
    try:
        target.mkdir(parents=True, mode=0o700, exist_ok=True)
        for path in _files(source):
            wanted = target / path.name[:2] / path.name
            if not wanted.is_file() or not filecmp.cmp(path, wanted, shallow=False):
                _copy(path, wanted)
            count += 1
    except OSError as error:
        raise Unavailable(f"{target}: {error.strerror or error}", reason=of_errno(error)) from error
    return count


def _files(folder: Path) -> Iterator[Path]:
    """Hidden ones are still being written, or were set aside."""
    for part in sorted(folder.glob("[!.]?")):
        yield from sorted(path for path in part.glob("[!.]*") if path.is_file())


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(exist_ok=True)
    waiting = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        with source.open("rb") as read, waiting.open("xb") as written:
            shutil.copyfileobj(read, written, 1 << 20)
            written.flush()
            os.fsync(written.fileno())
        shutil.copystat(source, waiting)
        waiting.replace(target)
    finally:
        waiting.unlink(missing_ok=True)
