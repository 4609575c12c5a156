"""The page's connection: one for all tabs, back from the back-forward cache, and every outage ends in time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.support.app import Running
from tests.support.browser import OWN_CONNECTION, chromium, until, visit
from tests.support.reading import opened, shows, storm

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

OUTAGES = (Path(__file__).parent / "outages.js").read_text(encoding="utf-8").replace("export ", "")
BOUND_MS = 17_000
"""A connection that says nothing (6 s), a request that is not answered (5 s) and the longest wait (5.8 s)."""
SILENT_MS = 39_000
"""2.6 heartbeats: how long a connection that ended without a sign is believed."""
NO_WORKER = "window.SharedWorker = class extends EventTarget { port = new MessageChannel().port1 }"
"""A browser that has SharedWorkers, and one that never answers."""


async def test_every_outage_ends_in_time(server: Running, browser: Browser) -> None:
    async with visit(browser) as context:
        page = await context.new_page()
        await page.goto(server.url + "/robots.txt")
        took = await page.evaluate(
            f"async (follower) => {{ {OUTAGES}; const {{ Follower }} = await import(follower);"
            " return outages(Follower, 400, 1) }",
            server.site.assets.url("reader/follower.js"),
        )
    assert len(took) == 400 and {one["transport"] for one in took} == {"sse", "ws", "poll"}
    late = [one for one in took if one["ms"] > BOUND_MS + (SILENT_MS if one["unnoticed"] else 0)]
    assert late == []
    assert any(one["unnoticed"] for one in took)


async def _listeners(server: Running, count: int) -> None:
    async def so_many() -> bool:
        return server.gate.count == count

    await until(so_many, what=f"{count} connections; {server.gate.count}")


async def _all_show_what_arrives(server: Running, slug: str, pages: list[Page]) -> None:
    await server.post(slug, title="Report 2")
    for page in pages:
        await page.bring_to_front()
        await shows(page, "Report 2", "Report 1")


async def test_all_tabs_share_one_connection(server: Running, browser: Browser) -> None:
    slug, _ = await storm(server, 1)
    async with visit(browser) as context:
        pages = [await opened(context, server, slug) for _ in range(3)]
        await _listeners(server, 1)
        await _all_show_what_arrives(server, slug, pages)
        await pages[0].close()
        await server.post(slug, title="Report 3")
        await pages[2].bring_to_front()
        await shows(pages[2], "Report 3", "Report 2", "Report 1")
        await pages[1].close()
        await pages[2].close()
        await _listeners(server, 0)


async def test_a_worker_that_is_killed_is_replaced(server: Running, browser: Browser) -> None:
    slug, _ = await storm(server, 1)
    async with visit(browser) as context:
        page = await opened(context, server, slug)
        await _end_workers(browser, page)
        await _listeners(server, 0)
        await server.post(slug, title="Report 2")
        await page.evaluate("dispatchEvent(new Event('online'))")
        await shows(page, "Report 2", "Report 1")
        await server.post(slug, title="Report 3")
        await shows(page, "Report 3", "Report 2", "Report 1")


async def _end_workers(browser: Browser, page: Page) -> None:
    session = await browser.new_browser_cdp_session()
    targets = (await session.send("Target.getTargets"))["targetInfos"]
    for target in targets:
        if target["type"] == "shared_worker":
            await session.send("Target.closeTarget", {"targetId": target["targetId"]})


@pytest.mark.parametrize("without", [OWN_CONNECTION, NO_WORKER], ids=["none", "dead"])
async def test_without_a_worker_each_tab_has_its_own(
    server: Running, browser: Browser, without: str
) -> None:
    slug, _ = await storm(server, 1)
    async with visit(browser) as context:
        await context.add_init_script(without)
        pages = [await opened(context, server, slug) for _ in range(2)]
        await _listeners(server, 2)
        await _all_show_what_arrives(server, slug, pages)
    await _listeners(server, 0)


@pytest.fixture(scope="module")
async def keeping() -> AsyncIterator[Browser]:
    async with chromium(back_forward_cache=True) as started:
        yield started


async def _away_and_back(context: BrowserContext, page: Page, server: Running) -> None:
    await page.evaluate("addEventListener('pageshow', ({ persisted }) => { window.persisted = persisted })")
    await page.goto(server.url + "/")
    await _listeners(server, 0)


@pytest.mark.parametrize("own", [False, True], ids=["shared", "own"])
async def test_a_page_comes_back_from_the_cache_and_catches_up(
    server: Running, keeping: Browser, own: bool
) -> None:
    slug, _ = await storm(server, 1)
    async with visit(keeping) as context:
        if own:
            await context.add_init_script(OWN_CONNECTION)
        page = await opened(context, server, slug)
        await _away_and_back(context, page, server)
        await server.post(slug, title="Report 2")
        await page.evaluate("history.back()")
        await page.wait_for_url(f"**/live/{slug}", wait_until="commit")
        await shows(page, "Report 2", "Report 1")
        assert await page.evaluate("persisted"), "it was kept, not loaded anew"
        await expect(page.locator("[data-connection]")).to_have_attribute("data-state", "live")
        await _listeners(server, 1)
