"""The blog's furniture edited beside the timeline: saved in place, kept, followed, and both versions on a
conflict; notes in a dialog over the page."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Browser, Page

from tests.support.app import Running
from tests.support.browser import until
from tests.support.checkers import axe
from tests.support.console import at_desk, at_work, hire, menu_of, row

pytestmark = [pytest.mark.anyio, pytest.mark.browser]
LINES = ["Ferries stop", "Roads close", "Schools shut"]


@pytest.fixture(scope="module", autouse=True)
async def cast(server: Running) -> None:
    await hire(server)


async def blog(server: Running, slug: str) -> dict[str, Any]:
    found: dict[str, Any] = (await server.http.get(f"/api/v1/blogs/{slug}")).json()
    return found


async def lines(page: Page) -> list[str]:
    fields = page.locator(".sortable textarea")
    found: list[str] = await fields.evaluate_all("all => all.map((one) => one.value)")
    return found


async def shows(page: Page, wanted: list[str]) -> None:
    async def same() -> bool:
        return await lines(page) == wanted

    await until(same, what=f"developments {wanted}")


async def test_furniture_is_sorted_and_saved_beside_what_is_being_written(
    server: Running, browser: Browser
) -> None:
    await server.blog("furniture", key_developments=LINES)
    async with at_work(browser, server, "eddy", plain=False) as context:
        page = await at_desk(context, "furniture")
        await page.keyboard.type("Half a sentence")
        await page.get_by_role("button", name="Move development 3 up").click()
        # the focus goes with the row, so the same key moves it on
        await page.keyboard.press("Enter")
        assert await lines(page) == ["Schools shut", "Ferries stop", "Roads close"]
        assert await page.locator(".sortable ~ [role=status]").inner_text() == "Moved to place 1 of 3"
        assert await page.locator("button[aria-label='Move development 1 up']:focus").count() == 1
        # nothing reaches readers before it is saved
        assert (await blog(server, "furniture"))["key_developments"] == LINES
        await page.get_by_label("Development 3 of 3").focus()
        await page.keyboard.press("End")
        await page.keyboard.press("Enter")
        await page.keyboard.type("Power is out")
        await page.keyboard.press("Alt+ArrowUp")
        await page.get_by_label("Headline", exact=True).fill("Storm is here")
        assert await axe(page) == []
        await page.get_by_label("Planned end (UTC)").fill("2031-03-01T20:00")
        await page.get_by_label("Planned end (UTC)").press("Control+Enter")
        await page.locator(".furnish__said", has_text="Saved.").wait_for()
        found = await blog(server, "furniture")
        assert found["key_developments"] == ["Schools shut", "Ferries stop", "Power is out", "Roads close"]
        assert (found["headline"], found["planned_end"]) == ("Storm is here", "2031-03-01T20:00:00.000Z")
        assert "planned_end" not in (await server.anonymous.get("/api/v1/blogs/furniture")).text
        await page.locator("#blog-headline", has_text="Storm is here").wait_for()
        assert await page.locator(".furnish__foot").is_hidden()
        assert (await page.locator("#words").inner_text()).strip() == "Half a sentence"
        assert await page.evaluate("window.sameLoad")
        # by dragging too
        first = page.locator(".sortable__row").nth(0)
        await page.locator(".sortable__handle").nth(3).drag_to(first, target_position={"x": 30, "y": 2})
        await shows(page, ["Roads close", "Schools shut", "Ferries stop", "Power is out"])
        # what is not saved is there after a crash, and is not taken for saved
        await page.reload()
        await shows(page, ["Roads close", "Schools shut", "Ferries stop", "Power is out"])
        await page.get_by_role("button", name="Discard changes").click()
        await shows(page, found["key_developments"])


async def test_two_editors_of_the_furniture_lose_nothing(server: Running, browser: Browser) -> None:
    await server.blog("both", key_developments=LINES)
    async with (
        at_work(browser, server, "eddy", plain=False) as desk,
        at_work(browser, server, "rosa", plain=False) as other,
    ):
        mine, theirs = await at_desk(desk, "both"), await at_desk(other, "both")
        await mine.get_by_label("Development 1 of 3").fill("Ferries stop at noon")
        await theirs.get_by_label("Standfirst").fill("Wind and rain")
        await theirs.get_by_label("Development 2 of 3").fill("Roads open")
        await theirs.get_by_role("button", name="Save blog").click()
        # what only one changed comes in by itself; what both changed is shown in both versions
        await mine.locator(".theirs", has_text="Roads open").wait_for()
        assert await axe(mine) == []
        assert await mine.get_by_label("Standfirst").input_value() == "Wind and rain"
        assert await lines(mine) == ["Ferries stop at noon", *LINES[1:]]
        await mine.get_by_role("button", name="Save blog").click()
        await mine.locator(".furnish__said", has_text="Saved.").wait_for()
        assert await mine.locator(".theirs").count() == 0
        found = await blog(server, "both")
        assert found["key_developments"] == ["Ferries stop at noon", *LINES[1:]]
        await shows(theirs, found["key_developments"])
        # and the other way: theirs is taken
        await theirs.get_by_label("Headline", exact=True).fill("Hers")
        await mine.get_by_label("Headline", exact=True).fill("His")
        await mine.get_by_role("button", name="Save blog").click()
        await theirs.locator(".theirs", has_text="His").get_by_role("button", name="Take this one").click()
        assert await theirs.get_by_label("Headline", exact=True).input_value() == "His"
        assert await theirs.locator(".furnish__foot").is_hidden()


async def test_notes_are_written_in_a_dialog_and_seen_by_others_at_once(
    server: Running, browser: Browser
) -> None:
    await server.blog("noted")
    await server.post("noted", title="Ferries stop")
    async with (
        at_work(browser, server, "eddy", plain=False) as desk,
        at_work(browser, server, "connie", plain=False) as other,
    ):
        page, others = await at_desk(desk, "noted"), await at_desk(other, "noted")
        await page.keyboard.type("Half a sentence")
        await (await menu_of(page, "Ferries stop")).get_by_role("link", name="Notes").click()
        await page.locator("dialog textarea:focus").wait_for()
        await page.keyboard.press("Control+Enter")
        await page.locator("dialog .wrong", has_text="write the note first").wait_for()
        assert await axe(page) == []
        await page.keyboard.type("Ask the harbour")
        await page.keyboard.press("Control+Enter")
        await page.locator("#said", has_text="Note added").wait_for()
        assert await page.locator("dialog").count() == 0
        await row(page, "Ask the harbour")
        await others.locator(".row", has_text="Ask the harbour").wait_for()
        await page.get_by_role("link", name="Handover note").click()
        await page.locator("dialog textarea:focus").wait_for()
        await page.keyboard.type("The mayor speaks at six")
        await page.get_by_role("button", name="Save note").click()
        await others.locator("#blog-handover", has_text="The mayor speaks at six").wait_for()
        assert (await page.locator("#words").inner_text()).strip() == "Half a sentence"
        assert await page.evaluate("window.sameLoad")


async def test_axe_finds_nothing_in_the_pages_of_the_workflow(server: Running, browser: Browser) -> None:
    await server.blog("flow")
    entry = await server.post("flow", title="Ferries", body="Ferries stop at noon.")
    await server.edit(entry, "flow", body="Ferries stop at nine.", correction="It is nine.")
    await server.post("flow", title="Roof gone", status="pending")
    home = f"/console/blogs/flow/entries/{entry['id']}"
    paths = [
        "/console/blogs/flow/close", f"{home}/revisions", f"{home}/revisions?view=sides",
        f"{home}/revisions/1/restore", f"{home}/revisions/2/correction", f"{home}/notes", f"{home}/time",
        f"{home}/move", "/console/log?blog=flow",
    ]
    found = {}
    async with at_work(browser, server, "eddy", plain=False) as context:
        page = await context.new_page()
        await page.set_viewport_size({"width": 390, "height": 844})
        for path in paths:
            await page.goto(path)
            sideways = await page.evaluate("document.documentElement.scrollWidth > innerWidth")
            found[path] = [*await axe(page), *(["scrolls sideways"] if sideways else [])]
    assert {path: wrong for path, wrong in found.items() if wrong} == {}
