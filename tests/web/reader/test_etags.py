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
        api = f"/api/v1/blogs/storm/entries/{entry['id']}"
        paths = ["/", "/live/storm", f"/live/storm/entries/{entry['id']}", api, "/api/v1/blogs/storm"]
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


async def test_an_edit_of_what_was_read_before_a_restore_is_refused(tmp_path: Path) -> None:
    """The database went back and the same revision was written again with other words."""
    async with running(tmp_path) as server:
        await server.blog("storm")
        entry = await server.post(title="As it is now")
        for path, changed in (
            (f"/api/v1/blogs/storm/entries/{entry['id']}", {"title": "Built on other words"}),
            ("/api/v1/blogs/storm", {"headline": "Built on other words"}),
        ):
            etag = (await server.http.get(path)).headers["etag"]
            fine = await server.http.patch(path, json=changed, headers={"If-Match": etag})
            assert fine.status_code == 200, path
            etag = fine.headers["etag"]
            async with server.desk.database.write() as connection:
                await feeds.renew_epoch(connection)
            refused = await server.http.patch(path, json=changed, headers={"If-Match": etag})
            assert (refused.status_code, refused.json()["code"]) == (412, "stale_revision"), path
            again = (await server.http.get(path)).headers["etag"]
            assert again != etag
            fine = await server.http.patch(path, json=changed, headers={"If-Match": again})
            assert fine.status_code == 200, path
        stale = {"If-Match": f'"2.{entry["position"]}"'}
        path = f"/api/v1/blogs/storm/entries/{entry['id']}"
        assert (await server.http.delete(path, headers=stale)).status_code == 412
