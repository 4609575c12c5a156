"""Kept pages: one rendering for a stampede, and none for invented hosts."""

from __future__ import annotations

import asyncio
import gzip

import pytest

from server.web.reader import page_cache, pages, syndication
from server.web.reader.page_cache import Kept, KeptPages
from tests.support.app import running

pytestmark = pytest.mark.anyio

READERS = 10_000


async def test_ten_thousand_reloads_are_one_rendering() -> None:
    kept, rendered, ready = KeptPages("https://news.example"), [], asyncio.Event()

    async def make(base: str) -> Kept:
        rendered.append(base)
        await ready.wait()
        return Kept.of(f"<p>{base}</p>", etag="1", media_type="text/html")

    async with asyncio.TaskGroup() as group:
        loading = [
            group.create_task(kept.get("page", make, base="https://news.example")) for _ in range(READERS)
        ]
        await asyncio.sleep(0)
        loading[0].cancel()  # somebody who goes away must not take the rendering along
        ready.set()
    assert rendered == ["https://news.example"]
    assert len({id(task.result()) for task in loading[1:]}) == 1


async def test_a_rendering_that_fails_is_tried_again() -> None:
    kept = KeptPages("https://news.example")

    async def fails(_: str) -> Kept:
        raise OSError("the database is away")

    async def make(base: str) -> Kept:
        return Kept.of(base, etag="1", media_type="text/html")

    failed = await asyncio.gather(
        *(kept.get("page", fails, base="https://news.example") for _ in range(3)), return_exceptions=True
    )
    assert [type(error) for error in failed] == [OSError] * 3
    assert (await kept.get("page", make, base="https://news.example")).body == b"https://news.example"


async def test_invented_hosts_render_nothing_and_push_nothing_out(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered, render, write = [], pages.render, syndication.make_rss
    monkeypatch.setattr(pages, "render", lambda *a, **k: rendered.append("page") or render(*a, **k))
    permalink = pages._permalink
    monkeypatch.setattr(pages, "_permalink", lambda *given: rendered.append("entry") or permalink(*given))
    monkeypatch.setattr(syndication, "make_rss", lambda *given: rendered.append("feed") or write(*given))
    async with running(tmp_path_factory.mktemp("hosts")) as server:
        await server.blog()
        entry = await server.post(body="Water at the harbour [wall](/live/storm)", key=True)
        permalink_path = f"/live/storm/entries/{entry['id']}"
        for path in ("/live/storm", "/live/storm/embed", "/live/storm/feed.rss", permalink_path):
            rendered.clear()
            own = await server.anonymous.get(path)
            for number in range(page_cache.HOSTS_CAPACITY + 10):
                host = f"h{number}.example:8000"
                answer = await server.anonymous.get(path, headers={"Host": host})
                assert f"http://{host}/live/storm" in answer.text
                assert server.url not in answer.text
                assert page_cache.ANY_HOST not in answer.text
                assert answer.text.replace(host, server.url.removeprefix("http://")) == own.text
            assert (await server.anonymous.get(path)).text == own.text
            assert len(rendered) == 1, path
        assert len(server.site.renderer.pages) <= page_cache.HOSTS_CAPACITY + 10


async def test_the_compressed_page_has_the_host_too() -> None:
    page = await Kept.of(f"<a href='http://{page_cache.ANY_HOST}/x'>", etag="1", media_type="text/html").at("http://a.example")
    assert page.body == gzip.decompress(page.gzipped) == b"<a href='http://a.example/x'>"


async def test_kept_pages_are_bounded_by_bytes() -> None:
    kept, size = KeptPages("https://news.example"), page_cache.CAPACITY_BYTES // 4

    async def make(base: str) -> Kept:
        return Kept(b"x" * size, b"", 'W/"1"', "text/html")

    for number in range(10):
        await kept.get(number, make, base="https://news.example")
    assert len(kept) == 4
