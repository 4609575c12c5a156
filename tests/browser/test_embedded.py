"""A blog in a frame of another site's page, in a real browser: also sandboxed, as WordPress does it."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.support.app import running
from tests.support.browser import until, visit
from tests.support.other_site import other_site

pytestmark = [pytest.mark.anyio, pytest.mark.browser]
FRAME = """([src, sandbox]) => {
  window.told = [];
  addEventListener("message", (event) => window.told.push(event.data));
  const frame = document.createElement("iframe");
  if (sandbox) frame.sandbox.value = sandbox;
  frame.src = src;
  document.body.append(frame);
}"""


@pytest.mark.parametrize("sandbox", ["", "allow-scripts"])
async def test_a_frame_follows_the_blog_and_reports_its_height(
    tmp_path: Path, browser: Browser, sandbox: str
) -> None:
    async with running(tmp_path, frame_ancestors="*") as server:
        await server.blog()
        await server.post(title="First")
        with other_site() as address:
            async with visit(browser) as context:
                page = await context.new_page()
                await page.goto(address)
                await page.evaluate(FRAME, [f"{server.url}/live/storm/embed#?secret=abc123", sandbox])
                entries = page.frame_locator("iframe").locator("[data-entries] > article:not([hidden])")
                await expect(entries).to_have_count(1)

                async def told() -> bool:
                    found: bool = await page.evaluate(
                        "told.some((m) => m.type === 'stop-press:height' && m.height > 100)"
                        " && told.some((m) => m.message === 'height' && m.secret === 'abc123')"
                    )
                    return found

                await until(told, what="the height")
                await page.evaluate(
                    "told = [];"
                    "document.querySelector('iframe').contentWindow.postMessage({message: 'ready'}, '*')"
                )
                await until(told, what="the height again, for a script that was late")
                await page.frame_locator("iframe").locator(".entry__permalink").first.click()
                entry = (await server.http.get("/api/v1/blogs/storm/entries")).json()["entries"][0]
                address = f"{server.url}/live/storm/entries/{entry['id']}"
                link = {"message": "link", "value": address, "secret": "abc123"}
                assert link in await page.evaluate("told"), "the sandbox opens no link"
                connection = page.frame_locator("iframe").locator("[data-connection]")
                await expect(connection).to_have_attribute("data-state", "live", timeout=15_000)
                await server.post(title="Second")
                await expect(page.frame_locator("iframe").locator("h3", has_text="Second")).to_have_count(1)


async def test_the_frame_of_an_entry_follows_its_edits_and_its_retraction(
    tmp_path: Path, browser: Browser
) -> None:
    async with running(tmp_path, frame_ancestors="*") as server:
        await server.blog()
        entry = await server.post(title="First", body="Words of the first")
        with other_site() as address:
            async with visit(browser) as context:
                page = await context.new_page()
                await page.goto(address)
                await page.evaluate(FRAME, [f"{server.url}/live/storm/entries/{entry['id']}/embed", ""])
                frame = page.frame_locator("iframe")
                await expect(frame.locator("[data-connected=true]")).to_have_count(1, timeout=15_000)
                await server.post(title="Another")
                await server.edit(entry, title="Corrected")
                await expect(frame.locator("h3")).to_have_text(["Corrected"])
                await server.retract(entry)
                await expect(frame.locator(".tombstone")).to_be_visible()
                assert "Words of the first" not in await frame.locator("body").inner_html()
