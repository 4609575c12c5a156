"""Entries are shared by the device's own sheet or a small menu; pictures are enlarged in a dialog."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from tests.support.app import Running
from tests.support.browser import visit
from tests.support.reading import opened, storm

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

SHEET = "navigator.share = async (data) => { window.shared = data; }"
NO_SHEET = "Object.defineProperty(navigator, 'share', { value: undefined })"


async def test_an_entry_is_shared(server: Running, browser: Browser) -> None:
    slug, (entry,) = await storm(server, 1)
    address = f"{server.url}/live/{slug}/entries/{entry['id']}"
    async with visit(browser) as context:
        await context.grant_permissions(["clipboard-read", "clipboard-write"])
        await context.add_init_script(NO_SHEET)
        page = await opened(context, server, slug)
        share = page.locator(".entry__share")
        await share.focus()
        await page.keyboard.press("Enter")
        menu = page.get_by_role("dialog", name="Share")
        await expect(menu.get_by_role("button", name="Copy link")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(menu.get_by_role("status")).to_have_text("Link copied")
        assert await page.evaluate("navigator.clipboard.readText()") == address
        mail = await menu.get_by_role("link", name="Email").get_attribute("href")
        assert mail is not None and mail.startswith("mailto:?subject=Report%201&body=http")
        await page.keyboard.press("Escape")
        await expect(menu).to_have_count(0)
        await expect(share).to_be_focused()
        assert page.url == f"{server.url}/live/{slug}"
        # the entry's own page has the same
        await page.goto(address)
        await page.locator(".entry__share").click()
        await expect(page.get_by_role("textbox", name="Share")).to_have_value(address)
    async with visit(browser) as context:
        await context.add_init_script(SHEET)
        page = await opened(context, server, slug)
        await page.locator(".entry__share").click()
        await expect(page.locator("[popover]")).to_have_count(0)
        assert await page.evaluate("shared") == {"title": "Report 1", "url": address}


@pytest.mark.parametrize("language", ["en", "ar"])
async def test_pictures_are_enlarged(
    server: Running, browser: Browser, jpeg: bytes, language: str
) -> None:
    answer = await server.http.post("/api/v1/media", files={"file": ("hill.jpg", jpeg, "image/jpeg")})
    slug, _ = await storm(server, 0, language=language)
    names = ("First", "Second", "Covered", "Last")
    images = [
        {"media_id": answer.json()["id"], "alt": name, "caption": f"Of {name}", "sensitive": name == "Covered"}
        for name in names
    ]
    await server.post(slug, blocks=[{"type": "gallery", "images": images}])
    forward, back = ("ArrowRight", "ArrowLeft") if language == "en" else ("ArrowLeft", "ArrowRight")
    async with visit(browser) as context:
        page = await opened(context, server, slug)
        links = page.locator("a[data-zoom]")
        await links.nth(0).focus()
        await page.keyboard.press("Enter")
        dialog = page.locator("dialog.zoom")
        picture = dialog.locator("img")
        await expect(picture).to_have_attribute("alt", "First")
        await expect(picture).to_have_js_property("naturalWidth", 900)
        await expect(dialog.locator("figcaption")).to_have_text("Of First")
        await page.keyboard.press(forward)
        await expect(picture).to_have_attribute("alt", "Second")
        await page.keyboard.press(forward)
        await expect(picture).to_have_attribute("alt", "Last")
        await page.keyboard.press(back)
        await expect(picture).to_have_attribute("alt", "Second")
        # the keyboard stays inside
        for _ in range(4):
            await page.keyboard.press("Tab")
            assert await page.evaluate("document.activeElement.matches('dialog *, body')")
        await page.keyboard.press("Escape")
        await expect(dialog).to_have_count(0)
        await expect(links.nth(1)).to_be_focused()
        await links.nth(3).click()
        await dialog.locator("button").first.click()
        await expect(links.nth(3)).to_be_focused()
        address = await links.nth(0).get_attribute("href")
    assert address is not None
    answer = await server.anonymous.get(address)
    assert answer.headers["content-type"] == "image/jpeg", "the link works without scripts"
