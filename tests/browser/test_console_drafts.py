"""Nothing that was typed in the console is lost, in a real browser with scripts: rows, tabs, crashes, the Back
button, a session that ended, a server that is away."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Error, Page

from tests.support.app import Running
from tests.support.browser import chromium, until
from tests.support.console import (
    PASSWORD,
    ahead,
    at_work,
    drafts_kept,
    entries,
    keys,
    menu_of,
    opened,
    row,
    said,
)

pytestmark = [pytest.mark.anyio, pytest.mark.browser, pytest.mark.usefixtures("cast")]


async def has(page: Page, selector: str, value: str) -> None:
    async def stands() -> bool:
        return await page.input_value(selector) == value

    await until(stands, what=f"{value!r} in {selector}")


async def typed(page: Page, words: str) -> None:
    """Type in the composer, and wait until it is kept."""
    await page.fill("#body", words)
    await page.wait_for_function(
        "(w) => Object.values(localStorage).some((v) => v.includes(JSON.stringify(w)))", arg=words
    )


@pytest.mark.parametrize(("button", "told"), [
    ("Pin", "Pinned."), ("Key event", "Marked as a key event."), ("Breaking", "Marked as breaking."),
])
async def test_a_mark_on_a_row_leaves_the_composer_as_it_is(
    plain_eddy: BrowserContext, server: Running, button: str, told: str
) -> None:
    slug = f"rows-{button.lower().replace(' ', '-')}"
    await server.blog(slug)
    await server.post(slug, title="Ferries stop")
    page = await opened(plain_eddy, slug)
    await page.fill("#title", "Half a headline")
    await typed(page, "Half a story")
    await (await menu_of(page, "Ferries stop")).get_by_role("button", name=button, exact=True).click()
    await page.locator("#said", has_text=told).wait_for()
    assert await page.input_value("#body") == "Half a story"
    await page.reload()
    await has(page, "#body", "Half a story")
    await has(page, "#title", "Half a headline")


async def test_saving_another_entry_leaves_the_composers_draft(
    plain_eddy: BrowserContext, server: Running
) -> None:
    await server.blog("other")
    await server.post("other", title="Ferries stop")
    page = await opened(plain_eddy, "other")
    await typed(page, "Half a story")
    await (await row(page, "Ferries stop")).get_by_role("link", name="Edit").click()
    await page.fill("#title", "Ferries stopped")
    await page.get_by_role("button", name="Save", exact=True).click()
    await row(page, "Ferries stopped")
    await has(page, "#body", "Half a story")
    await page.locator("[data-restored]", has_text="Restored").wait_for()


async def test_all_fields_come_back_after_the_tab_is_gone(plain_eddy: BrowserContext, server: Running) -> None:
    await server.blog("crash", topics=["Roads", "Weather"])
    page = await opened(plain_eddy, "crash")
    values = {
        "title": "Roof gone", "picture_alt": "A roof", "picture_caption": "At the school",
        "picture_credit": "Eddy", "video_url": "https://video.example/a.mp4", "video_title": "The roof",
        "byline": "The desk", "byline_parts": "The desk | Weather | Cork", "language": "de",
        "publish_at": ahead(hours=2),
    }
    for more in await page.locator("details summary").all():
        await more.click()
    for name, value in values.items():
        await page.fill(f"#{name}", value)
    for flag in ("pinned", "key", "breaking", "picture_decorative"):
        await page.check(f"#{flag}")
    await page.get_by_label("Weather").check()
    await page.set_input_files(
        "#picture", files=[{"name": "roof.jpg", "mimeType": "image/jpeg", "buffer": b"x"}]
    )
    await typed(page, "It flew off at noon.")
    await page.close(run_before_unload=False)
    page = await opened(plain_eddy, "crash")
    await has(page, "#body", "It flew off at noon.")
    assert {name: await page.input_value(f"#{name}") for name in values} == values
    for flag in ("pinned", "key", "breaking", "picture_decorative"):
        assert await page.is_checked(f"#{flag}")
    assert await page.get_by_label("Weather").is_checked()
    assert not await page.get_by_label("Roads").is_checked()
    notice = page.locator("#compose [data-restored]")
    assert "Restored what you typed" in await notice.inner_text()
    assert "roof.jpg" in await notice.inner_text()
    await notice.get_by_role("button", name="Discard draft").click()
    await has(page, "#body", "")
    await drafts_kept(page, 0)
    await page.reload()
    assert await page.input_value("#title") == ""


async def test_another_user_of_the_browser_never_sees_it(server: Running, browser: Browser) -> None:
    await server.blog("shared")
    async with at_work(browser, server, "eddy", own_session=True) as context:
        page = await opened(context, "shared")
        await typed(page, "For my eyes")
        for name, seen in (("rosa", ""), ("eddy", "For my eyes")):
            await page.get_by_role("button", name="Log out").click()
            await page.fill("#username", name)
            await page.fill("#password", PASSWORD)
            await page.click("button.do")
            await page.wait_for_url("**/console")
            await page.goto("/console/blogs/shared")
            await has(page, "#body", seen)


async def test_publishing_removes_exactly_the_draft_that_was_published_in_every_tab(
    plain_eddy: BrowserContext, server: Running
) -> None:
    await server.blog("tabs")
    entry = await server.post("tabs", title="Ferries stop")
    own = await opened(plain_eddy, "tabs")
    await own.fill("#body", "Ours")
    await drafts_kept(own, 1)
    edited = await opened(plain_eddy, "tabs", f"/entries/{entry['id']}")
    await typed(edited, "Ferries stop until nine")
    same = await opened(plain_eddy, "tabs")
    await has(same, "#body", "Ours")
    changed = await opened(plain_eddy, "tabs")
    await has(changed, "#body", "Ours")
    await own.get_by_role("button", name="Publish", exact=True).click()
    await said(own, "Published.")
    await has(same, "#body", "")
    await has(changed, "#body", "")
    assert await edited.input_value("#body") == "Ferries stop until nine"
    await drafts_kept(own, 1)
    assert entry["id"] in (await keys(own))[0]
    assert "Ours" not in await own.evaluate("JSON.stringify({...localStorage, ...sessionStorage})")


async def test_two_tabs_that_write_different_things_keep_both(
    plain_eddy: BrowserContext, server: Running
) -> None:
    await server.blog("both")
    one = await opened(plain_eddy, "both")
    other = await opened(plain_eddy, "both")
    await typed(one, "The first story")
    await typed(other, "The second story")
    await drafts_kept(one, 2)
    await one.get_by_role("button", name="Publish", exact=True).click()
    await said(one, "Published.")
    assert await other.input_value("#body") == "The second story"
    await other.get_by_role("button", name="Publish", exact=True).click()
    await said(other, "Published.")
    await drafts_kept(one, 0)
    assert len(await entries(server, "both")) == 2


async def test_a_tab_that_went_on_writing_keeps_that_when_the_other_publishes(
    plain_eddy: BrowserContext, server: Running
) -> None:
    await server.blog("fork")
    one = await opened(plain_eddy, "fork")
    await typed(one, "Rain")
    other = await opened(plain_eddy, "fork")
    await has(other, "#body", "Rain")
    # before anything of it is stored, the first tab publishes
    await other.evaluate("document.querySelector('#body').value = 'Rain and wind'")
    await one.get_by_role("button", name="Publish", exact=True).click()
    await said(one, "Published.")
    assert await other.input_value("#body") == "Rain and wind"
    await other.get_by_role("button", name="Publish", exact=True).click()
    await said(other, "Published.")
    assert len(await entries(server, "fork")) == 2


async def test_back_after_publishing_brings_no_second_copy(plain_eddy: BrowserContext, server: Running) -> None:
    await server.blog("back")
    page = await opened(plain_eddy, "back")
    await page.fill("#body", "Only once")
    await page.get_by_role("button", name="Publish", exact=True).click()
    await said(page, "Published.")
    await page.goto("/console")
    await page.go_back()
    await has(page, "#body", "")
    await page.go_back()
    await has(page, "#body", "")
    assert len(await entries(server, "back")) == 1


async def test_a_page_from_the_back_forward_cache_brings_no_second_copy(server: Running) -> None:
    """The page comes back alive, with what was sent in its form and no request to the server."""
    await server.blog("frozen")
    async with chromium(back_forward_cache=True) as browser, at_work(browser, server, "connie") as field:
        page = await opened(field, "frozen")
        await page.evaluate(
            "addEventListener('pageshow', (e) => sessionStorage.setItem('frozen', String(e.persisted)))"
        )
        await typed(page, "Only once")
        await page.get_by_role("button", name="Send to the editors").click()
        await page.locator("#said", has_text="Sent to the editors").wait_for()
        await page.evaluate("setTimeout(() => history.back())")

        async def shown_again() -> bool:
            with contextlib.suppress(Error):  # it is being loaded afresh
                return bool(await page.evaluate(
                    "sessionStorage.getItem('frozen') === 'true' && document.readyState === 'complete'"
                    " && document.querySelector('#body')?.value === ''"
                ))
            return False

        await until(shown_again, what="the page, without what was sent")
        assert len(await entries(server, "frozen")) == 1
        await drafts_kept(page, 0)


async def test_cancel_throws_away(plain_eddy: BrowserContext, server: Running) -> None:
    await server.blog("cancel")
    entry = await server.post("cancel", title="Ferries stop")
    page = await opened(plain_eddy, "cancel", f"/entries/{entry['id']}")
    await typed(page, "Nonsense")
    await page.get_by_role("link", name="Cancel").click()
    await page.wait_for_url("**/console/blogs/cancel")
    await drafts_kept(page, 0)
    await page.goto(f"/console/blogs/cancel/entries/{entry['id']}")
    assert "Nonsense" not in await page.input_value("#body")


async def test_a_session_that_ended_loses_nothing(plain_eddy: BrowserContext, server: Running) -> None:
    await server.blog("expired")
    page = await opened(plain_eddy, "expired")
    await page.fill("#title", "Roof gone")
    await page.check("#breaking")
    await page.fill("#body", "It flew off at noon.")
    await plain_eddy.clear_cookies()
    await page.get_by_role("button", name="Publish", exact=True).click()
    await page.get_by_role("heading", name="Your session has ended").wait_for()
    async with plain_eddy.expect_page() as opening:
        await page.get_by_role("link", name="Log in").first.click()
    again = await opening.value
    await again.fill("#username", "eddy")
    await again.fill("#password", PASSWORD)
    await again.click("button.do")
    await again.wait_for_url("**/console/blogs/expired")
    await has(again, "#title", "Roof gone")
    await has(again, "#body", "It flew off at noon.")
    assert await again.is_checked("#breaking")
    await again.get_by_role("button", name="Publish", exact=True).click()
    await said(again, "Published.")
    (entry,) = await entries(server, "expired")
    assert entry["breaking"]


async def test_a_server_that_is_away_loses_nothing_and_posts_once(
    plain_eddy: BrowserContext, server: Running
) -> None:
    await server.blog("away")
    page = await opened(plain_eddy, "away")
    await page.fill("#body", "Still here")

    async def lost(route: Any) -> None:
        if route.request.method == "POST":
            # the post arrives, its answer does not
            await route.fetch(max_redirects=0)
            await route.abort("connectionreset")
        else:
            await route.continue_()

    await page.route("**/console/blogs/away?write", lost)
    await page.get_by_role("button", name="Publish", exact=True).click()
    await page.wait_for_url("chrome-error://**")
    await page.unroute_all()
    await page.go_back()
    await has(page, "#body", "Still here")
    await page.get_by_role("button", name="Publish", exact=True).click()
    await page.locator("#said", has_text="Nothing was posted twice").wait_for()
    assert len(await entries(server, "away")) == 1
    await drafts_kept(page, 0)


async def test_a_conflict_survives_a_crash(plain_eddy: BrowserContext, server: Running) -> None:
    await server.blog("conflict")
    entry = await server.post("conflict", title="Ferries stop", body="Theirs")
    page = await opened(plain_eddy, "conflict", f"/entries/{entry['id']}")
    await page.fill("#body", "Mine")
    await server.edit(entry, "conflict", body="Theirs, second version")
    await page.get_by_role("button", name="Save", exact=True).click()
    await page.get_by_role("heading", name="Two versions").wait_for()
    await page.close()
    page = await opened(plain_eddy, "conflict", f"/entries/{entry['id']}")
    await has(page, "#body", "Mine")
    await page.get_by_role("button", name="Save", exact=True).click()
    await page.locator("#said", has_text="Saved.").wait_for()
    await drafts_kept(page, 0)


async def test_a_draft_of_an_older_version_shows_both(plain_eddy: BrowserContext, server: Running) -> None:
    await server.blog("older")
    entry = await server.post("older", title="Ferries stop", body="Theirs")
    page = await opened(plain_eddy, "older", f"/entries/{entry['id']}")
    await typed(page, "Mine")
    await page.close()
    await server.edit(entry, "older", body="Theirs, second version")
    page = await opened(plain_eddy, "older", f"/entries/{entry['id']}")
    await page.locator("[data-restored]", has_text="has changed since").wait_for()
    await page.get_by_role("button", name="Save", exact=True).click()
    await page.get_by_role("heading", name="Two versions").wait_for()


async def test_what_was_too_large_is_still_there(plain_eddy: BrowserContext, server: Running) -> None:
    await server.blog("large")
    page = await opened(plain_eddy, "large")
    await page.fill("#body", "The words")
    await page.set_input_files(
        "#picture",
        files=[{"name": "huge.jpg", "mimeType": "image/jpeg", "buffer": bytes(22 * 1024 * 1024)}],
    )
    await page.get_by_role("button", name="Publish", exact=True).click()
    await page.get_by_text("Back button returns to the form").wait_for()
    await page.go_back()
    await has(page, "#body", "The words")
    assert await entries(server, "large") == []


async def test_a_picture_that_was_uploaded_comes_back_with_its_words(
    plain_eddy: BrowserContext, server: Running, jpeg: bytes
) -> None:
    await server.blog("uploaded")
    page = await opened(plain_eddy, "uploaded")
    await page.fill("#body", "The pier")
    await page.click("summary:has-text('Add a picture')")
    await page.set_input_files("#picture", files=[{"name": "a.jpg", "mimeType": "image/jpeg", "buffer": jpeg}])
    await page.fill("#picture_alt", "A pier")
    await page.get_by_role("button", name="Preview").click()
    await page.locator("#preview").wait_for()
    await page.fill("#media-0-caption", "In the morning")
    await drafts_kept(page, 1)
    await page.close()
    page = await opened(plain_eddy, "uploaded")
    await has(page, "#media-0-alt", "A pier")
    await has(page, "#media-0-caption", "In the morning")
    await page.get_by_role("button", name="Publish", exact=True).click()
    await said(page, "Published.")
    (entry,) = await entries(server, "uploaded")
    assert [(b.get("alt"), b.get("caption")) for b in entry["blocks"] if b["type"] == "image"] == [
        ("A pier", "In the morning")
    ]


async def test_the_blogs_own_forms_are_kept(plain_eddy: BrowserContext, server: Running) -> None:
    await server.blog("furnished")
    forms = {"/console/blogs/furnished/furniture": "#standfirst", "/console/blogs/new": "#headline"}
    for path, field in forms.items():
        page = await plain_eddy.new_page()
        await page.goto(path)
        await page.fill(field, "Half a sentence")
        await drafts_kept(page, 1)
        await page.close()
        page = await plain_eddy.new_page()
        await page.goto(path)
        await has(page, field, "Half a sentence")
        await page.get_by_role("link", name="Cancel").click()
        await drafts_kept(page, 0)
        await page.close()
