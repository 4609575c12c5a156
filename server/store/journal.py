"""Whether the `-wal` file beside a SQLite database belongs to it.

SQLite cannot tell: it replays whatever journal it finds. A backup that was copied over the database of a server
that had been killed is then a mixture of both, or silently not there at all. But each page 1 in the journal
carries the database's change counter, and the pages of the journal follow those of the file without a gap.

The formats: https://www.sqlite.org/fileformat2.html, sections 1.3 and 4.1.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from server.domain.errors import Conflict

_HEADER = struct.Struct(">IIIIIIII")
_FRAME = struct.Struct(">IIIIII")
_MAGIC = (0x377F0682, 0x377F0683)
"""The second one: checksums are of big-endian words."""
_COUNTER_AT = 24
_LARGEST_PAGE = 65_536


class _Journal(NamedTuple):
    page_size: int
    first: int | None
    """The change counter of the first page 1 in it."""
    last: int


def require_own(database: Path) -> None:
    """Pass when there is no journal, or when it can be this database's.

    Raises:
        Conflict: it is another's; nothing was opened or changed.
    """
    reason = foreign(database)
    if reason is not None:
        wal = _beside(database)
        raise Conflict(
            f"{wal.name} is not the journal of {database.name} ({reason}). Nothing was changed. If a backup "
            f"was copied here, move {wal.name} and {database.name}-shm away, or use “stoppress restore”."
        )


def foreign(database: Path) -> str | None:
    """Why the journal cannot be this database's; None when it can, or when there is none. Opens nothing."""
    try:
        with database.open("rb") as file:
            head = file.read(100)
        with _beside(database).open("rb") as file:
            found = _read(file)
    except OSError:
        return None
    if len(head) < 100 or found is None:
        return None  # SQLite throws such a journal away
    page_size = int.from_bytes(head[16:18], "big")
    page_size = _LARGEST_PAGE if page_size == 1 else page_size
    if found.page_size != page_size:
        return f"its pages have {found.page_size} bytes, those of the database {page_size}"
    counter = _counter(head)
    if found.first is None:
        return None
    # nothing of it is in the database yet: it goes on one after; all of it is: it ends at the same
    if not found.first - 1 <= counter <= found.last:
        return f"it goes from change {found.first} to {found.last}, and the database is at {counter}"
    return None


def _read(file: BinaryIO) -> _Journal | None:
    """None when SQLite would not replay any of it."""
    raw = file.read(_HEADER.size)
    if len(raw) < _HEADER.size:
        return None
    magic, _, page_size, _, *rest = _HEADER.unpack(raw)
    order = ">" if magic == _MAGIC[1] else "<"
    if magic not in _MAGIC or _checksum(raw[:24], order, (0, 0)) != tuple(rest[2:]):
        return None
    salts = tuple(rest[:2])
    first: int | None = None
    last, frames = 0, 0
    for counter in _counters(file, page_size, salts, order, tuple(rest[2:])):
        frames += 1
        if counter is not None:
            first = counter if first is None else first
            last = max(last, counter)
    return _Journal(page_size, first, last) if frames else None


def _counters(
    file: BinaryIO, page_size: int, salts: tuple[int, ...], order: str, checksum: tuple[int, ...]
) -> Iterator[int | None]:
    """For each frame of this journal: the change counter if it holds page 1, else None. What an earlier round
    left behind it has other salts. Checksums, which are slow here, are looked at up to the first page 1."""
    checking = True
    while len(head := file.read(_FRAME.size)) == _FRAME.size:
        number, _, *rest = _FRAME.unpack(head)
        page = file.read(page_size)
        if tuple(rest[:2]) != salts or len(page) < page_size:
            return
        if checking:
            checksum = _checksum(page, order, _checksum(head[:8], order, checksum))
            if checksum != tuple(rest[2:]):
                return
            checking = number != 1
        yield _counter(page) if number == 1 else None


def _checksum(data: bytes, order: str, start: tuple[int, ...]) -> tuple[int, int]:
    one, two = start
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for first, second in zip(words[::2], words[1::2], strict=True):
        one = (one + first + two) & 0xFFFFFFFF
        two = (two + second + one) & 0xFFFFFFFF
    return one, two


def _counter(page: bytes) -> int:
    return int.from_bytes(page[_COUNTER_AT : _COUNTER_AT + 4], "big")


def _beside(database: Path) -> Path:
    return database.with_name(database.name + "-wal")
