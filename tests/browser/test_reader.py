"""A reader's page in a real browser: what arrives, what leaves, and what happens when the line breaks."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from server.store import feeds
from tests.support.app import Running
from tests.support.browser import OWN_CONNECTION, until, visit
from tests.support.reading import SHOWN, measured, opened, shows, storm, titles

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

TRANSPORTS = ["sse", "ws", "poll"]
@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_every_kind_of_change_arrives(server: Running, browser: Browser, transport: str) -> None:
    slug, (first, second, _) = await storm(server)
    async with visit(browser) as context:
        page = await opened(context, server, slug, f"?transport={transport}")
        await expect(page.locator("[data-connection]")).to_have_attribute("data-transport", transport)
        await expect(page.locator("[data-connection-word]")).to_have_text("Live")
        await server.post(slug, title="Report 4")
        await shows(page, "Report 4", "Report 3", "Report 2", "Report 1")
        await server.edit(first, slug, title="Report 1, corrected")
        await expect(page.locator(".entry--edited h3")).to_have_text("Report 1, corrected")
        await server.edit(first, slug, pinned=True, key=True)
        await shows(page, "Report 1, corrected", "Report 4", "Report 3", "Report 2")
        await expect(page.locator("[data-key-events] > li")).to_have_count(1)
        await server.edit(first, slug, pinned=False, key=False)
        await shows(page, "Report 4", "Report 3", "Report 2", "Report 1, corrected")
        await expect(page.locator("[data-key-events] > li")).to_have_count(0)
        await server.retract(second, slug)
        await shows(page, "Report 4", "Report 3", "gone", "Report 1, corrected")
        assert "Report 2" not in await page.content()
        answer = await server.http.patch(
            f"/api/v1/blogs/{slug}", json={"headline": "Storm has passed"}, headers={"If-Match": "*"}
        )
        assert answer.status_code == 200, answer.text
        await expect(page.locator("h1")).to_have_text("Storm has passed")
        assert (await page.title()).startswith("Storm has passed")


async def test_nothing_moves_for_a_reader_further_down(server: Running, browser: Browser) -> None:
    slug, made = await storm(server, 12)
    async with visit(browser) as context:
        page = await opened(context, server, slug)
        article = page.locator(f'[data-id="{made[3]["id"]}"]')
        await article.scroll_into_view_if_needed()
        before = await article.bounding_box(), await page.evaluate("scrollY")
        assert before[1] > 500
        await server.post(slug, title="Report 13")
        pill = page.locator("[data-pill]")
        await expect(pill).to_have_text("1 new update")
        await server.post(slug, title="Report 14")
        await expect(pill).to_have_text("2 new updates")
        assert (await page.title()).startswith("(2) ")
        assert before == (await article.bounding_box(), await page.evaluate("scrollY"))
        await pill.click()
        assert (await titles(page))[:2] == ["Report 14", "Report 13"]
        await expect(pill).to_be_hidden()
        # they count until they have been on screen
        await expect(page).to_have_title(re.compile(r"^Storm"))


async def test_paused_updates_wait(server: Running, browser: Browser) -> None:
    slug, _ = await storm(server, 1)
    async with visit(browser, reduced_motion="reduce") as context:
        page = await opened(context, server, slug)
        await page.get_by_role("button", name="Pause updates").click()
        await server.post(slug, title="Report 2")
        await expect(page.locator("[data-pill]")).to_have_text("1 new update")
        assert await titles(page) == ["Report 1"]
        await page.reload()
        await page.get_by_role("button", name="Resume updates").click()
        await server.post(slug, title="Report 3")
        await shows(page, "Report 3", "Report 2", "Report 1")
        assert await page.locator(".entry--new").evaluate("e => getComputedStyle(e).animationName") == "none"


@pytest.mark.parametrize("width", [390, 1280])
async def test_nothing_shifts_while_the_page_comes_alive(
    server: Running, browser: Browser, width: int
) -> None:
    slug, _ = await storm(server, 12, key_developments=["Two bridges are closed"])
    async with visit(browser, viewport={"width": width, "height": 800}) as context:
        page = await measured(context, server, slug)
        await page.evaluate("scrollTo(0, 900)")
        await server.post(slug, title="Report 13")
        await expect(page.locator("[data-pill]")).to_have_text("1 new update")
        assert await page.evaluate("shifts") == []
        assert await page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize(
    ("locale", "zone", "shown"),
    [("en-GB", "Asia/Tokyo", "06:44"), ("en-US", "America/Chicago", "3:44 PM"), ("de-DE", "UTC", "9:44 PM")],
)
async def test_times_are_the_readers_own(
    server: Running, browser: Browser, locale: str, zone: str, shown: str
) -> None:
    slug, _ = await storm(server, 1)
    async with visit(browser, locale=locale, timezone_id=zone) as context:
        page = await opened(context, server, slug)
        time = page.locator("[data-entries] time[data-time=entry]")
        await expect(time.locator("span")).to_have_text("now")
        await time.evaluate("t => { t.dateTime = '2020-01-02T21:44:00.000Z' }")
        await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        await expect(time.locator("b")).to_have_text(shown)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_what_a_sleeping_tab_missed_is_there_when_it_wakes(
    server: Running, browser: Browser, transport: str
) -> None:
    slug, (first, *_) = await storm(server)
    async with visit(browser) as context:
        page = await opened(context, server, slug, f"?transport={transport}")
        await page.evaluate("window.same = true")
        await context.set_offline(True)
        await expect(page.locator("[data-connection-word]")).to_have_text("Reconnecting")
        await server.post(slug, title="Report 4")
        await server.retract(first, slug)
        await context.set_offline(False)
        await shows(page, "Report 4", "Report 3", "Report 2", "gone")
        await expect(page.locator("[data-connection-word]")).to_have_text("Live", timeout=10_000)
        assert await page.evaluate("window.same")


@pytest.mark.parametrize(("blocked", "found"), [(["stream"], "ws"), (["stream", "ws"], "poll")])
async def test_a_blocked_transport_falls_back_to_the_next(
    server: Running, browser: Browser, blocked: list[str], found: str
) -> None:
    slug, _ = await storm(server, 1)
    async with visit(browser) as context:
        await context.add_init_script(OWN_CONNECTION)
        await context.route("**/stream?*", lambda route: route.abort())
        if "ws" in blocked:
            await context.route_web_socket("**/ws?*", lambda socket: socket.close())
        page = await opened(context, server, slug)
        await expect(page.locator("[data-connection]")).to_have_attribute(
            "data-transport", found, timeout=15_000
        )
        await server.post(slug, title="Report 2")
        await shows(page, "Report 2", "Report 1")


async def test_older_updates_with_and_without_scripts(server: Running, browser: Browser) -> None:
    slug, made = await storm(server, 45)
    for scripts in (True, False):
        async with visit(browser, java_script_enabled=scripts) as context:
            page = await context.new_page()
            await page.goto(f"{server.url}/live/{slug}")
            await page.get_by_role("link", name="Load more updates").click()
            await expect(page.locator(f'[data-id="{made[0]["id"]}"]')).to_be_attached()
            count = await page.locator("[data-entries] > article").count()
            assert count == (45 if scripts else 20)


async def test_a_reset_reloads_the_page_once(server: Running, browser: Browser) -> None:
    slug, _ = await storm(server, 1)
    async with visit(browser) as context:
        loads: list[str] = []
        page = await opened(context, server, slug)
        page.on("load", lambda loaded: loads.append(loaded.url))
        async with page.expect_event("load"):
            async with server.site.database.write() as connection:
                await feeds.renew_epoch(connection)
            await server.post(slug, title="Report 2")
        await shows(page, "Report 2", "Report 1")
        await server.post(slug, title="Report 3")
        await shows(page, "Report 3", "Report 2", "Report 1")
        assert len(loads) == 1


async def test_the_event_source_of_a_browser_takes_compressed_streams(
    server: Running, browser: Browser
) -> None:
    """What the browser itself says of its network: one event stream, compressed, and each event by itself."""
    slug, _ = await storm(server, 1)
    async with visit(browser) as context:
        page = await context.new_page()
        network = await context.new_cdp_session(page)
        streams: dict[str, str] = {}
        messages: list[tuple[str, str]] = []
        posted: list[tuple[str, str]] = []
        sizes: list[tuple[int, int]] = []

        def answered(event: dict[str, Any]) -> None:
            if event["type"] == "EventSource":
                headers = {name.lower(): value for name, value in event["response"]["headers"].items()}
                streams[event["requestId"]] = headers.get("content-encoding", "")

        def received(event: dict[str, Any]) -> None:
            if event["requestId"] in streams:
                sizes.append((event["dataLength"], event["encodedDataLength"]))

        def heard(event: dict[str, Any]) -> None:
            if event["requestId"] in streams and event["eventName"] not in ("beat", "hello"):
                messages.append((event["eventName"], event["eventId"]))

        async def all_heard() -> bool:
            return messages == posted

        network.on("Network.responseReceived", answered)
        network.on("Network.dataReceived", received)
        network.on("Network.eventSourceMessageReceived", heard)
        await network.send("Network.enable")
        await page.goto(f"{server.url}/live/{slug}?transport=sse")
        await expect(page.locator("[data-connection]")).to_have_attribute("data-state", "live", timeout=10_000)
        for number in range(2, 6):
            body = "The harbour wall is under water and the promenade is closed to everybody. " * 40
            entry = await server.post(slug, title=f"Report {number}", body=body)
            posted.append(("entry", entry["position"]))
            await expect(page.locator("h3").first).to_have_text(f"Report {number}")
            await until(all_heard, what=f"{posted}")
        assert list(streams.values()) == ["gzip"]
        plain, encoded = (sum(size) for size in zip(*sizes, strict=True))
        assert plain > 4 * 40 * 75
        assert 0 < encoded < plain / 4


async def test_pinned_entries_keep_their_order_and_fold_from_the_third_on(
    server: Running, browser: Browser
) -> None:
    slug, made = await storm(server, posts=4)
    async with visit(browser) as context:
        page = await opened(context, server, slug)
        for order, entry in enumerate(made[:3]):
            await server.edit(entry, slug, pinned=True, pin_order=order)
        await shows(page, "Report 1", "Report 2", "Report 3", "Report 4")
        words = page.locator(f"{SHOWN} .prose")
        assert [await words.nth(n).is_visible() for n in range(4)] == [True, True, False, True]
        await page.get_by_label("Show all pinned updates in full").check()
        assert await words.nth(2).is_visible()
        await page.get_by_label("Show all pinned updates in full").uncheck()
        await server.edit(made[2], slug, pin_order=0)
        await shows(page, "Report 3", "Report 1", "Report 2", "Report 4")
        assert [await words.nth(n).is_visible() for n in range(4)] == [True, True, False, True]
        await page.goto(f"{server.url}/live/{slug}#entry-{made[1]['id']}")
        await expect(words.nth(2)).to_be_visible()
