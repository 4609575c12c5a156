"""The console's editor in a real browser: writing without a page load, by the keyboard, and nothing typed is
lost."""

from __future__ import annotations

import contextlib
import functools
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Error, FilePayload, Locator, Page

from tests.support.app import Running
from tests.support.browser import until, visit
from tests.support.checkers import axe
from tests.support.console import PASSWORD, ahead, at_work, drafts_kept, entries, hire, menu_of, row

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


@pytest.fixture(scope="module", autouse=True)
async def cast(server: Running) -> None:
    await hire(server)


@pytest.fixture
async def eddy(server: Running, browser: Browser) -> AsyncIterator[BrowserContext]:
    async with at_work(browser, server, "eddy", plain=False) as context:
        yield context


async def at_desk(context: BrowserContext, slug: str, path: str = "") -> Page:
    """The blog's page with the cursor in the editor. `loads` of the page counts what loads after that."""
    page = await context.new_page()
    await page.goto(f"/console/blogs/{slug}{path}")
    await page.locator("#words:focus").wait_for()
    await page.evaluate("window.sameLoad = true")
    return page


async def said(page: Page, words: str) -> None:
    await page.locator("#said", has_text=words).wait_for()


async def writes(page: Page, words: str) -> None:
    """Type, and wait until it is kept."""
    await page.keyboard.type(words)
    kept = "(w) => Object.entries(localStorage).some(([k, v]) => k.includes(':draft:') && v.includes(w))"
    await page.wait_for_function(kept, arg=words)


def waiting(page: Page) -> Locator:
    return page.locator("[data-outbox]")


async def test_by_keyboard_alone_and_without_a_load(
    eddy: BrowserContext, server: Running, browser: Browser
) -> None:
    await server.blog("keyboard", time_zone="Europe/Lisbon")
    page = await at_desk(eddy, "keyboard")
    async with visit(browser, base_url=server.url) as public:
        reader = await public.new_page()
        await reader.goto("/live/keyboard")

        # a line is its text and one shortcut; the cursor is back at once
        await page.keyboard.type('He said "we are **ready**", it\'s true')
        await page.keyboard.press("Control+Enter")
        await page.keyboard.type("The next line")
        await said(page, "Published.")
        await row(page, "He said")
        assert await page.evaluate("window.sameLoad && document.activeElement.id") == "words"
        assert await page.inner_text("#words") == "The next line"
        await reader.locator("article", has_text="it’s true").wait_for()
    (entry,) = await entries(server, "keyboard")
    assert entry["blocks"][0]["html"] == "<p>He said “we are <strong>ready</strong>”, it’s true</p>"

    # Enter never publishes: not in the words, not in the title, nor anywhere else
    await page.keyboard.press("Enter")
    await page.keyboard.type("> We are here.")
    await page.keyboard.press("Enter")
    await page.keyboard.type("We stay.")
    await page.keyboard.press("Enter")  # and once more: from the words to who said them
    await page.keyboard.press("Enter")
    await page.keyboard.type("The mayor")
    await page.keyboard.press("Enter")
    await page.focus("#title")
    await page.keyboard.type("Whole")
    await page.keyboard.press("Enter")
    assert await page.evaluate("document.activeElement.id") == "words"
    await page.click("summary:has-text('Bylines, language')")
    await page.fill("#pin_order", "3")
    await page.fill("#byline", 'Ada Torr, "Meyer, J."')
    await page.press("#byline", "Enter")
    await page.fill("#byline_parts", "Ada Torr | Correspondent | Dorrin")
    assert len(await entries(server, "keyboard")) == 1

    # with a time, the shortcut only schedules
    await page.fill("#publish_at", ahead("Europe/Lisbon", hours=2))
    await page.keyboard.press("Control+Enter")
    await said(page, "Scheduled.")
    entry = (await entries(server, "keyboard"))[0]
    assert (entry["status"], entry["title"], entry["byline"]) == ("scheduled", "Whole", "Ada Torr, Meyer, J.")
    assert entry["pin_order"] == 3
    assert (entry["bylines"][0]["role"], entry["bylines"][0]["place"]) == ("Correspondent", "Dorrin")
    assert [b["type"] for b in entry["blocks"]] == ["text", "quote"]
    assert (entry["blocks"][1]["html"], entry["blocks"][1]["cite"]) == (
        "<p>We are here.</p><p>We stay.</p>", "The mayor",
    )
    assert await page.input_value("#publish_at") == ""
    # and the next entry begins in view, with nothing open above it
    assert await page.locator("form.compose details[open]").count() == 0
    assert await page.evaluate("document.activeElement.id") == "words"

    # the slash menu, and the toolbar as one stop of Tab
    await page.focus("#words")
    await page.keyboard.type("/num")
    await page.locator(".slash [aria-selected=true]", has_text="Numbered list").wait_for()
    await page.keyboard.press("Enter")
    await page.keyboard.type("One")
    await page.keyboard.press("Enter")
    await page.keyboard.type("Two")
    await page.locator("[role=toolbar] [tabindex='0']").focus()
    await page.keyboard.press("End")
    await page.keyboard.press("Home")
    assert await page.evaluate("document.activeElement.textContent") == "Bold"
    assert await page.locator("[role=toolbar] [tabindex='0']").count() == 1
    await page.keyboard.press("Escape")
    await page.keyboard.press("Control+Enter")
    await until(lambda: _made(server, "keyboard", 3), what="three entries")
    assert (await entries(server, "keyboard"))[0]["blocks"][0]["html"] == "<ol><li>One</li><li>Two</li></ol>"
    assert await page.evaluate("window.sameLoad")
    await drafts_kept(page, 0)


