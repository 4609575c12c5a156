"""The console's lists in a real browser: they stay fresh by themselves, for contributors too, and a
contribution that is sent back comes with its reason."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser

from tests.support.app import Running
from tests.support.console import at_work, entries, menu_of, opened, row, with_menu

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
