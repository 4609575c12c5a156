"""JSON-LD before a judge: schema.org's types and properties as `schema-dts` declares them, by the TypeScript
compiler, and what Google asks of a live blog."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.app import Running, running
from tests.support.checkers import environment, installed
from tests.web.reader.test_pages import page, structured
from tests.web.reader.test_syndication import full

pytestmark = pytest.mark.anyio

STATIC = Path(__file__).parent.parent.parent.parent / "static"
TYPESCRIPT = STATIC / "node_modules" / "typescript" / "bin" / "tsc"
SECONDS = 240
REQUIRED = {
    "headline", "datePublished", "dateModified", "coverageStartTime", "image", "author", "publisher",
    "liveBlogUpdate",
}


@pytest.fixture(scope="module")
async def server(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running(tmp_path_factory.mktemp("judged")) as started:
        yield started


def judged(folder: Path, found: Mapping[str, Mapping[str, Any]]) -> str:
    """What the compiler says of these data, each as a constant of the type that it claims to be."""
    lines = ['import type { BlogPosting, LiveBlogPosting, WithContext } from "schema-dts";']
    lines += [
        f"export const {name}: WithContext<{data['@type']}> = {json.dumps(data)};"
        for name, data in found.items()
    ]
    (folder / "data.ts").write_text("\n".join(lines), encoding="utf-8")
    types = {"schema-dts": [str(installed("schema-dts") / "dist" / "schema.d.ts")]}
    options = {
        "noEmit": True, "strict": True, "module": "esnext", "moduleResolution": "bundler", "target": "es2022",
        "types": [], "skipLibCheck": True, "paths": types,
    }
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": options, "files": ["data.ts"]}))
    done = subprocess.run(
        ["node", TYPESCRIPT, "-p", folder], env=environment(), capture_output=True, text=True, timeout=SECONDS
    )
    assert not done.stderr, done.stderr
    return done.stdout


async def test_pages_are_what_schema_org_declares(server: Running, tmp_path: Path) -> None:
    entry = await full(server, "judged")
    await server.edit(entry, "judged", title="Harbour open again", correction="We said <closed>.")
    await server.post("judged", title="Nobody’s, in Arabic", language="ar")
    live = structured(await page(server, "/live/judged"))
    alone = structured(await page(server, f"/live/judged/entries/{entry['id']}"))
    await server.http.patch("/api/v1/blogs/judged", json={"status": "closed"}, headers={"If-Match": "*"})
    closed = structured(await page(server, "/live/judged"))
    assert live["liveBlogUpdate"][1]["correction"] and "coverageEndTime" in closed
    for data in (live, closed):
        assert data.keys() >= REQUIRED
        assert all({"headline", "articleBody", "datePublished"} <= u.keys() for u in data["liveBlogUpdate"])
    wrong = live | {"headLine": "A property that is none"}
    said = await asyncio.to_thread(
        judged, tmp_path, {"live": live, "alone": alone, "closed": closed, "wrong": wrong}
    )
    assert "headLine" in said, "the judge is asleep"
    assert said.count("error TS") == 1, said
