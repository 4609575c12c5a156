"""A theme's slots on an open page: they stand where the server puts them, and move nobody."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.support.app import running
from tests.support.browser import visit
from tests.support.checkers import axe
from tests.web.test_theme import EXAMPLE

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

ORDER = """() => [...document.querySelectorAll("[data-entries] > :is(article, [data-slot])")]
  .filter((e) => !e.hidden).map((e) => e.dataset.number ?? e.dataset.slot)"""


async def test_slots_stay_right_while_entries_arrive(tmp_path: Path, browser: Browser) -> None:
    async with running(tmp_path, theme=EXAMPLE, slot_every=3) as server:
        await server.blog()
        entries = [await server.post(title=f"Entry {n}", body="Words. " * 40) for n in range(1, 8)]
        async with visit(browser) as context:
            page = await context.new_page()
            await page.goto(f"{server.url}/live/storm")
            assert await page.evaluate("document.documentElement.dataset.counted") == "true"
            assert await axe(page) == []
            connection = page.locator("[data-connection]")
            await expect(connection).to_have_attribute("data-state", "live", timeout=15_000)
            read = page.locator(f"#entry-{entries[1]['id']}")
            await read.evaluate("(e) => e.scrollIntoView({block: 'center'})")
            before = await read.evaluate("(e) => e.getBoundingClientRect().top")
            for n in range(8, 12):
                await server.post(title=f"Entry {n}", body="Words. " * 40)
            await server.retract(entries[6])
            await expect(page.locator("[data-entries] > article")).to_have_count(11)
            await expect(page.locator("[data-entries] > [data-gone]")).to_have_count(1)
            moved = await read.evaluate("(e) => e.getBoundingClientRect().top") - before
            assert abs(moved) < 1, "scroll positions are whole pixels of the screen"
            await page.locator("[data-pill]").click()
            await expect(page.locator("[data-entries] > article[hidden]")).to_have_count(0)
            live = await page.evaluate(ORDER)
            await page.reload()
            assert live == await page.evaluate(ORDER)
            assert live.count("between") == 3
