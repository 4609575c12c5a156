"""The whole path in a real browser: an editor works in the plain console, without a script, and a reader's page
in another context follows, over each transport."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from typing import Any

import pytest
from PIL import Image
from playwright.async_api import Browser, BrowserContext, Page

from server.domain.permissions import SYSTEM
from server.newsroom import people
from tests.support.app import Running
from tests.support.browser import until, visit

pytestmark = [pytest.mark.anyio, pytest.mark.browser]
PASSWORD = "a long enough password"


@pytest.fixture(scope="module")
async def editor_name(server: Running) -> str:
    await people.create_user(server.desk, SYSTEM, "eddy", password=PASSWORD, name="Eddy Torr", role="editor")
    return "eddy"


@pytest.fixture
async def editor(server: Running, browser: Browser, editor_name: str) -> AsyncIterator[Page]:
    """The console of an editor who is logged in; scripts are off."""
    async with visit(browser, java_script_enabled=False) as context:
        yield await _logged_in(context, server, editor_name)


async def _logged_in(context: BrowserContext, server: Running, name: str) -> Page:
    page = await context.new_page()
    await page.goto(f"{server.url}/console")
    await page.fill("#username", name)
    await page.fill("#password", PASSWORD)
    await page.click("button.do")
    await page.wait_for_url("**/console")
    return page


def picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (900, 600), (70, 110, 140)).save(file, "JPEG")
    return file.getvalue()


async def row(page: Page, words: str) -> Any:
    found = page.locator("#entries .row", has_text=words)
    await found.first.wait_for()
    assert await found.count() == 1
    menu = found.locator("details.menu:not([open]) > summary")
    if await menu.count():
        await menu.click()
    return found


async def test_an_editor_makes_a_blog_and_works_in_it_without_scripts(editor: Page, server: Running) -> None:
    await editor.goto(f"{server.url}/console/blogs/new")
    await editor.fill("#slug", "aid-convoys")
    await editor.fill("#headline", "Aid convoys set out")
    await editor.fill("#key_developments", "The road is open\nForty lorries wait")
    await editor.select_option("#status", "live")
    await editor.click("button.do")
    await editor.wait_for_url("**/console/blogs/aid-convoys*")

    await editor.goto(f"{server.url}/console/blogs/aid-convoys")
    await editor.fill("#title", "UN to resume aid convoys")
    await editor.fill("#body", "The **first** lorries leave today.\n\n> We are ready.\n> — The convoy leader")
    await editor.click("summary:has-text('Add a picture')")
    await editor.set_input_files(
        "#picture", files=[{"name": "gate.jpg", "mimeType": "image/jpeg", "buffer": picture()}]
    )
    await editor.fill("#picture_alt", "Lorries at a gate")
    await editor.fill("#picture_caption", "At the eastern gate")
    await editor.fill("#picture_credit", "Photograph: E. Torr")
    await editor.click("button.do")
    await row(editor, "UN to resume aid convoys")

    page = (await server.anonymous.get("/live/aid-convoys")).text
    for words in (
        "UN to resume aid convoys", "<strong>first</strong>", "The convoy leader", "Forty lorries wait",
        'alt="Lorries at a gate"', "At the eastern gate", "Photograph: E. Torr",
    ):
        assert words in page

    await (await row(editor, "UN to resume")).get_by_role("link", name="Edit").click()
    await editor.fill("#title", "UN resumes aid convoys")
    await editor.click("button.do")
    await (await row(editor, "UN resumes")).get_by_role("button", name="Pin", exact=True).click()
    await (await row(editor, "UN resumes")).get_by_role("button", name="Unpin").wait_for()
    page = (await server.anonymous.get("/live/aid-convoys")).text
    assert "UN resumes aid convoys" in page
    assert "Lorries at a gate" in page
    assert "data-pinned" in page

    await (await row(editor, "UN resumes")).get_by_role("link", name="Retract").click()
    await editor.click("button.do")
    await editor.locator(".row--retracted").wait_for()
    page = (await server.anonymous.get("/live/aid-convoys")).text
    assert "aid convoys</h3>" not in page
    assert "Lorries at a gate" not in page


async def test_a_form_with_a_mistake_keeps_what_was_typed(editor: Page, server: Running) -> None:
    await server.blog("mistakes")
    await editor.goto(f"{server.url}/console/blogs/mistakes")
    await editor.fill("#title", "Half done")
    await editor.click("summary:has-text('Add a video')")
    await editor.fill("#video_url", "https://")
    await editor.evaluate("document.querySelector('form.compose').noValidate = true")
    await editor.click("button.do")
    assert await editor.input_value("#title") == "Half done"
    assert await editor.locator(".field__wrong").count() >= 1


@pytest.mark.parametrize("transport", ["sse", "ws", "poll"])
async def test_a_reader_follows_what_an_editor_does(
    editor: Page, server: Running, browser: Browser, transport: str
) -> None:
    slug = f"follow-{transport}"
    await server.blog(slug)
    async with visit(browser) as context:
        reader = await context.new_page()
        await reader.goto(f"{server.url}/live/{slug}?transport={transport}")
        state = reader.locator("[data-connection]")
        await until(lambda: _is(state, "data-state", "live"), what="live")
        assert await state.get_attribute("data-transport") == transport
        entry = reader.locator("[data-entries] > article")

        await editor.goto(f"{server.url}/console/blogs/{slug}")
        await editor.fill("#title", "UN to resume aid convoys")
        await editor.fill("#body", "SECRETNAME was at the gate.")
        await editor.click("button.do")
        await until(lambda: _has(entry, "UN to resume aid convoys"), what="the post")

        await (await row(editor, "UN to resume")).get_by_role("link", name="Edit").click()
        await editor.fill("#title", "UN resumes aid convoys")
        await editor.click("button.do")
        await until(lambda: _has(entry, "UN resumes aid convoys"), what="the edit")
        assert await entry.count() == 1

        await (await row(editor, "UN resumes")).get_by_role("button", name="Pin", exact=True).click()
        await until(lambda: _is(entry, "data-pinned", "0"), what="the pin")

        await (await row(editor, "UN resumes")).get_by_role("link", name="Retract").click()
        await editor.click("button.do")
        await until(lambda: _is(entry, "data-gone", ""), what="the retraction")
        assert "SECRETNAME" not in await reader.content()


async def _has(locator: Any, words: str) -> bool:
    return await locator.count() == 1 and words in await locator.inner_text()


async def _is(locator: Any, name: str, value: str) -> bool:
    return await locator.count() == 1 and await locator.get_attribute(name) == value
