"""The library of pictures in a real browser: chosen in the editor by keys, and looked at by axe."""

from __future__ import annotations

import pytest
from playwright.async_api import BrowserContext, expect

from tests.support.app import Running
from tests.support.checkers import axe
from tests.support.console import at_desk, entries, row

pytestmark = [pytest.mark.anyio, pytest.mark.browser, pytest.mark.usefixtures("cast")]


async def test_a_picture_of_the_library_is_chosen_by_keys(
    eddy: BrowserContext, server: Running, jpeg: bytes
) -> None:
    await server.blog("library")
    words = {"alt": "A pier", "caption": "High water", "credit": "Zoë"}
    files = {"file": ("pier.jpg", jpeg, "image/jpeg")}
    item = (await server.http.post("/api/v1/media", files=files, data=words)).json()
    page = await at_desk(eddy, "library")
    await page.keyboard.type("The harbour")
    await page.keyboard.press("Enter")
    await page.keyboard.type("/library")
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Library")
    await dialog.get_by_role("button", name="High water").wait_for()
    assert await axe(page) == []
    await page.keyboard.type("nothing of the kind")
    await expect(dialog.get_by_role("status")).to_have_text("No picture has these words.")
    await page.keyboard.press("Control+a")
    await page.keyboard.type("ZOE pier")
    await dialog.get_by_role("button", name="High water").wait_for()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.locator(".placed--pictures input").first).to_have_value("High water")
    await page.keyboard.press("Control+Enter")
    await row(page, "The harbour")
    (entry,) = await entries(server, "library")
    (picture,) = [block for block in entry["blocks"] if block["type"] == "image"]
    assert (picture["media_id"], picture["alt"], picture["credit"]) == (item["id"], "A pier", "Zoë")
    # Escape closes it and leads back to the words
    await page.keyboard.type("/library")
    await page.keyboard.press("Enter")
    await dialog.wait_for()
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await page.locator("#words:focus").wait_for()
    for address in ("", f"/{item['id']}", f"/{item['id']}/removal"):
        await page.goto(f"/console/pictures{address}")
        assert await axe(page) == []
