"""What was typed in one browser is offered in another of the same person; neither writes over the other."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page

from server.newsroom import drafts
from server.newsroom.callers import caller_of_user
from server.store import people
from tests.support.app import Running
from tests.support.browser import until
from tests.support.console import at_desk, at_work, entries, row, said

pytestmark = [pytest.mark.anyio, pytest.mark.browser]


async def _kept(server: Running, slug: str, entry: str) -> list[dict[str, Any]]:
    async with server.desk.database.read() as connection:
        user = await people.user_by_name(connection, "eddy")
    assert user is not None
    found = await drafts.listed(server.desk, caller_of_user(user), slug, entry)
    return [json.loads(draft.form) for draft in found]


async def keeps(server: Running, slug: str, *words: str, entry: str = "") -> None:
    """Wait until the server has these drafts of Eddy's and no others, by the words in them, newest first."""

    async def has() -> bool:
        return [form["fields"]["body"] for form in await _kept(server, slug, entry)] == list(words)

    await until(has, what=f"drafts {words}")


async def offered(page: Page, words: str, button: str) -> None:
    await page.locator("[data-offered] .said", has_text=words).get_by_role("button", name=button).click()


async def test_a_draft_goes_from_one_browser_to_another(
    eddy: BrowserContext, server: Running, browser: Browser
) -> None:
    await server.blog("journey")
    desk = await at_desk(eddy, "journey")
    await desk.keyboard.type("Begun at the desk")
    await desk.get_by_label("Breaking").check()
    await keeps(server, "journey", "Begun at the desk")

    async with at_work(browser, server, "eddy", plain=False) as train, at_work(browser, server, "rosa") as rosa:
        phone = await at_desk(train, "journey")
        await offered(phone, "Begun at the desk", "Go on with it")
        assert await phone.inner_text("#words") == "Begun at the desk"
        assert await phone.get_by_label("Breaking").is_checked()
        # nobody else is offered it
        other = await rosa.new_page()
        async with other.expect_response(lambda answer: "/console/drafts?" in answer.url) as asked:
            await other.goto("/console/blogs/journey")
        assert (await (await asked.value).json()) == {"drafts": []}

        # both write on: the second one's words are kept beside the first one's, under a key of their own
        await phone.focus("#words")
        await phone.keyboard.press("End")
        await phone.keyboard.type(", and on the train")
        await keeps(server, "journey", "Begun at the desk, and on the train")
        await desk.focus("#words")
        await desk.keyboard.press("End")
        await desk.keyboard.type(", and later")
        await keeps(
            server, "journey", "Begun at the desk, and later", "Begun at the desk, and on the train"
        )
        await desk.locator("[data-offered] .said", has_text="and on the train").wait_for()
        assert await desk.inner_text("#words") == "Begun at the desk, and later"

        # what is published is gone from the server, and only that
        await phone.keyboard.press("Control+Enter")
        await said(phone, "Published.")
        await keeps(server, "journey", "Begun at the desk, and later")
        await offered(desk, "and on the train", "Discard")
        await desk.focus("#words")
        await desk.keyboard.press("Control+Enter")
        await row(desk, "and later")
        await keeps(server, "journey")
    assert len(await entries(server, "journey")) == 2


async def test_a_draft_waits_for_the_network_and_ends_when_it_is_thrown_away(
    eddy: BrowserContext, server: Running
) -> None:
    await server.blog("tunnel")
    posted = await server.post("tunnel", body="Ferries stop")
    page = await at_desk(eddy, "tunnel", f"/entries/{posted['id']}")
    await eddy.set_offline(True)
    await page.keyboard.type(" in the tunnel")
    await page.wait_for_function("() => Object.keys(localStorage).some((k) => k.includes(':draft:'))")
    await eddy.set_offline(False)
    await keeps(server, "tunnel", "Ferries stop in the tunnel", entry=posted["id"])
    await page.get_by_role("link", name="Cancel").click()
    await page.wait_for_url("**/console/blogs/tunnel")
    await keeps(server, "tunnel", entry=posted["id"])
