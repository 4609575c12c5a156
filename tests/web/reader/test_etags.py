"""An ETag names one text: after a restore, when the epoch is another, no earlier one is valid."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.store import blogs, feeds
from tests.support.app import running

pytestmark = pytest.mark.anyio


async def test_an_etag_does_not_survive_a_new_epoch(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        await server.blog("storm")
        entry = await server.post()
        paths = ["/", "/live/storm", f"/live/storm/entries/{entry['id']}"]
        before = {path: (await server.anonymous.get(path)).headers["etag"] for path in paths}
        for path, etag in before.items():
            answer = await server.anonymous.get(path, headers={"If-None-Match": etag})
            assert answer.status_code == 304, path
        async with server.desk.database.write() as connection:
            await feeds.renew_epoch(connection, (await blogs.by_slug(connection, "storm")).id)
        await server.post()  # makes this process see it
        for path, etag in before.items():
            answer = await server.anonymous.get(path, headers={"If-None-Match": etag})
            assert answer.status_code == 200, path
