"""What is pasted into the console's editor comes out clean, and nothing of it runs, in a real browser."""

from __future__ import annotations

import base64
import functools
import re
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Page

from server.fetch.preview import Preview
from tests.newsroom.test_previews import URL, Source, png
from tests.support.app import Running
from tests.support.browser import until
from tests.support.console import at_desk, entries, row

pytestmark = [pytest.mark.anyio, pytest.mark.browser]
CLIPBOARD = Path(__file__).parent / "clipboard"
HIT = "window.hit=1"
XSS = [
    f"<img src=x onerror={HIT}>",
    f"<svg onload={HIT}><path/></svg>",
    f"<script>{HIT}</script>",
    f'<a href="javascript:{HIT}">words</a>',
    '<iframe srcdoc="<script>parent.hit=1</script>"></iframe>',
    f"<details open ontoggle={HIT}>words</details>",
    f'<math href="javascript:{HIT}">words</math>',
    f'<div style="background:url(javascript:{HIT})">words</div>',
    f"<video><source onerror={HIT}></video>",
    '<p data-pm-slice="">a<div data-media=kept data-fields=\'{"html":"&lt;img src=x onerror=hit=1>"}\'></div>',
    f'<p data-pm-slice="">a<div data-media="embed" data-fields=\'{{"url":"javascript:{HIT}"}}\'></div>',
    f"<form><button formaction=javascript:{HIT}>words",
    f"<p><b><p><noscript><p title='</noscript><img src=x onerror={HIT}>'>",
]


async def paste(page: Page, html: str, text: str = "") -> None:
    """As a browser does it with what another program put on the clipboard."""
    await page.evaluate(
        """([html, text]) => {
          const clipboardData = new DataTransfer();
          if (html) clipboardData.setData("text/html", html);
          if (text) clipboardData.setData("text/plain", text);
          const paste = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
          document.querySelector("#words").dispatchEvent(paste);
        }""",
        [html, text],
    )


PASTED = {
    "word": (
        "<h3>What the ferry carries</h3><p>The <strong>first</strong> ferry left at <em>noon</em>, "
        '<a href="https://example.org/ferry">the port</a> says.</p>'
        "<ul><li>Forty lorries<ul><li>twelve with flour</li></ul></li><li>Two ambulances</li></ul>"
        "<ol><li>The first stop</li></ol>"
    ),
    "word_numbers": (
        '<ol start="4"><li>The fourth point<ol start="3" type="a"><li>a letter</li><li>the next letter</li>'
        "</ol></li>"
        '<li value="7">The seventh point</li></ol><ol start="4" type="i"><li>Roman</li></ol><p>Between them</p>'
        "<p>1.2. A number that no list shows</p>"
    ),
    "powerpoint": (
        "<p><strong>What we know</strong></p>"
        "<ul><li>Two piers are <em>open</em><ul><li>the north one by night</li></ul></li>"
        "<li>Nobody is hurt</li></ul>"
        "<ol><li>Wait for the harbour master</li></ol>"
    ),
    "docs": (
        "<p>The road is <strong>open</strong><em> tonight</em>"
        '<a href="https://example.org/road">, police say</a></p>'
        "<ul><li>North<ul><li>the bridge</li></ul></li><li>South</li></ul>"
    ),
    "web": (
        "<p>Home</p><h3>Storm warning</h3><p>Wind of <strong>110 km/h</strong> is expected<sup>1</sup>.</p>"
        "<table><tbody><tr><th>Town</th><th>Gusts</th></tr><tr><td>Dorrin</td><td>96</td></tr></tbody></table>"
        '<p>Read more or <a href="https://example.org/wind">the map</a>.</p>'
    ),
    "mail": (
        "<p>Dear desk,</p><p>the school <strong>stays open</strong>.</p>"
        "<blockquote><p>Will it?</p></blockquote>"
    ),
}
"""What becomes of the files of tests/browser/clipboard, which are written in the shape of such programs."""


