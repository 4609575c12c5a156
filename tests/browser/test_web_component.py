"""`<stop-press-blog>` in pages of another origin, in a real browser: under a strict policy, among hostile
styles, and across a restart of the server."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.support.app import Running, running
from tests.support.browser import until, visit
from tests.support.other_site import other_site

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

HOSTILE = """
html { font-size: 62.5%; } body { font: 20px/1.4 Georgia; color: rgb(10, 20, 30); letter-spacing: 9px; }
h3 { color: rgb(1, 2, 3); font-size: 77px; } article { display: none; } * { text-transform: uppercase; }
"""
PAGE = """<!doctype html><html lang="en"><head><title>Host</title><style nonce="host">{style}</style>
<script type="application/ld+json">{{"@type": "NewsArticle"}}</script>
<script src="{url}/embed.js" crossorigin async></script></head><body><h1>Host</h1><h3 id="own">Own title</h3>
<p id="above">Text above</p>
<stop-press-blog id="all" src="{url}/live/storm" level="3"><p>Fallback</p></stop-press-blog>
<stop-press-blog id="few" src="{url}/live/storm" limit="2"></stop-press-blog>
<p id="below">Text below</p></body></html>"""


def policy(url: str) -> str:
    return (
        f"default-src 'none'; script-src {url}; connect-src {url}; img-src {url}; style-src 'nonce-host'; "
        "require-trusted-types-for 'script'; trusted-types stop-press"
    )


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


async def style(page: Page, selector: str, name: str) -> str:
    found: str = await page.locator(selector).first.evaluate(f"(e) => getComputedStyle(e)['{name}']")
    return found


async def text(page: Page, element: str) -> str:
    found: str = await page.locator(element).evaluate("(e) => e.shadowRoot.textContent")
    return found


async def listeners(server: Running) -> int:
    return server.gate.count


async def test_it_follows_the_blog_under_a_strict_policy(tmp_path: Path, browser: Browser) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    cookies: list[str] = []
    with other_site(PAGE.format(url=url, style=HOSTILE), {"Content-Security-Policy": policy(url)}) as address:
        async with visit(browser) as context:
            await context.add_cookies([{"name": "known", "value": "1", "url": url}])
            page = await context.new_page()

            async def look(request: Any) -> None:
                if request.url.startswith(url) and "cookie" in await request.all_headers():
                    cookies.append(request.url)

            page.on("requestfinished", look)
            async with running(tmp_path, port=port) as server:
                await server.blog()
                entries = [await server.post(title=f"Entry {n}", body=f"Words {n}") for n in range(4)]
                await page.goto(address)
                await _shows(page, ["Entry 3", "Entry 2", "Entry 1", "Entry 0"], ["Entry 3", "Entry 2"])
                await _keeps_to_itself(page)
                await _shares_a_connection(server)
                await _follows(page, server, entries)
            await expect(page.locator("#all [data-connection]")).to_have_attribute("data-state", "reconnecting")
            async with running(tmp_path, port=port) as server:
                await server.post(title="After the restart")
                for each in ("#all", "#few"):
                    title = page.locator(f"{each} h3").first
                    await expect(title).to_have_text("After the restart", timeout=30_000)
                    connection = page.locator(f"{each} [data-connection]")
                    await expect(connection).to_have_attribute("data-state", "live", timeout=30_000)
                await page.locator("stop-press-blog").evaluate_all("(all) => all.forEach((e) => e.remove())")

                async def left() -> bool:
                    return await listeners(server) == 0

                await until(left, what="the connection is closed")
    assert cookies == []


async def _shows(page: Page, everything: list[str], few: list[str]) -> None:
    await expect(page.locator("#all h3")).to_have_text(everything, timeout=15_000)
    await expect(page.locator("#few h3")).to_have_text(few, timeout=15_000)
    await expect(page.locator("#all [data-connection]")).to_have_attribute("data-state", "live", timeout=15_000)
    assert await page.locator("#all h1").get_attribute("aria-level") == "3"
    assert await page.locator("#all h3").first.get_attribute("aria-level") == "4"
    link = page.locator("#few [data-all]")
    assert (await link.get_attribute("href") or "").endswith("/live/storm")
    assert (await link.get_attribute("href") or "").startswith("http://127.0.0.1:")


async def _keeps_to_itself(page: Page) -> None:
    """No style leaks in besides typeface and colour, none leaks out."""
    assert await style(page, "#all .entry", "display") == "block"
    assert await style(page, "#all .entry__title", "textTransform") == "none"
    assert await style(page, "#all .entry__title", "letterSpacing") != "9px"
    assert await style(page, "#all .entry__title", "color") == "rgb(10, 20, 30)"
    assert "Georgia" in await style(page, "#all .entry__title", "fontFamily")
    assert await style(page, "#all .entry__title", "fontWeight") == "600"
    assert await style(page, "#all .entry__title", "fontSize") == "15px"  # 1.5 of 10
    assert await style(page, "#all .flag", "fontWeight") == "700"
    assert await style(page, "#own", "fontSize") == "77px"
    assert await style(page, "#own", "color") == "rgb(1, 2, 3)"
    assert await style(page, "#all .prose", "fontSize") == "11.875px"  # 1.1875 of the page's `rem`, 10 px
    await page.locator("#all").evaluate("(e) => e.style.setProperty('--stop-press-size', '16px')")
    assert await style(page, "#all .prose", "fontSize") == "19px"
    await page.locator("#all").evaluate("(e) => e.style.setProperty('--stop-press-accent', 'rgb(0, 99, 0)')")
    assert await style(page, "#all .flag--live", "color") == "rgb(0, 99, 0)"


async def _shares_a_connection(server: Running) -> None:
    async def one() -> bool:
        return await listeners(server) == 1

    await until(one, what="both components share a connection")


async def _follows(page: Page, server: Running, entries: list[dict[str, Any]]) -> None:
    await server.edit(entries[3], title="Entry three", body="Other words")
    await expect(page.locator("#all h3").first).to_have_text("Entry three")
    await expect(page.locator("#few h3").first).to_have_text("Entry three")
    await server.retract(entries[2])
    await expect(page.locator("#all .tombstone")).to_have_count(1)
    assert "Words 2" not in await text(page, "#all") + await text(page, "#few")
    height = await page.locator("#all").evaluate("(e) => e.getBoundingClientRect().height")
    await server.post(title="Newest", body="More words")
    await expect(page.locator("#all h3").first).to_have_text("Newest")
    assert await page.locator("#all").evaluate("(e) => e.getBoundingClientRect().height") > height
    # what is the other site's stays: its title and its structured data
    assert await page.title() == "Host"
    assert await page.locator('script[type="application/ld+json"]').count() == 1


async def test_what_is_above_the_screen_does_not_move_what_is_read(server: Running, browser: Browser) -> None:
    lead = {"type": "video", "url": "https://video.example.org/1", "title": "Calm"}
    await server.blog("calm", lead=lead)
    for n in range(5):
        await server.post("calm", title=f"Calm {n}", body="Words. " * 60)
    html = f"""<!doctype html><title>Host</title><script src="{server.url}/embed.js" crossorigin></script>
      <stop-press-blog src="{server.url}/live/calm"></stop-press-blog><div style="height: 3000px">
      <p id="read">An article below</p></div>"""
    with other_site(html) as address:
        async with visit(browser) as context:
            page = await context.new_page()
            await page.goto(address)
            await expect(page.locator("[data-connection]")).to_have_attribute(
                "data-state", "live", timeout=15_000
            )
            head, words = [await page.locator(f).bounding_box() for f in (".head", ".head__words")]
            assert head is not None and words is not None
            assert words["width"] == head["width"], "the lead, which is left out, leaves no room behind"
            await page.locator("#read").evaluate("(e) => e.scrollIntoView()")
            before = await page.locator("#read").evaluate("(e) => e.getBoundingClientRect().top")
            await server.post("calm", title="Above", body="Words. " * 60)
            await expect(page.locator("h3").first).to_have_text("Above")
            assert await page.locator("#read").evaluate("(e) => e.getBoundingClientRect().top") == before
            await expect(page.locator("[data-pill]")).to_have_text("1 new update")
            await page.locator("h3").last.evaluate("(e) => e.scrollIntoView()")
            await page.locator("[data-pill]").click()
            await expect(page.locator("h3").first).to_be_in_viewport()


async def test_without_scripts_or_without_the_blog_the_page_shows_its_own_words(
    server: Running, browser: Browser
) -> None:
    html = f"""<!doctype html><title>Host</title><script src="{server.url}/embed.js" crossorigin></script>
      <stop-press-blog src="{server.url}/live/nothing"><p>Own words</p></stop-press-blog>"""
    with other_site(html) as address:
        async with visit(browser) as context:
            page = await context.new_page()
            async with page.expect_event("requestfinished", lambda r: r.url.endswith("/component")):
                await page.goto(address)
            await expect(page.get_by_text("Own words")).to_be_visible()
        async with visit(browser, java_script_enabled=False) as context:
            page = await context.new_page()
            await page.goto(address)
            await expect(page.get_by_text("Own words")).to_be_visible()
