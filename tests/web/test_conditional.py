"""What `Accept-Encoding` may say, and that streams obey it whichever way they come in."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.web.conditional import takes_gzip
from tests.support.app import running
from tests.support.listeners import sse


@pytest.mark.parametrize(
    ("accepted", "taken"),
    [
        ("gzip", True), ("GZip, br", True), ("br,gzip;q=0.5", True), ("gzip; q=1.0", True), ("*", True),
        ("deflate, *;q=0.1", True),
        ("", False), ("identity", False), ("gzip;q=0", False), ("gzip; q=0.000, *", False), ("*;q=0", False),
        ("br", False), ("xgzip", False),
    ],
)
def test_gzip_is_sent_to_who_takes_it(accepted: str, taken: bool) -> None:
    assert takes_gzip(accepted) is taken


@pytest.mark.anyio
@pytest.mark.parametrize("stream_path", ["fast", "parsed", "portable"])
async def test_a_stream_is_not_compressed_for_a_client_that_refuses(stream_path: str, tmp_path: Path) -> None:
    async with running(tmp_path, stream_path=stream_path) as server:
        await server.blog()
        await server.changes()
        headers = {"Accept-Encoding": "gzip;q=0, identity"}
        async with sse(server.address, "/live/storm/stream", headers=headers) as stream:
            assert b"content-encoding" not in stream.head.lower()
            await server.post(body="Plain words")
            event = await stream.next()
            assert event is not None