async def test_what_other_programs_copy_is_pasted_clean(eddy: BrowserContext, server: Running) -> None:
    await server.blog("clipboard")
    page = await at_desk(eddy, "clipboard")
    got = {}
    for number, name in enumerate(PASTED, start=1):
        await paste(page, (CLIPBOARD / f"{name}.html").read_text(encoding="utf-8"))
        await page.keyboard.press("Control+Enter")
        await until(functools.partial(_made, server, "clipboard", number), what=name)
        (block,) = (await entries(server, "clipboard"))[0]["blocks"]
        got[name] = re.sub(r' rel="[^"]*"', "", block["html"])
    assert got == PASTED
    # a link alone becomes an embed or a video; over words it becomes their link
    await paste(page, "", "https://example.org/post")
    await page.locator(".placed--embed").wait_for()
    await page.keyboard.press("Control+Enter")
    await until(functools.partial(_made, server, "clipboard", len(PASTED) + 1), what="the embed")
    assert (await entries(server, "clipboard"))[0]["blocks"][0]["url"] == "https://example.org/post"


async def test_pictures_are_dropped_and_pasted(
    eddy: BrowserContext, server: Running, jpeg: bytes
) -> None:
    await server.blog("files")
    page = await at_desk(eddy, "files")
    for kind in ("paste", "drop"):
        await page.evaluate(
            """([kind, base64]) => {
              const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
              const data = new DataTransfer();
              data.items.add(new File([bytes], `${kind}.jpg`, { type: "image/jpeg" }));
              const words = document.querySelector("#words");
              const { left, top } = words.getBoundingClientRect();
              const more = { bubbles: true, cancelable: true };
              words.dispatchEvent(kind === "drop"
                ? new DragEvent("drop", { dataTransfer: data, clientX: left + 5, clientY: top + 5, ...more })
                : new ClipboardEvent("paste", { clipboardData: data, ...more }));
            }""",
            [kind, base64.b64encode(jpeg).decode()],
        )
        await page.locator(".placed__look img").wait_for()
        await page.locator("#words").get_by_label("Decorative").check()
        await page.locator("#title").fill(kind)
        await page.keyboard.press("Control+Enter")
        await row(page, kind)
    made = await entries(server, "files")
    assert [(e["title"], [b["type"] for b in e["blocks"]]) for e in made] == [
        ("drop", ["image"]), ("paste", ["image"]),
    ]


async def _made(server: Running, slug: str, count: int) -> bool:
    return len(await entries(server, slug)) == count


async def test_pasted_payloads_do_not_run(eddy: BrowserContext, server: Running) -> None:
    await server.blog("paste")
    page = await at_desk(eddy, "paste")
    for payload in XSS:
        await paste(page, payload)
    await page.keyboard.type("end")
    unsafe = "script, iframe, svg, math, [onerror], [onload], [ontoggle], a[href^=javascript]"
    assert await page.locator(f"#words :is({unsafe})").count() == 0
    await page.evaluate("new Promise((done) => setTimeout(done))")
    assert await page.evaluate("window.hit") is None


async def test_a_pasted_link_shows_the_card_that_readers_get(eddy: BrowserContext, server: Running) -> None:
    gone = "https://bsky.app/profile/ada.example.org/post/3gone"
    source = Source({URL: Preview("Rain", "Bluesky", "Ada", "It rains", image=png()), gone: Preview(gone=True)})
    site = server.app.state.site
    server.app.state.site = replace(site, desk=replace(site.desk, previews=source))
    try:
        await server.blog("cards")
        page = await at_desk(eddy, "cards")
        await paste(page, "", URL)
        card = page.locator(".placed--embed .placed__card")
        await card.locator(".embed__picture").wait_for()
        assert "Ada" in await card.inner_text() and "It rains" in await card.inner_text()
        assert await page.locator(".placed--embed").get_by_label("Title").input_value() == "Rain"
        # what was found is not looked up once more when it is published
        await page.keyboard.press("Control+Enter")
        await row(page, "Rain")
        (entry,) = await entries(server, "cards")
        assert (entry["blocks"][0]["author"], entry["blocks"][0]["description"]) == ("Ada", "It rains")
        assert source.asked == [URL]

        # what is gone is a link, and says so; another address is another link
        await paste(page, "", URL)
        await card.locator(".embed__picture").wait_for()
        await page.locator(".placed--embed").get_by_label("Address").fill(gone)
        await page.locator(".placed__wrong", has_text="deleted or private").wait_for()
        assert await card.locator(".embed__picture").count() == 0
        assert await page.locator(".placed--embed").get_by_label("Title").input_value() == ""
        await page.keyboard.press("Control+Enter")
        await until(functools.partial(_made, server, "cards", 2), what="the link")
        assert (await entries(server, "cards"))[0]["blocks"][0]["unavailable"] is True
    finally:
        server.app.state.site = site
