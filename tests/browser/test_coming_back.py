"""A reader who comes back: what happened meanwhile, the days, the order, their place, and addresses that were
handed out long ago. With scripts, and what of it works without."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect
from sqlalchemy import update

from server.store.schema import entries
from tests.support.app import Running
from tests.support.browser import visit
from tests.support.reading import opened, storm, titles

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

TEXT_ABOVE_AND_BELOW = """line => {
  const title = article => article?.querySelector("h3").textContent;
  const before = line.previousElementSibling, after = line.nextElementSibling;
  return [title(before), line.textContent, title(after)];
}"""


async def lines(page: Page, selector: str) -> list[list[str]]:
    """Each line with the titles of the entries above and below it."""
    found: list[list[str]] = await page.eval_on_selector_all(
        selector, f"all => all.map({TEXT_ABOVE_AND_BELOW})"
    )
    return found


async def leave(page: Page, server: Running) -> None:
    await page.goto(server.url + "/robots.txt")


async def in_view(page: Page, entry: dict[str, Any]) -> None:
    """Wait until an entry is on screen and has the focus."""
    article = page.locator(f"#entry-{entry['id']}")
    await expect(article).to_be_focused()
    await expect(article).to_be_in_viewport(ratio=0.1)


async def published(server: Running, made: list[dict[str, Any]], moments: list[str]) -> None:
    """Say when entries were published."""
    async with server.site.database.write() as connection:
        for entry, moment in zip(made, moments, strict=True):
            at = datetime.fromisoformat(f"{moment}+00:00")
            await connection.execute(update(entries).where(entries.c.id == entry["id"]).values(published_at=at))


async def test_a_line_says_what_came_since_the_last_visit(server: Running, browser: Browser) -> None:
    slug, _ = await storm(server, 12)
    async with visit(browser, locale="en-GB") as context:
        page = await opened(context, server, slug)
        await expect(page.locator(".mark")).to_have_count(0)
        await leave(page, server)
        wrong = await server.post(slug, title="Report 13")
        await server.post(slug, title="Report 14")
        await server.post(slug, title="Report 15", pinned=True)
        await page.goto(f"{server.url}/live/{slug}")
        (line,) = await lines(page, ".mark")
        assert line[0::2] == ["Report 13", "Report 12"]
        assert re.fullmatch(r"3 updates since \d\d:\d\d", line[1])
        await server.retract(wrong, slug)
        await expect(page.locator(".mark")).to_have_text(re.compile("^2 updates since"))
        height = await page.locator(".mark").evaluate("line => line.getBoundingClientRect().height")
        assert height == 0, "it takes no room, and so moves nothing"
        await page.reload()
        await expect(page.locator("[data-connection]")).to_have_attribute("data-state", "live")
        await expect(page.locator(".mark")).to_have_count(0)
        # what the reader knew stands on an older page by now
        await leave(page, server)
        for n in range(16, 46):
            await server.post(slug, title=f"Report {n}")
        await page.goto(f"{server.url}/live/{slug}")
        ((above, words, below),) = await lines(page, ".mark--stop")
        assert words.startswith("30 updates since") and (above, below) == ("Report 21", None)
        await page.get_by_role("link", name="Load more updates").click()
        await expect(page.get_by_role("heading", name="Report 1", exact=True)).to_be_attached()
        ((above, words, below),) = await lines(page, ".mark--stop")
        assert words.startswith("30 updates since") and (above, below) == ("Report 16", "Report 14")


async def test_days_are_divided_where_the_reader_is(server: Running, browser: Browser) -> None:
    slug, made = await storm(server, 4)
    await published(
        server, made, ["2026-03-08T09:00", "2026-03-08T22:30", "2026-03-08T23:30", "2026-03-09T09:00"]
    )
    for zone, scripts, wanted in [
        ("UTC", True, ["Report 4", "Sunday 8 March", "Report 3"]),
        ("Europe/Berlin", False, ["Report 4", "Sunday 8 March", "Report 3"]),
        ("Europe/Berlin", True, ["Report 3", "Sunday 8 March", "Report 2"]),
    ]:
        async with visit(browser, locale="en-GB", timezone_id=zone, java_script_enabled=scripts) as context:
            page = await context.new_page()
            await page.goto(f"{server.url}/live/{slug}")
            ((above, day, below),) = await lines(page, "[data-day]")
            assert [above, day.replace(",", "").removesuffix(" 2026"), below] == wanted
            if wanted[0] == "Report 4":
                continue
            await expect(page.locator("[data-connection]")).to_have_attribute("data-state", "live")
            await server.post(slug, title="Report 5")
            await expect(page.locator("[data-day]")).to_have_count(2)
            assert [line[2] for line in await lines(page, "[data-day]")] == ["Report 4", "Report 2"]
            await page.goto(f"{server.url}/live/{slug}?order=oldest")
            await expect(page.locator("[data-connection]")).to_have_attribute("data-state", "live")
            assert [line[2] for line in await lines(page, "[data-day]")] == ["Report 3", "Report 5"]


async def test_the_order_and_the_place_are_remembered(server: Running, browser: Browser) -> None:
    slug, made = await storm(server, 45)
    plain = f"{server.url}/live/{slug}"
    async with visit(browser) as context:
        page = await opened(context, server, slug)
        await page.get_by_role("link", name="Start from the beginning").click()
        await page.get_by_role("link", name="Load more updates").click()
        await expect(page.locator(f"#entry-{made[30]['id']}")).to_be_attached()
        await page.locator(f"#entry-{made[27]['id']}").evaluate("article => article.scrollIntoView()")
        await leave(page, server)
        await page.goto(plain)
        await page.wait_for_url(f"{plain}?order=oldest&after=20#entry-{made[27]['id']}")
        await in_view(page, made[27])
        await page.get_by_role("link", name="Newest first").click()
        await expect(page.locator("[data-connection]")).to_have_attribute("data-state", "live")
        assert page.url == plain and (await titles(page))[0] == "Report 45"
        # a reload finds the same entry at the same height, whatever came above it
        place = page.locator(f"#entry-{made[33]['id']}")
        await place.evaluate("article => scrollTo(0, scrollY + article.getBoundingClientRect().top - 50)")
        await page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        before = await place.evaluate("article => article.getBoundingClientRect().top")
        await server.post(slug, title="Report 46", body="It rains. " * 100)
        await expect(page.locator("[data-pill]")).to_be_visible()
        await page.reload()
        await expect(page.locator("[data-connection]")).to_have_attribute("data-state", "live")
        after = await place.evaluate("article => article.getBoundingClientRect().top")
        assert abs(after - before) < 2


@pytest.mark.parametrize("scripts", [True, False])
async def test_an_address_leads_to_its_entry_after_fifty_more(
    server: Running, browser: Browser, scripts: bool
) -> None:
    slug, made = await storm(server, 6, key_developments=[])
    old, retracted = made[1], made[3]
    await server.edit(old, slug, key=True)
    async with visit(browser, java_script_enabled=scripts) as context:
        page = await context.new_page()
        await page.goto(f"{server.url}/live/{slug}?entry={old['id']}")
        handed_out = [page.url, f"{server.url}/live/{slug}?entry={old['id']}"]
        assert handed_out[0] == f"{server.url}/live/{slug}#entry-{old['id']}"
        for n in range(7, 57):
            await server.post(slug, title=f"Report {n}")
        await server.edit(old, slug, title="Report 2, corrected")
        await server.retract(retracted, slug)
        # without scripts a fragment says nothing to the server; the other address and the permalink do
        for address in handed_out if scripts else handed_out[1:]:
            await leave(page, server)
            await page.goto(address)
            article = page.locator(f"#entry-{old['id']}")
            await expect(article).to_be_in_viewport(ratio=0.1)
            await expect(article.locator("h3")).to_have_text("Report 2, corrected")
            if scripts:
                await expect(article).to_be_focused()
        await page.goto(f"{server.url}/live/{slug}?entry={retracted['id']}")
        note = page.locator(f"#entry-{retracted['id']}")
        await expect(note).to_be_in_viewport()
        await expect(note).to_contain_text("This update has been retracted.")
        answer = await page.goto(f"{server.url}/live/{slug}/entries/{retracted['id']}")
        assert answer is not None and answer.status == 410
        if scripts:
            await _what_leads_nowhere_leaves_the_reader(page, server, slug)


async def _what_leads_nowhere_leaves_the_reader(page: Page, server: Running, slug: str) -> None:
    await page.goto(f"{server.url}/live/{slug}#entry-aaaaaaaaaaaaaaaa")
    await expect(page.locator("[data-connection]")).to_have_attribute("data-state", "live")
    assert page.url.endswith(f"/live/{slug}#entry-aaaaaaaaaaaaaaaa")


async def test_key_events_lead_to_their_entries(server: Running, browser: Browser) -> None:
    slug, made = await storm(server, 45)
    new, old = made[30], made[3]
    await server.edit(new, slug, key=True)
    await server.edit(old, slug, key=True)
    async with visit(browser, reduced_motion="reduce") as context:
        page = await opened(context, server, slug)
        await page.evaluate("window.same = true")
        link = page.locator("[data-key-events] a")
        await link.nth(0).click()
        await in_view(page, new)
        assert page.url.endswith(f"#entry-{new['id']}")
        await link.nth(1).click()
        await in_view(page, old)
        assert await page.evaluate("window.same"), "older pages were loaded into this one"
        assert len(await titles(page)) == 45
        await page.go_back()
        await in_view(page, new)
        await server.post(slug, title="Report 46")
        await expect(page.locator("[data-pill]")).to_be_visible()


async def _hint(context: BrowserContext, address: str) -> Page:
    page = await context.new_page()
    await page.goto(address)
    await expect(page.locator(".reloads time")).to_have_text(re.compile(r"\d\d:\d\d UTC"))
    return page


async def test_without_scripts_a_page_can_reload_itself(server: Running, browser: Browser) -> None:
    slug, _ = await storm(server, 1)
    plain = f"{server.url}/live/{slug}"
    async with visit(browser, java_script_enabled=False) as context:
        page = await _hint(context, plain)
        assert await page.locator("meta[http-equiv=refresh]").count() == 0, "never by itself"
        await server.post(slug, title="Report 2")
        await page.get_by_role("link", name="Reload", exact=True).click()
        await expect(page.locator("h3").first).to_have_text("Report 2")
        await page.get_by_role("link", name="Reload every minute").click()
        assert page.url == f"{plain}?refresh=60"
        assert await page.get_attribute("meta[http-equiv=refresh]", "content") == "60"
        await page.get_by_role("link", name="Stop reloading").click()
        assert page.url == plain
    async with visit(browser) as context:
        page = await opened(context, server, slug, "?refresh=60")
        assert await page.locator("meta[http-equiv=refresh]").count() == 0, "scripts do without"
        await expect(page.locator(".reloads")).to_have_count(0)
    await server.http.patch(f"/api/v1/blogs/{slug}", json={"status": "closed"}, headers={"If-Match": "*"})
    assert "reloads" not in (await server.anonymous.get(f"/live/{slug}")).text
