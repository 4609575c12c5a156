"""What each of an editor's usual actions costs: loads, clicks, and keys besides the words themselves."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Page

from tests.support.app import Running
from tests.support.console import ahead, at_desk, at_work, hire, menu_of, row

pytestmark = [pytest.mark.anyio, pytest.mark.browser]
COUNT = """() => {
  window.counted = { keys: 0, clicks: 0 };
  const modifiers = ["Control", "Shift", "Alt", "Meta"];
  addEventListener("keydown", (event) => { if (!modifiers.includes(event.key)) counted.keys += 1; }, true);
  addEventListener("click", (event) => { if (event.detail) counted.clicks += 1; }, true);
}"""
DROP = """(base64) => {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const clipboardData = new DataTransfer();
  clipboardData.items.add(new File([bytes], "a.jpg", { type: "image/jpeg" }));
  const paste = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
  document.querySelector("#words").dispatchEvent(paste);
}"""
LINK = """() => {
  const clipboardData = new DataTransfer();
  clipboardData.setData("text/plain", "https://example.org/post");
  const paste = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
  document.querySelector("#words").dispatchEvent(paste);
}"""
EXPECTED = {
    # keys, clicks; no action loads a page
    "line": (1, 0),
    "title and line": (3, 0),
    "quote": (4, 0),
    "picture": (3, 1),
    "embed": (1, 0),
    "schedule": (1, 1),
    "cancel a schedule": (0, 1),
    "edit": (1, 1),
    "pin": (0, 2),
    "key event": (0, 2),
    "retract": (0, 2),
    "undo": (1, 0),
    "key development": (1, 1),
    "order of developments": (2, 0),
}


@pytest.fixture
async def desk(server: Running, browser: Browser) -> AsyncIterator[Page]:
    await hire(server)
    await server.blog("counts", key_developments=["Ferries stop", "Roads close"])
    async with at_work(browser, server, "eddy", plain=False) as context:
        page = await at_desk(context, "counts")
        await page.evaluate(COUNT)
        yield page


async def test_usual_actions_cost_no_load_and_few_keys(desk: Page, jpeg: bytes) -> None:
    page = desk
    cost: dict[str, tuple[int, int]] = {}

    @asynccontextmanager
    async def action(
        name: str, done: str, *, said: str = "#said"
    ) -> AsyncIterator[Callable[[str], Awaitable[None]]]:
        await page.evaluate("window.counted.keys = window.counted.clicks = 0")
        if name != "undo":  # its button is there
            await page.evaluate("document.getElementById('said').replaceChildren()")
        yield page.keyboard.insert_text
        await page.locator(said, has_text=done).wait_for()
        keys, clicks = await page.evaluate("[window.counted.keys, window.counted.clicks]")
        cost[name] = (keys, clicks)

    press = page.keyboard.press
    async with action("line", "Published.") as write:
        await write("The first line")
        await press("Control+Enter")
    async with action("title and line", "Published.") as write:
        await press("Shift+Tab")
        await write("Ferries stop")
        await press("Enter")
        await write("Nothing sails")
        await press("Control+Enter")
    async with action("quote", "Published.") as write:
        await page.keyboard.type("> ")
        await write("We stay.")
        await press("Tab")
        await write("The mayor")
        await press("Control+Enter")
    async with action("picture", "Published.") as write:
        await page.evaluate(DROP, base64.b64encode(jpeg).decode())
        await page.locator(".placed__look img").wait_for()
        await page.locator("#words").get_by_label("Caption").click()
        for part in ("The pier", "Ada Torr", "A pier in the morning"):
            await write(part)
            await press("Tab" if part != "A pier in the morning" else "Control+Enter")
    async with action("embed", "Published."):
        await page.evaluate(LINK)
        await page.locator(".placed--embed").wait_for()
        await press("Control+Enter")
    await row(page, "example.org/post")
    async with action("schedule", "Scheduled.") as write:
        await write("At noon")
        await page.get_by_text("Bylines, language").click()
        await page.fill("#publish_at", ahead(hours=2))
        await press("Control+Enter")
    async with action("cancel a schedule", "Schedule cancelled."):
        await (await row(page, "At noon")).get_by_role("button", name="Cancel schedule").click()
    async with action("edit", "Saved.") as write:
        await (await row(page, "Ferries stop")).get_by_role("link", name="Edit").click()
        await page.locator(".editing").wait_for()
        await write(" today")
        await press("Control+Enter")
    async with action("pin", "Pinned."):
        await (await menu_of(page, "Ferries stop")).get_by_role("button", name="Pin", exact=True).click()
    async with action("key event", "Marked as a key event."):
        await (await menu_of(page, "Ferries stop")).get_by_role("button", name="Key event").click()
    async with action("retract", "Retracted."):
        await (await menu_of(page, "Ferries stop")).get_by_role("link", name="Retract").click()
    async with action("undo", "Restored."):
        await press("u")
    async with action("key development", "Saved.", said=".furnish__said") as write:
        await page.get_by_label("Development 2 of 2").click()
        await write(" to lorries")
        await press("Control+Enter")
    async with action("order of developments", "Saved.", said=".furnish__said"):
        await press("Alt+ArrowUp")
        await press("Control+Enter")
    assert cost == EXPECTED
    assert await page.evaluate("window.sameLoad")
