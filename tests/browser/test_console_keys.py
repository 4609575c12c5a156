"""Nothing goes out of the console by accident, in a real browser: Enter, Ctrl+Enter, a time to publish at, and
where the focus is afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, BrowserContext, Page

from tests.support.app import Running
from tests.support.browser import open_details, until
from tests.support.console import ahead, at_work, entries, menu_of, opened, row

pytestmark = [pytest.mark.anyio, pytest.mark.browser, pytest.mark.usefixtures("cast")]
ONE_LINE = (
    "title", "picture_alt", "picture_caption", "picture_credit", "video_url", "video_title", "video_byline",
    "byline", "publish_at", "pinned", "key", "breaking",
)


@pytest.fixture(params=[True, False], ids=["scripts", "plain"])
async def eddy(
    server: Running, browser: Browser, request: pytest.FixtureRequest
) -> AsyncIterator[BrowserContext]:
    async with at_work(browser, server, "eddy", java_script_enabled=request.param) as context:
        yield context


@pytest.fixture
def slug(request: pytest.FixtureRequest) -> str:
    return f"keys-{abs(hash(request.node.name))}"


async def enter_everywhere(page: Page, path: str, *, scripts: bool) -> None:
    """Press Enter in every one-line field of the form. Without scripts each press shows the form again; with
    them nothing happens: the page stays."""
    await page.goto(path)
    fields = await page.locator("#compose input:not([type=hidden],[type=file])").all()
    ids = [await field.get_attribute("id") for field in fields]
    shown_again: list[object] = []
    page.on("framenavigated", lambda frame: shown_again.append(frame))
    for field in ids:
        await open_details(page)
        if field != "title" and await page.locator("#body").count():
            await page.fill("#body", "Not ready")
        if scripts:
            await page.press(f"#{field}", "Enter")
        else:
            async with page.expect_navigation():
                await page.press(f"#{field}", "Enter")
    assert len(shown_again) == (0 if scripts else len(ids))


async def test_enter_in_the_composer_publishes_nothing(
    eddy: BrowserContext, server: Running, slug: str, request: pytest.FixtureRequest
) -> None:
    await server.blog(slug)
    page = await eddy.new_page()
    await enter_everywhere(page, f"/console/blogs/{slug}", scripts=request.node.callspec.params["eddy"])
    assert await entries(server, slug) == []
    await page.goto(f"/console/blogs/{slug}")
    assert {name for name in ONE_LINE if await page.locator(f"#{name}").count()} == set(ONE_LINE)


@pytest.mark.parametrize("status", ["published", "scheduled"])
async def test_enter_in_an_entry_changes_nothing(
    eddy: BrowserContext, server: Running, slug: str, status: str, request: pytest.FixtureRequest
) -> None:
    await server.blog(slug)
    at = f"{ahead(hours=2)}:00Z" if status == "scheduled" else None
    entry = await server.post(slug, title="Ferries stop", status=status, publish_at=at)
    page = await eddy.new_page()
    path = f"/console/blogs/{slug}/entries/{entry['id']}"
    await enter_everywhere(page, path, scripts=request.node.callspec.params["eddy"])
    (after,) = await entries(server, slug)
    assert (after["status"], after["revision"]) == (status, entry["revision"])


async def test_enter_in_the_blogs_own_forms_saves_nothing(
    eddy: BrowserContext, server: Running, slug: str
) -> None:
    blog = await server.blog(slug, status="draft")
    page = await eddy.new_page()
    await page.goto(f"/console/blogs/{slug}/furniture")
    await page.select_option("#status", "live")
    await page.fill("#headline", "Half a head")
    await page.press("#headline", "Enter")
    await page.wait_for_load_state()
    assert await page.input_value("#headline") == "Half a head"
    assert await page.input_value("#status") == "live"
    await page.goto("/console/blogs/new")
    await page.fill("#slug", f"{slug}-new")
    await page.fill("#headline", "Half a head")
    await page.press("#headline", "Enter")
    await page.wait_for_load_state()
    assert await page.input_value("#slug") == f"{slug}-new"
    assert (await server.http.get(f"/api/v1/blogs/{slug}-new")).status_code == 404
    assert (await server.http.get(f"/api/v1/blogs/{slug}")).json()["revision"] == blog["revision"]


OTHER_FORMS = {
    "/console/users": {"username": "nia", "name": "Nia", "password": "a long enough password"},
    "/console/tokens": {"name": "wire"},
    "/console/bylines": {"name": "Half a name", "role": "Reporter"},
}


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "plain"])
async def test_enter_adds_no_user_token_or_byline(server: Running, browser: Browser, scripts: bool) -> None:
    async with at_work(browser, server, "ada", java_script_enabled=scripts) as context:
        page = await context.new_page()
        for path, fields in OTHER_FORMS.items():
            for pressed in fields:
                await page.goto(path)
                for name, value in fields.items():
                    await page.fill(f"#{name}", value)
                await page.press(f"#{pressed}", "Enter")
                await page.wait_for_load_state()
                assert pressed == "password" or await page.input_value(f"#{pressed}") == fields[pressed]
            kind = path.rpartition("/")[2]
            found = (await server.http.get(f"/api/v1/{kind}")).json()[kind]
            assert not {"nia", "wire", "Half a name"} & {item.get("username", item["name"]) for item in found}


async def test_the_shortcut_publishes_and_the_focus_returns(
    plain_eddy: BrowserContext, server: Running, slug: str
) -> None:
    await server.blog(slug)
    for number in range(30):
        await server.post(slug, title=f"Earlier update {number}")
    page = await opened(plain_eddy, slug)
    await page.keyboard.type("Straight into the composer")
    await page.keyboard.press("Control+Enter")
    await page.locator("#said", has_text="Published.").wait_for()
    assert (await entries(server, slug))[0]["blocks"][0]["html"] == "<p>Straight into the composer</p>"
    assert await page.evaluate("document.activeElement.id") == "body"
    assert await page.evaluate("scrollY") == 0
    # typing on blind writes the next entry, and does nothing to any other
    await page.keyboard.type("And the next one ")
    await page.keyboard.press("Space")
    assert (await page.input_value("#body")).startswith("And the next one")
    assert not any(e["pinned"] or e["key"] or e["breaking"] for e in await entries(server, slug))


async def test_with_a_time_the_shortcut_and_the_first_button_only_schedule(
    plain_eddy: BrowserContext, server: Running, slug: str
) -> None:
    await server.blog(slug, time_zone="Europe/Lisbon")
    page = await opened(plain_eddy, slug)
    await page.click("summary:has-text('Bylines, language')")
    await page.fill("#publish_at", ahead("Europe/Lisbon", hours=2))
    first = page.locator(".compose .buttons button").first
    assert await first.inner_text() == "Schedule"
    assert await page.get_by_role("button", name="Publish", exact=True).count() == 0
    await page.fill("#body", "News of tomorrow")
    await page.press("#body", "Control+Enter")
    await page.locator("#said", has_text="Scheduled for").wait_for()
    (entry,) = await entries(server, slug)
    assert entry["status"] == "scheduled"
    # clearing the field in the entry's form cancels
    await (await menu_of(page, "News of tomorrow")).get_by_role("link", name="Edit").click()
    await page.fill("#publish_at", "")
    assert await page.locator(".compose .buttons button").first.inner_text() == "Save as draft"
    await page.press("#body", "Control+Enter")
    await page.locator("#said", has_text="Schedule cancelled").wait_for()
    (entry,) = await entries(server, slug)
    assert (entry["status"], entry["publish_at"]) == ("draft", None)


async def test_a_schedule_is_cancelled_in_the_list(eddy: BrowserContext, server: Running, slug: str) -> None:
    await server.blog(slug)
    await server.post(slug, title="Later", status="scheduled", publish_at=f"{ahead(hours=2)}:00Z")
    page = await opened(eddy, slug)
    await (await row(page, "Later")).get_by_role("button", name="Cancel schedule").click()
    await page.locator("#said", has_text="Schedule cancelled").wait_for()
    (entry,) = await entries(server, slug)
    assert (entry["status"], entry["publish_at"]) == ("draft", None)


async def test_a_retraction_is_undone_in_one_click(
    eddy: BrowserContext, server: Running, slug: str, request: pytest.FixtureRequest
) -> None:
    await server.blog(slug)
    await server.post(slug, title="Ferries stop")
    page = await opened(eddy, slug)
    await (await menu_of(page, "Ferries stop")).get_by_role("link", name="Retract").click()
    if not request.node.callspec.params["eddy"]:  # without scripts a page of its own asks first
        assert (await entries(server, slug))[0]["status"] == "published"
        await page.get_by_role("button", name="Retract").click()
    await page.locator("#said", has_text="Retracted.").wait_for()
    assert (await entries(server, slug))[0]["status"] == "retracted"
    await page.get_by_role("button", name="Undo").click()
    await page.locator("#said", has_text="Restored.").wait_for()
    (entry,) = await entries(server, slug)
    assert (entry["status"], entry["title"]) == ("published", "Ferries stop")


async def test_the_composer_stays_when_a_row_is_marked_without_scripts(
    server: Running, browser: Browser, slug: str, jpeg: bytes
) -> None:
    await server.blog(slug)
    await server.post(slug, title="Ferries stop")
    async with at_work(browser, server, "eddy", java_script_enabled=False) as context:
        page = await opened(context, slug)
        await page.fill("#body", "Half a story")
        await page.check("#breaking")
        await page.click("summary:has-text('Add a picture')")
        await page.set_input_files(
            "#picture", files=[{"name": "a.jpg", "mimeType": "image/jpeg", "buffer": jpeg}]
        )
        await (await menu_of(page, "Ferries stop")).get_by_role("button", name="Pin", exact=True).click()
        await (await menu_of(page, "Ferries stop")).get_by_role("button", name="Unpin").wait_for()
        assert await page.input_value("#body") == "Half a story"
        assert await page.is_checked("#breaking")
        assert await page.locator(".piece").count() == 1
    (entry,) = await entries(server, slug)
    assert entry["pinned"]


async def test_two_shortcuts_in_a_row_post_once(plain_eddy: BrowserContext, server: Running, slug: str) -> None:
    await server.blog(slug)
    page = await opened(plain_eddy, slug)
    await page.fill("#body", "Only once")
    await page.focus("#body")
    await page.keyboard.press("Control+Enter")
    await page.keyboard.press("Control+Enter")
    await page.locator("#said", has_text="Published.").wait_for()

    async def one() -> bool:
        return len(await entries(server, slug)) == 1

    await until(one, what="one entry")
