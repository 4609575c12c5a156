"""Pages in Arabic and German in a real browser: words, plural forms, digits and direction, before and after the
script has run, and in what arrives."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, Page, expect

from tests.support.app import Running
from tests.support.browser import visit

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

LATIN = re.compile("[A-Za-z]{2,}")
ASCII_DIGIT = re.compile("[0-9]")


async def opened(page: Page, server: Running, slug: str) -> None:
    await page.goto(f"{server.url}/live/{slug}")
    await expect(page.locator("[data-connection]")).to_have_attribute("data-state", "live", timeout=10_000)


async def own_words(page: Page) -> str:
    """What the page says besides the newsroom's name and the names of feeds."""
    text: str = await page.evaluate(
        """() => {
          const copy = document.body.cloneNode(true);
          const others = "script, style, noscript, .masthead__name, .colophon";
          for (const each of copy.querySelectorAll(others)) each.remove();
          return copy.textContent.replace(/\\s+/g, " ");
        }"""
    )
    return text


async def test_a_page_in_arabic(server: Running, browser: Browser) -> None:
    await server.blog(
        "jisr", headline="شاحنات المساعدات تعبر الجسر", standfirst="اثنتان وأربعون شاحنة.", language="ar-EG",
        bylines=[{"name": "يونس فيري"}, {"name": "أميرة كاستل"}], time_zone="Africa/Cairo",
        key_developments=["الشاحنات كلها عبرت", "المستشفى يتسلم الوقود", "الأمطار قد تغلق الطريق"],
    )
    entry = await server.post(
        "jisr", title="الطرفان يتفقان", body="وقّع الوفدان الوثيقة.", key=True, breaking=True
    )
    await server.edit(entry, "jisr", title="الطرفان يتفقان على التمديد")
    async with visit(browser, locale="ar-EG", timezone_id="Africa/Cairo", java_script_enabled=False) as context:
        page = await context.new_page()
        await page.goto(f"{server.url}/live/jisr")
        written = await page.locator(".entry time[data-time] b").text_content()
        assert not LATIN.search(await own_words(page))
    async with visit(browser, locale="ar-EG", timezone_id="Africa/Cairo") as context:
        page = await context.new_page()
        await opened(page, server, "jisr")
        assert await page.evaluate("getComputedStyle(document.body).direction") == "rtl"
        assert await page.locator(".entry time[data-time] b").text_content() == written, "the clock of both"
        await page.locator("[data-pause]").click()
        await expect(page.locator("[data-pause]")).to_have_text("استئناف")
        for number in range(3):
            await server.post("jisr", title=f"خبر {'أبج'[number]}", body="تفاصيل الخبر.")
        await expect(page.locator("[data-pill]")).to_have_text("٣ تحديثات جديدة")
        text = await own_words(page)
        assert not LATIN.search(text) and not ASCII_DIGIT.search(text), text
        assert "يونس فيري وأميرة كاستل" in text


async def test_a_page_in_german(server: Running, browser: Browser) -> None:
    await server.blog(
        "sturm", headline="Sturm an der Küste", language="de-AT",
        bylines=[{"name": "Eva Lang"}, {"name": "Jan Roth"}],
    )
    entry = await server.post("sturm", title="Fähren stehen still", body="Bis auf Weiteres.", key=True)
    async with visit(browser, locale="de-AT") as context:
        page = await context.new_page()
        await opened(page, server, "sturm")
        await expect(page.locator("[data-connection-word]")).to_have_text("Live")
        await expect(page.locator(".head__byline")).to_have_text("Eva Lang und Jan Roth")
        await expect(page.locator(".entry .label--key")).to_have_text("Wichtig")
        await page.locator("[data-pause]").click()
        await server.post("sturm", title="Zweite Meldung")
        await expect(page.locator("[data-pill]")).to_have_text("1 neuer Beitrag")
        await server.retract(entry, "sturm")
        await expect(page.locator(".tombstone")).to_have_text("Dieser Beitrag wurde zurückgezogen.")
