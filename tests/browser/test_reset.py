"""A reset loads the page afresh, once, and not in the same second as all others. A page that cannot reach the
server asks again within ten seconds for as long as somebody looks at it."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Route, expect

from server.store import feeds
from tests.support.app import Running
from tests.support.browser import OWN_CONNECTION, until, visit
from tests.support.silent import silent_stream

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

TIMERS = """
  window.waits = [];
  const original = window.setTimeout.bind(window);
  Math.random = () => 0.999;
  window.setTimeout = (call, wait, ...rest) => {
    waits.push(wait);
    return original(call, wait / FASTER, ...rest);
  };
"""
"""Timers that say how long they were meant to wait, and the longest jitter."""


@pytest.mark.parametrize("transport", ["sse", "ws", "poll"])
async def test_a_new_epoch_reloads_a_page_once(server: Running, browser: Browser, transport: str) -> None:
    slug = f"reset-{transport}"
    await server.blog(slug)
    loads = []
    async with visit(browser) as context:
        page = await context.new_page()
        page.on("load", lambda _: loads.append(1))
        await page.goto(f"{server.url}/live/{slug}?transport={transport}")
        state = page.locator("[data-connection]")
        await expect(state).to_have_attribute("data-state", "live")
        before = await page.get_attribute(".live", "data-position")
        async with server.site.database.write() as connection:
            await feeds.renew_epoch(connection)

        async def loaded_again() -> bool:
            return len(loads) == 2

        await until(loaded_again, within=20, what="the page loaded afresh")
        await expect(state).to_have_attribute("data-state", "live")
        assert await page.get_attribute(".live", "data-position") != before
        entry = await server.post(slug)
        await expect(page.locator(f'[data-id="{entry["id"]}"]').first).to_be_attached()
        assert len(loads) == 2


async def test_reloads_are_spread_over_seconds(server: Running, browser: Browser) -> None:
    await server.blog("spread")
    async with visit(browser) as context:
        page = await context.new_page()
        await page.add_init_script(TIMERS.replace("FASTER", "1"))
        await page.goto(f"{server.url}/live/spread")
        await expect(page.locator("[data-connection]")).to_have_attribute("data-state", "live")
        async with server.site.database.write() as connection:
            await feeds.renew_epoch(connection)

        async def waits() -> bool:
            return bool(await page.evaluate("waits.some((wait) => wait > 3000 && wait < 5000)"))

        await until(waits, what="a reload some seconds away")


async def test_a_visible_page_never_waits_longer_than_ten_seconds(server: Running, browser: Browser) -> None:
    await server.blog("away")
    async with visit(browser) as context:
        page = await context.new_page()
        await page.add_init_script(OWN_CONNECTION)
        await page.add_init_script(TIMERS.replace("FASTER", "20"))
        await page.goto(f"{server.url}/live/away")
        await expect(page.locator("[data-connection]")).to_have_attribute("data-state", "live")
        tried = []
        for way in ("stream", "ws", "changes"):
            await context.route(f"**/live/away/{way}*", lambda route: (tried.append(1), route.abort())[1])
        cut = "dispatchEvent(new Event('pagehide')); dispatchEvent(new Event('online'))"
        await page.evaluate(f"waits.length = 0; {cut}")

        async def often() -> bool:
            return len(tried) >= 14

        await until(often, within=20, what="many attempts")
        # 25 s is not a wait for the server: it is the pace of announcements to screen readers
        found = await page.evaluate("waits.filter((wait) => wait !== 25000)")
        assert max(found) <= 10_000
        assert max(found) > 5_000  # it did back off


async def test_a_stream_that_falls_silent_is_given_up_by_the_heartbeats_that_it_announced(
    server: Running, browser: Browser
) -> None:
    """Without them a page waits for 39 seconds."""
    await server.blog("silent")
    async with silent_stream(heartbeat_seconds=0.2) as stream, visit(browser) as context:

        async def elsewhere(route: Route) -> None:
            await route.continue_(url=f"{stream.url}/stream")

        await context.route("**/live/silent/stream*", elsewhere)
        page = await context.new_page()
        await page.goto(f"{server.url}/live/silent?transport=sse")

        async def again() -> bool:
            return len(stream.asked) >= 2

        await until(again, within=20, what="a second connection")
