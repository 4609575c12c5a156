"""kill -9 while people post: what was answered is there, what was not is there at most once, and a retry with
the same Idempotency-Key makes it exactly once."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import random
import sqlite3
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
from PIL import Image

from tests.support.listeners import until
from tests.support.process import Process, history, new_token, serving

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

WRITERS = 6
LONGEST_LIFE_SECONDS = 0.6
FEWEST_ANSWERS = 20
"""Posts answered before each kill, so that every life has something to lose."""


@dataclass
class Story:
    """What the writers know. Texts are unique, and are their own Idempotency-Keys."""

    answered: dict[str, str] = field(default_factory=dict)
    """Text and the id that the answer named."""
    silent: list[str] = field(default_factory=list)
    """Texts whose answer never came."""
    made: int = 0


async def send(client: httpx2.AsyncClient, text: str) -> httpx2.Response:
    return await client.post(
        "/api/v1/blogs/storm/entries", json={"body": text}, headers={"Idempotency-Key": text}
    )


async def write(client: httpx2.AsyncClient, story: Story) -> None:
    """Post until the server is gone."""
    while True:
        story.made += 1
        text = f"Report {story.made} from the harbour"
        try:
            answer = await send(client, text)
        except httpx2.TransportError:
            story.silent.append(text)
            return
        assert answer.status_code == 201, answer.text
        story.answered[text] = answer.json()["id"]


async def until_killed(server: Process, token: str, story: Story, life: float) -> None:
    """Writers at work; the server is killed after `life` seconds and enough answers."""
    enough = len(story.answered) + FEWEST_ANSWERS
    async with server.client(token) as client:
        async with asyncio.TaskGroup() as group:
            for _ in range(WRITERS):
                group.create_task(write(client, story))
            async with asyncio.timeout(60):
                while len(story.answered) < enough:
                    await asyncio.sleep(0.001)
            await asyncio.sleep(life)
            await server.kill()


def text_of(entry: dict[str, Any]) -> str:
    text: str = entry["blocks"][0]["markdown"]
    return text


async def stored(client: httpx2.AsyncClient) -> list[tuple[str, str]]:
    """Text and id of every entry, from the newsroom's own list."""
    found, before = [], None
    while True:
        query = {"limit": "100"} | ({"before": before} if before else {})
        page = (await client.get("/api/v1/blogs/storm/entries", params=query)).json()
        found += [(text_of(e), e["id"]) for e in page["entries"]]
        before = page["next"]
        if not before:
            return found


async def check_and_retry(server: Process, token: str, story: Story) -> None:
    """Look at what the restarted server has, then send again what was not answered."""
    async with server.client(token) as client, server.client() as reader:
        rows = await stored(client)
        counts, ids = Counter(text for text, _ in rows), dict(rows)
        for text, entry_id in story.answered.items():
            assert counts[text] == 1, f"answered, and there {counts[text]} times: {text}"
            assert ids[text] == entry_id
        for text in story.silent:
            assert counts[text] <= 1, f"not answered, and there {counts[text]} times: {text}"
        assert counts.total() <= len(story.answered) + len(story.silent)
        for text in story.silent:
            answer = await send(client, text)
            assert answer.status_code == 201, answer.text
            assert answer.json()["id"] == ids.get(text, answer.json()["id"]), "a retry made a second one"
            story.answered[text] = answer.json()["id"]
        story.silent.clear()

        rows = await stored(client)
        assert len(rows) == len(story.answered)
        assert dict(rows) == story.answered
        told = [change for change in await history(reader) if change["kind"] == "entry"]
        assert Counter(change["id"] for change in told) == Counter(story.answered.values())
        numbers = [change["number"] for change in told]
        assert sorted(numbers) == list(range(1, len(numbers) + 1)), "a number was given twice or lost"


async def kill_again_and_again(folder: Path, kills: int, **chosen: Any) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    moments = random.Random(seed)
    story = Story()
    token = await new_token(data_dir=folder, **chosen)
    async with serving(folder, **chosen) as server:
        async with server.client(token) as client:
            made = await client.post(
                "/api/v1/blogs", json={"slug": "storm", "headline": "Storm at the coast", "status": "live"}
            )
            assert made.status_code == 201, made.text
        for _ in range(kills):
            await until_killed(server, token, story, moments.uniform(0, LONGEST_LIFE_SECONDS))
            await server.start()
            await check_and_retry(server, token, story)


async def test_kill_sqlite(tmp_path: Path) -> None:
    await kill_again_and_again(tmp_path, 3)


async def test_the_files_of_an_upload_that_was_killed_go(tmp_path: Path) -> None:
    """The server dies between the files of a picture and its row; one that starts later tidies up."""
    token = await new_token(data_dir=tmp_path)
    folder = tmp_path / "media"
    async with serving(tmp_path) as server, server.client(token) as client:
        kept = await upload(client)
        assert kept.status_code == 201, kept.text
        before = stored_files(folder)
        with contextlib.closing(sqlite3.connect(tmp_path / "stoppress.db")) as other:
            other.execute("BEGIN IMMEDIATE")  # the row has to wait
            sending = asyncio.create_task(upload(client, blue=91))  # a file is stored once
            await until(lambda: stored_files(folder) > before)
            await server.kill()
            with pytest.raises(httpx2.TransportError):
                await sending
        lost = stored_files(folder) - before
        for path in (*lost, *before):
            os.utime(path, (time.time() - 2 * 3600,) * 2)  # both are older than an upload takes
        await server.start()
        await until(lambda: not any(path.exists() for path in lost))
        assert stored_files(folder) == before
        assert (await client.get(kept.json()["url"])).status_code == 200


async def upload(client: httpx2.AsyncClient, *, blue: int = 90) -> httpx2.Response:
    file = io.BytesIO()
    Image.new("RGB", (700, 400), (20, 60, blue)).save(file, "PNG")
    given = {"file": ("harbour.png", file.getvalue(), "image/png")}
    return await client.post("/api/v1/media", files=given, data={"alt": "The harbour"})


def stored_files(folder: Path) -> set[Path]:
    return {path for path in folder.glob("??/[!.]*") if not path.parent.name.startswith(".")}


@pytest.mark.postgres
async def test_kill_postgres(tmp_path: Path, postgres_url: str) -> None:
    await kill_again_and_again(tmp_path, 2, database_url=postgres_url)
