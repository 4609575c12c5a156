"""How pages look where it can be measured: the first screen of a phone, large text, long words, paper, forced
colours, Arabic, and what is folded."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, expect

from tests.support.app import Running
from tests.support.browser import until, visit
from tests.support.coverage import DEVELOPMENTS, HEADLINE, STANDFIRST, Coverage, cover

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 800}
NARROW = {"width": 320, "height": 640}
LINES_OF_TEXT = 60
"""Pixels of the first update that have to be on the first screen: its time and a line."""
LARGE_TEXT = "document.documentElement.style.fontSize = '200%'"


@pytest.fixture(scope="module")
async def coverage(server: Running, jpeg: bytes) -> AsyncIterator[Coverage]:
    yield await cover(server, jpeg)


async def _shown(page: Page, selector: str) -> int:
    """How many elements have a box."""
    script = "all => all.filter(e => e.checkVisibility() && e.getBoundingClientRect().height > 0).length"
    count: int = await page.eval_on_selector_all(selector, script)
    return count


@pytest.mark.parametrize("scripts", [True, False])
async def test_the_first_update_is_on_the_first_screen_of_a_phone(
    server: Running, browser: Browser, coverage: Coverage, scripts: bool
) -> None:
    async with visit(browser, viewport=PHONE, java_script_enabled=scripts) as context:
        page = await context.new_page()
        await page.goto(server.url + coverage.main)
        box = await page.locator("[data-entries] > article").first.bounding_box()
        assert box is not None
        assert box["y"] + LINES_OF_TEXT <= PHONE["height"]
        assert await _shown(page, ".developments li") == 2
        await page.locator(".developments summary").click()
        assert await _shown(page, ".developments li") == len(DEVELOPMENTS)
        assert await _shown(page, "[data-key-events] > li") == 0
        await page.locator(".key-events summary").click()
        assert await _shown(page, "[data-key-events] > li") == 2
        await page.goto(server.url + coverage.paths["film"])
        box = await page.locator("[data-entries] > article").first.bounding_box()
        assert box is not None
        assert await _shown(page, ".head__lead .facade__title") == 1
        assert box["y"] + LINES_OF_TEXT <= PHONE["height"]


async def test_a_video_at_the_head_that_is_a_file_is_one_line_on_a_phone(
    server: Running, browser: Browser, coverage: Coverage
) -> None:
    lead = {"type": "video", "url": "https://video.example.org/3.mp4", "title": "The first lorry"}
    await server.blog(
        "reel", headline=HEADLINE, standfirst=STANDFIRST, key_developments=DEVELOPMENTS, lead=lead
    )
    await server.post("reel", title="The first lorry is on the bridge", key=True)
    async with visit(browser, viewport=PHONE, java_script_enabled=False) as context:
        page = await context.new_page()
        await page.goto(f"{server.url}/live/reel")
        box = await page.locator("[data-entries] > article").first.bounding_box()
        assert box is not None
        assert box["y"] + LINES_OF_TEXT <= PHONE["height"]
        assert await _shown(page, ".head__lead video") == 0
        await page.get_by_text("The first lorry", exact=True).click()
        assert await _shown(page, ".head__lead video") == 1
        await page.reload()
        await page.set_viewport_size(DESK)  # type: ignore[arg-type]
        assert await _shown(page, ".head__lead video") == 1
        assert await _shown(page, ".head__lead summary") == 0


async def test_the_filters_stand_in_whole_lines(server: Running, browser: Browser, coverage: Coverage) -> None:
    """The order and the search are on one line, beside what is shown or below it."""
    await server.blog("many", topics=["Aid", "Talks", "Weather", "Hospitals"])
    for size, path in ((DESK, "/live/many"), (DESK, "/live/film"), (PHONE, "/live/many")):
        async with visit(browser, viewport=size, java_script_enabled=False) as context:
            page = await context.new_page()
            await page.goto(server.url + path)
            order = await page.locator(".filters__order").bounding_box()
            search = await page.locator(".filters__search").bounding_box()
            feed = await page.locator(".filters").bounding_box()
            assert order is not None and search is not None and feed is not None
            assert abs(order["y"] + order["height"] / 2 - search["y"] - search["height"] / 2) <= 2, (size, path)
            assert abs(search["x"] + search["width"] - feed["x"] - feed["width"]) <= 1, (size, path)


async def test_a_desk_and_paper_show_what_phones_fold(
    server: Running, browser: Browser, coverage: Coverage
) -> None:
    async with visit(browser, viewport=DESK, java_script_enabled=False) as context:
        page = await context.new_page()
        await page.goto(server.url + coverage.main)
        for media in ("screen", "print"):
            await page.emulate_media(media=media)  # type: ignore[arg-type]
            assert await _shown(page, ".developments li") == len(DEVELOPMENTS)
            assert await _shown(page, "[data-key-events] > li") == 2
            assert await _shown(page, ".unfolded > summary") == 0


async def test_no_page_scrolls_sideways_with_large_text(
    server: Running, browser: Browser, coverage: Coverage
) -> None:
    wide = {}
    async with visit(browser, viewport=NARROW) as context:
        page = await context.new_page()
        for name, path in coverage.paths.items():
            await page.goto(server.url + path)
            for size in ("100%", "200%"):
                await page.evaluate(LARGE_TEXT.replace("200%", size))
                width = await page.evaluate("document.documentElement.scrollWidth")
                if width > NARROW["width"]:
                    wide[name, size] = width
    assert not wide


async def test_paper_has_absolute_times(server: Running, browser: Browser, coverage: Coverage) -> None:
    async with visit(browser, viewport=DESK) as context:
        page = await context.new_page()
        await page.goto(server.url + coverage.main)
        await expect(page.locator("html")).to_have_attribute("data-times", "shown")
        await page.emulate_media(media="print")
        times = await page.eval_on_selector_all(
            "[data-entries] time[title], .key-event time, [data-updated] time",
            "all => all.map(each => [getComputedStyle(each, '::after').content, each.title])",
        )
        assert len(times) > len(coverage.entries)
        for content, title in times:
            assert content == f'"{title}"' and "UTC" in title, title
        assert await _shown(page, "[data-entries] time > *") == 0
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width <= DESK["width"]


async def test_marks_are_seen_in_forced_colours(server: Running, browser: Browser, coverage: Coverage) -> None:
    async with visit(browser, viewport=DESK, forced_colors="active") as context:
        page = await context.new_page()
        await page.goto(server.url + coverage.main)
        marks = await page.evaluate("""() => [
            [".flag--live", "::before"], [".key-event", "::after"], [".entry--key .entry__when", "::before"],
            [".entry--breaking", "::before"], [".connection", "::before"],
        ].map(([selector, pseudo]) => {
            const style = getComputedStyle(document.querySelector(selector), pseudo);
            const paper = getComputedStyle(document.body).backgroundColor;
            const drawn = parseFloat(style.borderBlockStartWidth) > 0;
            return [selector, drawn && style.borderBlockStartColor !== paper];
        })""")
        assert [selector for selector, seen in marks if not seen] == []


async def test_arabic_runs_from_the_right_and_is_never_letter_spaced(
    server: Running, browser: Browser, coverage: Coverage
) -> None:
    async with visit(browser, viewport=DESK) as context:
        page = await context.new_page()
        await page.goto(server.url + coverage.paths["arabic"])
        spaced = await page.eval_on_selector_all(
            "main *", "all => all.filter(e => !['normal', '0px'].includes(getComputedStyle(e).letterSpacing))"
            ".map(e => e.className)",
        )
        assert spaced == []
        rail, entries = page.locator(".side"), page.locator("[data-entries]")
        right, left = await rail.bounding_box(), await entries.bounding_box()
        assert right is not None and left is not None
        assert right["x"] >= left["x"] + left["width"]
        fonts = await page.evaluate("[...document.fonts].filter(f => f.status === 'loaded').map(f => f.family)")
        assert any("Noto Naskh Arabic" in family for family in fonts)


async def test_the_head_and_the_line_of_key_events_follow_what_arrives(
    server: Running, browser: Browser
) -> None:
    await server.blog("following", status="live")
    await server.post("following", title="The first", key=True)
    async with visit(browser, viewport=PHONE) as context:
        page = await context.new_page()
        await page.goto(f"{server.url}/live/following")
        await expect(page.locator("[data-connection]")).to_have_attribute("data-state", "live", timeout=10_000)
        stamp = page.locator("[data-updated] time")
        before = await stamp.get_attribute("datetime")
        assert before is not None
        made = await server.post("following", title="The second", key=True)

        async def follows() -> bool:
            return await stamp.get_attribute("datetime") == made["published_at"]

        await until(follows, what="the time at the head")
        assert made["published_at"] > before
        await expect(page.locator("[data-latest-key]")).to_contain_text("The second")


async def test_a_covered_picture_is_shown_once_somebody_asks(
    server: Running, browser: Browser, coverage: Coverage
) -> None:
    async with visit(browser, viewport=PHONE, java_script_enabled=False) as context:
        page = await context.new_page()
        await page.goto(f"{server.url}/live/bridge/entries/{coverage.entries[5]['id']}")
        cover = page.locator("[data-cover]")
        picture = cover.locator("img")
        await expect(cover).to_contain_text("It shows the dead")
        assert not await picture.is_visible()
        figure = page.locator("main").get_by_role("figure", name="The last hill.")
        assert await figure.count() == 3, "those of the gallery, and not the covered one"
        await cover.locator("summary").focus()
        await page.keyboard.press("Enter")
        await expect(picture).to_be_visible()
        assert await figure.count() == 4
        await page.keyboard.press("Enter")
        await expect(picture).to_be_hidden()


async def test_the_history_of_an_edited_entry_is_a_click_away(
    server: Running, browser: Browser, coverage: Coverage
) -> None:
    entry = coverage.entries[6]
    async with visit(browser, viewport=PHONE) as context:
        page = await context.new_page()
        await page.goto(server.url + coverage.main)
        await page.locator(f"#entry-{entry['id']} .entry__edited").click()
        await expect(page).to_have_url(f"{server.url}{coverage.paths['history']}")
        await expect(page.locator(".history__words ins")).to_contain_text("so far")
        struck = await page.locator(".history__words").first.evaluate(
            "p => [...p.querySelectorAll('ins, del')].map(e => getComputedStyle(e).textDecorationLine)"
        )
        assert struck and set(struck) <= {"underline", "line-through"}
        await page.get_by_role("link", name="Back to the update").click()
        await expect(page.locator(".entry__title")).to_have_text("What we know so far")
