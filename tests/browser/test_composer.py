"""The console's editor in a real browser: writing without a page load, by the keyboard, and nothing typed is
lost."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, FilePayload, Route

from tests.support.app import Running
from tests.support.browser import until, visit
from tests.support.checkers import axe
from tests.support.console import (
    ahead,
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
    # by the keyboard alone: out of the editor, and u
    await page.locator("#said").get_by_role("button", name="Undo").wait_for()
    await page.keyboard.press("Escape")
    await page.keyboard.press("u")
    await said(page, "Retracted.")
    await page.locator("#words:focus", has_text="Too soon").wait_for()
    assert [entry["status"] for entry in await entries(server, "undo")] == ["retracted", "retracted"]


async def test_a_page_of_a_closed_blog_takes_entries_once_it_is_live_again(
    eddy: BrowserContext, server: Running
) -> None:
    await server.blog("reopened", status="closed")
    page = await eddy.new_page()
    await page.goto("/console/blogs/reopened")
    await page.locator("#blog-closed", has_text="This blog is closed.").wait_for()
    assert await page.locator("#compose").is_hidden()
    await server.http.patch("/api/v1/blogs/reopened", json={"status": "live"}, headers={"If-Match": "*"})
    await page.locator("#blog-closed").wait_for(state="hidden")
    await page.locator("#words").click()
    await page.keyboard.type("It goes on")
    await page.keyboard.press("Control+Enter")
    await row(page, "It goes on")


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
    await focused.filter(has_text="Not out yet").wait_for()
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


async def test_row_actions_happen_in_turn_and_say_so(eddy: BrowserContext, server: Running) -> None:
    await server.blog("actions")
    entry = await server.post("actions", title="Ferries stop")
    page = await at_desk(eddy, "actions")
    goes_on = asyncio.Event()

    async def held(route: Route) -> None:
        await goes_on.wait()
        await route.continue_()

    await page.route("**/mark?*", held, times=1)
    menu = await menu_of(page, "Ferries stop")
    await menu.get_by_role("button", name="Key event").press("Enter")
    # the menu closes with its button focused; the next action waits for the first
    assert await page.locator("details.menu[open]").count() == 0
    await page.keyboard.press("Enter")
    await menu.get_by_role("button", name="Pin", exact=True).press("Enter")
    goes_on.set()
    await said(page, "Pinned.")
    await page.locator("#entries .row:has(summary:focus) .state--pinned").wait_for()
    (entry,) = await entries(server, "actions")
    assert (entry["key"], entry["pinned"]) == (True, True)
    # an open menu stays as it is while others work; what was overtaken says so
    await page.keyboard.press("Enter")
    await server.edit(entry, "actions", title="Ferries stopped")
    await server.post("actions", title="Something else")
    await row(page, "Something else")
    await menu.get_by_role("button", name="Unpin").press("Enter")
    await said(page, "This entry was changed")
    # a key takes a retraction back, for as long as its button is there: while the focus is on it, too
    await page.clock.install()
    menu = await menu_of(page, "Ferries stopped")
    await menu.get_by_role("link", name="Retract").press("Enter")
    undo = page.get_by_role("button", name="Undo")
    await undo.focus()
    await page.clock.fast_forward(20_000)
    assert await undo.is_visible()
    await page.keyboard.press("u")
    await said(page, "Restored.")
    assert [e["status"] for e in await entries(server, "actions")] == ["published", "published"]


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