async def _made(server: Running, slug: str, count: int) -> bool:
    return len(await entries(server, slug)) == count


async def test_undo_retracts_and_puts_the_words_back(eddy: BrowserContext, server: Running) -> None:
    await server.blog("undo")
    page = await at_desk(eddy, "undo")
    await page.keyboard.type("Too soon")
    await page.keyboard.press("Control+Enter")
    await said(page, "Published.")
    await page.get_by_role("button", name="Undo").click()
    await said(page, "Retracted.")
    assert await page.inner_text("#words") == "Too soon"
    (entry,) = await entries(server, "undo")
    assert entry["status"] == "retracted"
    await page.keyboard.press("Control+Enter")
    await until(lambda: _made(server, "undo", 2), what="a second entry")


async def test_what_fails_says_why_and_is_sent_again(eddy: BrowserContext, server: Running) -> None:
    blog = await server.blog("fails")
    page = await at_desk(eddy, "fails")
    # nothing to send, or a picture without words
    await page.keyboard.press("Control+Enter")
    await said(page, "Write something first.")
    await server.http.patch(
        "/api/v1/blogs/fails", json={"status": "closed"}, headers={"If-Match": f'"{blog["revision"]}"'}
    )
    await page.keyboard.type("After the end")
    await page.keyboard.press("Control+Enter")
    failed = page.locator("[data-outbox=failed]", has_text="After the end")
    await failed.wait_for()
    assert "closed" in await failed.inner_text()
    await page.keyboard.type("Something else")
    await server.http.patch("/api/v1/blogs/fails", json={"status": "live"}, headers={"If-Match": "*"})
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


