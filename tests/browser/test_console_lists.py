"""The console's lists in a real browser: they stay fresh by themselves, for contributors too, and a
contribution that is sent back comes with its reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page

from tests.support.app import Running, running
from tests.support.browser import until
from tests.support.console import (
    at_desk,
    at_work,
    entries,
    hire,
    menu_of,
    opened,
    row,
    said,
    with_menu,
)

pytestmark = [pytest.mark.anyio, pytest.mark.browser, pytest.mark.usefixtures("cast")]


async def test_a_contribution_appears_is_sent_back_and_comes_again(server: Running, browser: Browser) -> None:
    await server.blog("approval")
    async with at_work(browser, server, "eddy") as desk, at_work(browser, server, "connie") as field:
        editor, author = await opened(desk, "approval"), await opened(field, "approval")
        await author.fill("#body", "Roof gone")
        await author.get_by_role("button", name="Send to the editors").click()
        await author.locator("#said", has_text="Sent to the editors").wait_for()

        waiting = editor.locator("#waiting .row", has_text="Roof gone")
        await waiting.wait_for()
        assert "Waiting for approval (1)" in await editor.locator("#waiting h2").inner_text()
        await (await with_menu(waiting)).get_by_role("link", name="Send back").click()
        await editor.get_by_role("button", name="Send back").click()
        await editor.locator(".field__wrong").wait_for()
        await editor.fill("#note", "Who says so?")
        await editor.get_by_role("button", name="Send back").click()
        await editor.locator("#said", has_text="Sent back").wait_for()
        assert await editor.locator("#waiting").is_hidden()

        # the author's list asks by itself, without the newsroom feed
        note = author.locator("#entries .row", has_text="Who says so?")
        await note.wait_for()
        assert "Sent back by Eddy" in await note.inner_text()
        await note.get_by_role("link", name="Edit").click()
        assert await author.input_value("#body") == "Roof gone"
        assert "Who says so?" in await author.locator("main").inner_text()
        await author.fill("#body", "Roof gone, says the fire brigade")
        await author.get_by_role("button", name="Send to the editors").click()
        await editor.locator("#waiting .row", has_text="fire brigade").wait_for()
    (entry,) = await entries(server, "approval")
    assert (entry["status"], entry["note"]) == ("pending", "")


async def test_a_contributor_sees_what_is_approved_and_published(server: Running, browser: Browser) -> None:
    await server.blog("fresh")
    async with at_work(browser, server, "connie") as field:
        author = await opened(field, "fresh")
        await author.fill("#body", "Half a story")
        await server.post("fresh", title="Ferries stop")
        await row(author, "Ferries stop")
        assert await author.input_value("#body") == "Half a story"


async def test_a_session_that_ended_is_said_before_anything_is_sent(server: Running, browser: Browser) -> None:
    await server.blog("ended")
    async with at_work(browser, server, "connie") as field:
        author = await opened(field, "ended")
        await author.fill("#body", "Half a story")
        await field.clear_cookies()
        await author.locator("#said", has_text="Your session has ended").wait_for()
        assert await author.input_value("#body") == "Half a story"


async def test_rows_stay_under_the_hands_of_who_is_on_them(server: Running, browser: Browser) -> None:
    await server.blog("hands")
    entry = await server.post("hands", title="Ferries stop")
    async with at_work(browser, server, "eddy") as desk:
        page = await opened(desk, "hands")
        await (await menu_of(page, "Ferries stop")).get_by_role("button", name="Pin", exact=True).focus()
        await server.edit(entry, "hands", title="Ferries stopped")
        await server.post("hands", title="Something else")
        await row(page, "Something else")
        assert await page.evaluate("document.activeElement.value") == "pin"
        await page.focus("#body")
        await row(page, "Ferries stopped")


async def shows(page: Page, *titles: str) -> None:
    """Wait until the list has these rows, in this order."""

    async def has() -> bool:
        return await page.locator("#entries [data-rows] .row__line").all_inner_texts() == list(titles)

    await until(has, what=f"rows {titles}")


async def test_the_list_is_searched_while_it_follows_the_blog(
    eddy: BrowserContext, server: Running
) -> None:
    await server.blog("search")
    await server.post("search", title="Ferries stop", key=True)
    await server.post("search", title="Trains run", status="draft")
    await server.post("search", title="The bridge", body="Ferries are held")
    page = await at_desk(eddy, "search")
    await page.keyboard.type("Half a line")
    await page.keyboard.press("Escape")
    await page.keyboard.press("/")
    await page.keyboard.type("ferries")
    await shows(page, "The bridge", "Ferries stop")
    assert await page.inner_text("#found") == "2 found"
    # what comes meanwhile is shown where it fits
    await server.post("search", title="Nothing of the kind")
    await server.post("search", title="Ferries run again", status="draft")
    await shows(page, "Ferries run again", "The bridge", "Ferries stop")
    await page.locator("#filter").get_by_role("link", name="Drafts").click()
    await shows(page, "Ferries run again")
    assert await page.evaluate("document.activeElement.textContent.trim()") == "Drafts 2"
    await page.fill("#q", "")
    await shows(page, "Ferries run again", "Trains run")
    await page.locator("#filter").get_by_role("link", name="All").click()
    await page.get_by_label("Key events").check()
    await shows(page, "Ferries stop")
    # the address is the filter's, for another load and for a browser without scripts
    assert page.url.endswith("/console/blogs/search?key=1")
    assert await page.evaluate("window.sameLoad")
    assert await page.inner_text("#words") == "Half a line"
    await page.reload()
    await shows(page, "Ferries stop")


async def test_the_list_is_searched_without_scripts(cast: None, server: Running, browser: Browser) -> None:
    await server.blog("plain-search")
    await server.post("plain-search", title="Ferries stop", pinned=True)
    await server.post("plain-search", title="Ferries & trains", status="draft")
    await server.post("plain-search", title="Trains run")
    async with at_work(browser, server, "eddy", java_script_enabled=False) as context:
        page = await opened(context, "plain-search")
        await page.fill("#q", "Ferries")
        await page.get_by_role("button", name="Search").click()
        await shows(page, "Ferries & trains", "Ferries stop")
        await page.locator("#filter").get_by_role("link", name="Drafts").click()
        await shows(page, "Ferries & trains")
        await page.locator("#filter").get_by_role("link", name="All").click()
        await page.locator("#search").get_by_label("Pinned").check()
        await page.get_by_role("button", name="Search").click()
        await shows(page, "Ferries stop")
        await page.fill("#q", "nowhere")
        await page.press("#q", "Enter")
        await page.locator("#none", has_text="Nothing found.").wait_for()


async def test_what_is_published_counts_down_and_is_stopped(browser: Browser, tmp_path: Path) -> None:
    async with running(tmp_path, publish_delay=50) as server:
        await hire(server)
        await server.blog("slip")
        async with at_work(browser, server, "eddy", plain=False) as context:
            page = await at_desk(context, "slip")
            await page.keyboard.type("A slip")
            await page.keyboard.press("Control+Enter")
            await said(page, "Goes out in a moment.")
            held = await row(page, "A slip")
            await held.locator(".countdown", has_text="in 4").wait_for()
            await held.get_by_role("button", name="Stop").click()
            await said(page, "The entry is a draft.")
            await held.locator(".state--draft").wait_for()
            # or by the key for Undo
            await page.keyboard.type("Another")
            await page.keyboard.press("Control+Enter")
            await said(page, "Goes out in a moment.")
            await page.keyboard.press("Escape")
            await page.keyboard.press("u")
            await said(page, "Stopped.")
            await (await row(page, "Another")).locator(".state--draft").wait_for()
            # who will not wait says so
            await (await row(page, "A slip")).get_by_role("button", name="Publish").click()
            await (await row(page, "A slip")).locator(".state--scheduled").wait_for()
            await page.locator("#words:focus").wait_for()
            await (await menu_of(page, "A slip")).get_by_role("button", name="Publish now").click()
            await (await row(page, "A slip")).locator(".state--published").wait_for()
        assert [entry["status"] for entry in await entries(server, "slip")] == ["draft", "published"]
