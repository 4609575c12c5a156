"""Which compression a client accepts, and compressing what is sent whole."""

from __future__ import annotations

import asyncio
import functools
import gzip

GZIP_LEVEL = 6
LEAST_BYTES = 1024
"""Below that, compressing costs more than it saves: everything fits into one packet."""
MOST_AT_ONCE = 16_384
"""Bytes that are compressed on the event loop; it takes about half a millisecond. More goes to a thread."""
KEPT = 64
"""Small bodies kept compressed, 16 KB each at most: whoever polls from one position gets the same bytes."""


def takes_gzip(*accepted: str) -> bool:
    """Whether `Accept-Encoding` allows gzip: it is named, or `*` is, and not with a weight of 0 (RFC 9110
    §12.5.3).

    Args:
        accepted: the values of all header lines of that name: together they are one list (§5.3).
    """
    weights: dict[str, bool] = {}
    for part in ",".join(accepted).lower().split(","):
        name, _, parameters = part.partition(";")
        weight = parameters.strip().removeprefix("q=").strip()
        weights[name.strip()] = not weight or weight.strip("0.") != ""
    return weights.get("gzip", weights.get("*", False))


async def gzipped(body: bytes) -> bytes:
    """A body compressed, without holding up the event loop."""
    if len(body) > MOST_AT_ONCE:
        return await asyncio.to_thread(_gzip, body)
    return _kept(body)


def _gzip(body: bytes) -> bytes:
    return gzip.compress(body, GZIP_LEVEL, mtime=0)


_kept = functools.lru_cache(maxsize=KEPT)(_gzip)