async def test_the_list_is_worked_through_with_single_keys(eddy: BrowserContext, server: Running) -> None:
    await server.blog("rowkeys")
    await server.post("rowkeys", title="Ferries stop")
    await server.post("rowkeys", title="Not out yet", status="draft")
    page = await at_desk(eddy, "rowkeys")
    focused = page.locator(".row:focus")
    await page.keyboard.press("Escape")
    await focused.filter(has_text="Not out yet").wait_for()
    await page.keyboard.press("j")
    await focused.filter(has_text="Ferries stop").wait_for()
    await page.keyboard.press("k")
    await page.keyboard.press("p")
    await said(page, "Published.")
    assert {e["status"] for e in await entries(server, "rowkeys")} == {"published"}
    # while somebody types they are letters; and they can be switched off
    await page.focus("#words")
    await page.keyboard.type("jkep?")
    assert await page.inner_text("#words") == "jkep?"
    await page.keyboard.press("Escape")
    await page.keyboard.press("?")
    await page.get_by_label("Use single keys").uncheck()
    await page.get_by_role("button", name="Close").click()
    await page.keyboard.press("e")
    await page.keyboard.press("n")
    await focused.filter(has_text="Not out yet").wait_for()
    await page.keyboard.press("?")
    await page.get_by_label("Use single keys").check()
    await page.keyboard.press("Escape")
    # e opens the entry in place; the composer waits as it is, and comes back
    await page.keyboard.press("j")
    await page.keyboard.press("e")
    await page.locator(".editing").wait_for()
    await page.locator("#words:focus").wait_for()
    assert await page.input_value("#title") == "Ferries stop"
    await page.fill("#title", "Ferries stopped")
    await page.keyboard.press("Control+Enter")
    await focused.filter(has_text="Ferries stopped").wait_for()
    assert await page.inner_text("#words") == "jkep?"
    assert {e["title"] for e in await entries(server, "rowkeys")} == {"Not out yet", "Ferries stopped"}
    await page.keyboard.press("e")
    await page.locator(".editing").wait_for()
    await page.keyboard.type("Nonsense")
    await drafts_kept(page, 2)
    await page.get_by_role("link", name="Cancel").click()
    await drafts_kept(page, 1)
    assert await page.inner_text("#words") == "jkep?"
    assert await page.evaluate("window.sameLoad")


async def _holds(page: Page, words: str) -> bool:
    return await page.inner_text("#words") == words


async def _lacks(page: Page, words: str) -> bool:
    with contextlib.suppress(Error):  # it is being loaded afresh
        return words not in await page.inner_text("#words")
    return False


