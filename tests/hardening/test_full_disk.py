"""A disk that takes no more is 503, never 500: of the temporary folder, of the pictures, of the database."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from tests.support.app import Running, running
from tests.support.disks import fill

pytestmark = pytest.mark.anyio

LARGE = bytes(3_000_000)
"""More than is kept in memory of an upload."""


async def _upload(server: Running, data: bytes) -> tuple[int, str]:
    answer = await server.http.post("/api/v1/media", files={"file": ("a.png", data, "image/png")})
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize("first_use", [True, False])
async def test_a_full_temporary_folder(
    tmp_path: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch, first_use: bool
) -> None:
    fill(small_disk)
    monkeypatch.setenv("TMPDIR", str(small_disk))
    # None: it is looked for again, and a full one is then none at all
    monkeypatch.setattr(tempfile, "tempdir", None if first_use else str(small_disk))
    if first_use:
        monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: [str(small_disk)])
    async with running(tmp_path) as server:
        assert await _upload(server, LARGE) == (503, "unavailable")
        form = await server.http.post(
            "/api/v1/media", files={"file": ("a.png", LARGE, "image/png")}, headers={"Accept": "text/html"}
        )
        assert form.status_code == 503
        assert int(form.headers["Retry-After"]) > 0
        await server.blog()
        assert (await server.post())["id"]


async def test_a_full_data_disk_is_told_by_readyz_and_metrics(tmp_path: Path, small_disk: Path) -> None:
    async with running(small_disk) as server:
        await server.blog()
        assert (await server.anonymous.get("/readyz")).status_code == 200
        filling = fill(small_disk)
        refused = None
        for _ in range(300):
            refused = await server.http.post("/api/v1/blogs/storm/entries", json={"body": "x" * 5000})
            if refused.status_code != 201:
                break
        assert refused is not None
        assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
        await server.site.probe.look()
        answer = await server.anonymous.get("/readyz")
        assert (answer.status_code, answer.json()["posts"]["state"]) == (503, "disk_full")
        assert answer.json()["database"] == "ok"
        metrics = (await server.anonymous.get("/metrics")).text
        assert "stoppress_posts_possible 0.0" in metrics
        assert 'stoppress_write_failures_total{reason="disk_full"} 0.0' not in metrics
        filling.unlink()
        await server.site.probe.look()
        assert (await server.anonymous.get("/readyz")).status_code == 200
        await server.post()


async def test_tasks_are_shown_and_one_that_fails_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path) as server:
        tasks = (await server.anonymous.get("/readyz")).json()["tasks"]
        assert {"schedule", "tidy", "write_probe"} <= set(tasks)
        assert all(task == {"running": True, "failures": 0} for task in tasks.values())
        metrics = (await server.anonymous.get("/metrics")).text
        assert 'stoppress_task_running{task="schedule"} 1.0' in metrics
        assert 'stoppress_task_failures_total{task="schedule"} 0.0' in metrics
