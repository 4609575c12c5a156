"""Players of other sites in a real browser: nothing is asked of them before a click. The test plays them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, BrowserContext, Route, expect

from tests.support.app import Running
from tests.support.browser import visit

pytestmark = [pytest.mark.anyio, pytest.mark.browser]
TUBE = "https://youtu.be/dQw4w9WgXcQ"
POST = "https://bsky.app/profile/ada.example.org/post/3kabcdefghi2x"
PLAYER = """<!doctype html><title>Player</title><p>Playing</p>
<script>parent.postMessage({id: "1", height: 512}, "*");
try { window.top.location = "https://evil.example/" } catch {}</script>"""


async def elsewhere(context: BrowserContext, server: Running) -> list[str]:
    """Answers for all other sites, and keeps what was asked of them."""
    asked: list[str] = []

    async def play(route: Route) -> None:
        asked.append(route.request.url)
        await route.fulfill(body=PLAYER, content_type="text/html")

    await context.route(lambda url: urlsplit(url).netloc != urlsplit(server.url).netloc, play)
    return asked


async def embeds(server: Running, slug: str) -> dict[str, Any]:
    await server.blog(slug)
    return await server.post(
        slug,
        blocks=[
            {"type": "video", "url": TUBE, "title": "Storm film"},
            {"type": "embed", "url": POST, "title": "Rain"},
        ],
    )


async def test_a_player_is_loaded_after_a_click_and_not_before(server: Running, browser: Browser) -> None:
    entry = await embeds(server, "players")
    async with visit(browser) as context:
        asked = await elsewhere(context, server)
        page = await context.new_page()
        for path in (f"/live/players/entries/{entry['id']}", "/live/players"):
            asked.clear()
            await page.goto(server.url + path)
            await expect(page.locator("a[data-player]")).to_have_count(2)
            assert asked == []
            await page.locator("a.facade").click()
            frame = page.locator("iframe.player--wide")
            assert await frame.get_attribute("title") == "Storm film"
            assert "allow-top-navigation" not in (await frame.get_attribute("sandbox") or "")
            await expect(page.frame_locator("iframe.player--wide").locator("p")).to_have_text("Playing")
            assert asked == ["https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ?autoplay=1"]
            await page.locator("a.embed").focus()
            await page.keyboard.press("Enter")
            await expect(page.locator("iframe.player--post")).to_have_css("height", "512px")
            # the link stays, and leads to the provider's page
            await expect(page.locator("a.facade")).to_be_visible()
            assert await page.locator("a[data-player]").count() == 0
            assert page.url == server.url + path


async def test_without_scripts_it_is_a_link(server: Running, browser: Browser) -> None:
    await embeds(server, "links")
    async with visit(browser, java_script_enabled=False) as context:
        asked = await elsewhere(context, server)
        page = await context.new_page()
        await page.goto(f"{server.url}/live/links")
        assert asked == []
        await page.locator("a.facade").click()
        await page.wait_for_url(TUBE)
