"""Nothing that was typed in the console's editor is lost, and nothing is sent twice, in a real browser."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Error, FilePayload, Locator, Page

from tests.support.app import Running
from tests.support.browser import until
from tests.support.console import (
    PASSWORD,
    at_desk,
    at_work,
    drafts_kept,
    entries,
    menu_of,
    row,
    said,
    writes,
)

pytestmark = [pytest.mark.anyio, pytest.mark.browser, pytest.mark.usefixtures("cast")]


def waiting(page: Page) -> Locator:
    return page.locator("[data-outbox]")


async def change_blog(server: Running, slug: str, **fields: Any) -> None:
    answer = await server.http.patch(f"/api/v1/blogs/{slug}", json=fields, headers={"If-Match": "*"})
    assert answer.status_code == 200


async def test_a_notice_of_what_is_missing_goes_once_it_is_mended(
    eddy: BrowserContext, server: Running, jpeg: bytes
) -> None:
    await server.blog("missing")
    page = await at_desk(eddy, "missing")
    notice = page.locator("#said .said--failed")
    await page.keyboard.press("Control+Enter")
    await said(page, "Write something first.")
    await page.keyboard.type("The pier")
    await notice.wait_for(state="detached")
    chosen = "form.compose > input[type=file]"
    broken: FilePayload = {"name": "b.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"}
    await page.set_input_files(chosen, broken)
    await page.locator(".placed__wrong").wait_for()
    await page.keyboard.press("Control+Enter")
    await said(page, "A picture did not arrive.")
    await page.get_by_role("button", name="Remove picture").click()
    await notice.wait_for(state="detached")
    # an empty field is wrong after an attempt, and not before
    await page.set_input_files(chosen, {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": jpeg})
    await page.locator(".placed__look img").wait_for()
    alt = page.get_by_label("Describe it")
    assert await alt.get_attribute("aria-invalid") is None
    await page.keyboard.press("Control+Enter")
    await said(page, "Describe the picture")
    assert await alt.get_attribute("aria-invalid") == "true"
    await page.keyboard.type("A pier")
    await notice.wait_for(state="detached")
    await page.keyboard.press("Control+Enter")
    await row(page, "The pier")


async def test_what_fails_says_why_and_is_sent_again(eddy: BrowserContext, server: Running) -> None:
    await server.blog("fails")
    page = await at_desk(eddy, "fails")
    await page.keyboard.type("After the end")
    # what somebody else does to the blog is seen here, and what was typed stays
    await change_blog(server, "fails", status="closed", headline="The end", key_developments=["All over"])
    closed = page.locator("#blog-closed")
    await closed.wait_for()
    assert await page.inner_text("#blog-headline") == "The end"
    assert await page.inner_text("#blog-status") == "CLOSED"
    assert await page.inner_text(".developing") == "All over"
    assert (await page.title()).startswith("The end – ")
    await page.keyboard.press("Control+Enter")
    await said(page, "This blog is closed.")
    assert await page.inner_text("#words") == "After the end"
    await change_blog(server, "fails", status="live")
    await closed.wait_for(state="hidden")
    # closed while it waits for a connection
    await eddy.set_offline(True)
    await page.keyboard.press("Control+Enter")
    await page.locator("[data-outbox=waiting]").wait_for()
    await page.locator("[data-connected=false]", has_text="Reconnecting").wait_for()
    await change_blog(server, "fails", status="closed")
    await eddy.set_offline(False)
    failed = page.locator("[data-outbox=failed]", has_text="After the end")
    await failed.wait_for()
    assert "closed" in await failed.inner_text()
    await page.locator("[data-connected=true]", has_text="Connected").wait_for()
    await page.keyboard.type("Something else")
    await change_blog(server, "fails", status="live")
    await failed.get_by_role("button", name="Try again").click()
    await row(page, "After the end")
    await until(lambda: _sent(page), what="an empty outbox")
    assert await page.inner_text("#words") == "Something else"


async def test_offline_and_after_a_crash_each_entry_is_sent_once(
    eddy: BrowserContext, server: Running
) -> None:
    await server.blog("crash")
    page = await at_desk(eddy, "crash")

    async def lost(route: Any) -> None:
        # the first time the post arrives and its answer does not
        await route.fetch()
        await route.abort("connectionreset")

    await page.route("**/api/v1/blogs/crash/entries", lost, times=1)
    await page.keyboard.type("Only once")
    await page.keyboard.press("Control+Enter")
    await page.locator("[data-outbox=waiting]", has_text="Only once").wait_for()
    await writes(page, "In the middle of a sen")
    await eddy.set_offline(True)
    await page.close(run_before_unload=False)
    await eddy.set_offline(False)

    page = await at_desk(eddy, "crash")
    assert await page.inner_text("#words") == "In the middle of a sen"
    await page.locator("[data-restored]", has_text="Restored").wait_for()
    await row(page, "Only once")
    await until(lambda: _sent(page), what="an empty outbox")
    assert len(await entries(server, "crash")) == 1

    await eddy.set_offline(True)
    await page.keyboard.press("End")
    await page.keyboard.type("tence")
    await page.keyboard.press("Control+Enter")
    await page.locator("[data-outbox=waiting]", has_text="In the middle of a sentence").wait_for()
    assert await page.inner_text("#words") != "In the middle of a sentence"
    for line in ("Then this", "And this at last"):
        await page.keyboard.type(line)
        await page.keyboard.press("Control+Enter")
        await page.locator("[data-outbox]", has_text=line).wait_for()
    await eddy.set_offline(False)
    await row(page, "And this at last")
    # in the order in which they were written
    assert [entry["blocks"][0]["html"] for entry in await entries(server, "crash")] == [
        "<p>And this at last</p>", "<p>Then this</p>", "<p>In the middle of a sentence</p>", "<p>Only once</p>",
    ]
    await drafts_kept(page, 0)


async def _sent(page: Page) -> bool:
    return await waiting(page).count() == 0


async def test_a_session_that_ended_is_renewed_in_place(
    server: Running, browser: Browser, jpeg: bytes
) -> None:
    await server.blog("expired")
    async with at_work(browser, server, "eddy", own_session=True, plain=False) as context:
        page = await at_desk(context, "expired")
        await page.keyboard.type("The pier")
        await context.clear_cookies()
        # a picture is dropped: its upload asks for the log-in, and goes on after it
        file: FilePayload = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": jpeg}
        await page.set_input_files("form.compose > input[type=file]", file)
        await _log_in(page, "rosa")
        await page.locator("dialog [role=alert]", has_text="another account").wait_for()
        await _log_in(page, "eddy")
        await page.locator(".placed__look img").wait_for()
        await page.locator("#words").get_by_label("Describe it").fill("A pier")
        await page.locator("#words").get_by_label("Caption").fill("In the morning")
        await context.clear_cookies()
        await page.keyboard.press("Control+Enter")
        await _log_in(page, "eddy")
        await row(page, "The pier")
        assert await page.evaluate("window.sameLoad")
    (entry,) = await entries(server, "expired")
    assert [(b["type"], b.get("alt", ""), b.get("caption", "")) for b in entry["blocks"]] == [
        ("text", "", ""), ("image", "A pier", "In the morning")
    ]


async def _log_in(page: Page, name: str) -> None:
    dialog = page.locator("dialog")
    await dialog.get_by_label("User name").fill(name)
    await dialog.get_by_label("Password").fill(PASSWORD)
    await dialog.get_by_role("button", name="Log in").click()


async def test_two_tabs_rows_and_the_back_button(eddy: BrowserContext, server: Running) -> None:
    await server.blog("tabs")
    await server.post("tabs", title="Ferries stop")
    one = await at_desk(eddy, "tabs")
    await writes(one, "Ours")
    # a tab with the same draft shows what is typed in the other
    same = await at_desk(eddy, "tabs")
    assert await same.inner_text("#words") == "Ours"
    await same.keyboard.press("End")
    await writes(same, ", longer")
    await until(lambda: _holds(one, "Ours, longer"), what="the same words in both tabs")
    # a button of a row leaves the editor as it is
    await (await menu_of(one, "Ferries stop")).get_by_role("button", name="Pin", exact=True).click()
    await (await menu_of(one, "Ferries stop")).get_by_role("button", name="Unpin").wait_for()
    assert await one.inner_text("#words") == "Ours, longer"
    await one.focus("#words")
    await one.keyboard.press("Control+Enter")
    await row(one, "Ours, longer")
    await until(lambda: _lacks(same, "Ours"), what="what was published gone from the other tab")
    await one.goto("/console")
    await one.go_back()
    await one.locator("#words:focus").wait_for()
    assert "Ours" not in await one.inner_text("#words")
    assert len(await entries(server, "tabs")) == 2
    await drafts_kept(one, 0)


async def _holds(page: Page, words: str) -> bool:
    return await page.inner_text("#words") == words


async def _lacks(page: Page, words: str) -> bool:
    with contextlib.suppress(Error):  # it is being loaded afresh
        return words not in await page.inner_text("#words")
    return False