async def test_an_entry_is_edited_with_all_it_holds(eddy: BrowserContext, server: Running) -> None:
    await server.blog("edit")
    body = (
        'Some <abbr title="x">abc</abbr> **bold** [link](https://example.org)\n\n- a\n- b\n\n'
        "> Said\n> — Who\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    )
    entry = await server.post("edit", title="Ferries stop", body=body)
    page = await at_desk(eddy, "edit", f"/entries/{entry['id']}")
    await drafts_kept(page, 0)
    await page.focus("#title")
    await page.keyboard.press("End")
    await page.keyboard.type(" today")
    await page.keyboard.press("Control+Enter")
    await said(page, "Saved.")
    (after,) = await entries(server, "edit")
    assert after["title"] == "Ferries stop today"
    assert _bare(after) == _bare(entry)

    # somebody else is quicker: both versions, and saving again replaces theirs
    page = await at_desk(eddy, "edit", f"/entries/{entry['id']}")
    await page.fill("#title", "Mine")
    await server.edit(after, "edit", title="Theirs")
    await page.keyboard.press("Control+Enter")
    await page.locator("#conflict", has_text="Theirs").wait_for()
    assert await page.input_value("#title") == "Mine"
    await page.get_by_role("button", name="Save", exact=True).click()
    await said(page, "Saved.")
    assert (await entries(server, "edit"))[0]["title"] == "Mine"


def _bare(entry: dict[str, Any]) -> list[dict[str, str]]:
    """The blocks without their source and without the line ends between elements."""
    return [{k: v.replace("\n", "") for k, v in b.items() if k != "markdown"} for b in entry["blocks"]]


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
    await until(functools.partial(_made, server, "clipboard", 5), what="the embed")
    assert (await entries(server, "clipboard"))[0]["blocks"][0]["url"] == "https://example.org/post"


async def test_axe_finds_nothing_in_any_state_of_a_phone(
    eddy: BrowserContext, server: Running, jpeg: bytes
) -> None:
    await server.blog("phone", topics=["Roads"], key_developments=["The road is open"])
    await server.post("phone", title="Ferries stop")
    page = await eddy.new_page()
    await page.set_viewport_size({"width": 360, "height": 740})
    await page.goto("/console/blogs/phone")
    await page.locator("#words:focus").wait_for()
    found: dict[str, list[str]] = {"empty": await axe(page)}
    await page.keyboard.type("> Said")
    await page.keyboard.press("Tab")
    await page.keyboard.type("Who")
    await page.keyboard.press("Enter")
    file: FilePayload = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": jpeg}
    await page.set_input_files("form.compose > input[type=file]", file)
    await page.locator(".placed__look img").wait_for()
    await page.get_by_role("button", name="Link", exact=True).click()
    found["picture and link"] = await axe(page)
    await page.keyboard.press("Escape")
    await page.keyboard.press("Control+End")
    await page.keyboard.type("/")
    await page.locator(".slash:not([hidden])").wait_for()
    found["slash"] = await axe(page)
    small = """() => [...document.querySelectorAll(
        "#write :is(button, summary, label.tick, a.act, .slash__item), .tabs a, .placed__line input")]
      .filter((e) => e.checkVisibility() && !e.matches(".visually-hidden"))
      .filter((e) => e.getBoundingClientRect().height < 44)
      .map((e) => e.outerHTML.slice(0, 120))"""
    found["targets"] = await page.evaluate(small)
    sideways = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await page.evaluate(sideways) <= 0
    button = await page.get_by_role("button", name="Publish", exact=True).bounding_box()
    assert button is not None and button["y"] > 740 / 2
    await page.keyboard.press("Escape")
    for tab in ("Timeline", "Blog"):
        await page.get_by_role("link", name=tab, exact=True).click()
        found[tab] = await axe(page)
    await page.get_by_role("link", name="Timeline").click()
    await menu_of(page, "Ferries stop")
    found["menu"] = await axe(page)
    assert await page.evaluate(sideways) <= 0
    assert {state: each for state, each in found.items() if each} == {}


async def test_two_people_at_one_entry(eddy: BrowserContext, server: Running, browser: Browser) -> None:
    await server.blog("two")
    entry = await server.post("two", title="Ferries stop")
    one = await at_desk(eddy, "two")
    await (await row(one, "Ferries stop")).get_by_role("link", name="Edit").click()
    await one.locator(".editing").wait_for()
    async with at_work(browser, server, "rosa", plain=False) as context:
        other = await at_desk(context, "two")
        await other.locator("[data-people] [aria-label=Eddy]").wait_for()
        await other.locator(".row[data-writers='Eddy is editing']").wait_for()
        await (await row(other, "Ferries stop")).get_by_role("link", name="Edit").click()
        await other.locator(".lock", has_text="Eddy has this entry open").wait_for()
        await other.locator("#words[contenteditable=false]").wait_for()
        await other.get_by_role("button", name="Take over").click()
        await other.locator("#words[contenteditable=true]").wait_for()
        # who had it is told, keeps the words, and can answer
        await one.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        await one.locator(".lock", has_text="Rosa has this entry open").wait_for()
        await other.keyboard.type("By Rosa")
        await other.keyboard.press("Control+Enter")
        await said(other, "Saved.")
        await one.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        await one.locator("#words[contenteditable=true]").wait_for()
        await one.fill("#title", "By Eddy")
        await one.get_by_role("button", name="Save", exact=True).click()
        await one.locator("#conflict", has_text="By Rosa").wait_for()
    (after,) = await entries(server, "two")
    assert (after["id"], after["title"], after["revision"]) == (entry["id"], "Ferries stop", 2)


async def test_the_plain_form_is_one_click_away(eddy: BrowserContext, server: Running) -> None:
    await server.blog("switch")
    page = await at_desk(eddy, "switch")
    await writes(page, "Half a story")
    await page.get_by_role("button", name="Plain form").click()
    await page.get_by_role("button", name="Full editor").wait_for()
    assert await page.input_value("#body") == "Half a story"
    await page.get_by_role("button", name="Full editor").click()
    await page.locator("#words:focus").wait_for()
    assert await page.inner_text("#words") == "Half a story"
