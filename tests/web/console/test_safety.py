"""Nothing goes out by accident and nothing typed is lost, by a plain HTTP client: no script runs here."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import httpx2
import pytest

from server.domain.errors import Invalid
from server.domain.permissions import SYSTEM
from server.newsroom import people
from server.web.console import entry_form
from tests.support.app import Running, running
from tests.web.console.test_console import CAST, PASSWORD, hidden, logged_in

pytestmark = pytest.mark.anyio
Client = httpx2.AsyncClient


@pytest.fixture(scope="module")
async def server(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running(tmp_path_factory.mktemp("safety")) as started:
        for name, role in CAST.items():
            await people.create_user(
                started.desk, SYSTEM, name, password=PASSWORD, name=name.title(), role=role
            )
        yield started


@pytest.fixture(scope="module")
async def clients(server: Running) -> AsyncIterator[dict[str, httpx2.AsyncClient]]:
    """Everybody of the cast, logged in once."""
    async with contextlib.AsyncExitStack() as stack:
        yield {name: await stack.enter_async_context(logged_in(server, name)) for name in CAST}


@pytest.fixture
async def eddy(clients: dict[str, httpx2.AsyncClient]) -> httpx2.AsyncClient:
    return clients["eddy"]


@pytest.fixture
async def connie(clients: dict[str, httpx2.AsyncClient]) -> httpx2.AsyncClient:
    return clients["connie"]


@pytest.fixture
async def slug(server: Running, request: pytest.FixtureRequest) -> str:
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")[-80:].strip("-")
    await server.blog(name, time_zone="Europe/Berlin")
    return name


async def entries(server: Running, slug: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await server.http.get(f"/api/v1/blogs/{slug}/entries")).json()["entries"]
    return found


def ahead(**amount: float) -> str:
    moment = datetime.now(ZoneInfo("Europe/Berlin")) + timedelta(**amount)
    return moment.strftime("%Y-%m-%dT%H:%M")


@pytest.mark.parametrize("do", [None, "", "preview", "nonsense"])
async def test_a_form_without_a_button_of_ours_writes_nothing(
    server: Running, eddy: Client, slug: str, do: str | None
) -> None:
    form = {"body": "Not ready"} | ({} if do is None else {"do": do})
    answer = await eddy.post(f"/console/blogs/{slug}", data=form)
    assert answer.status_code == 200
    assert "Not ready" in answer.text
    assert await entries(server, slug) == []
    entry = await server.post(slug, body="As it was")
    path = f"/console/blogs/{slug}/entries/{entry['id']}"
    await eddy.post(path, data=form | {"revision": entry["revision"]})
    assert (await entries(server, slug))[0]["revision"] == entry["revision"]


@pytest.mark.parametrize("path", ["", "/furniture", "/entries/{id}"])
async def test_the_default_button_of_a_form_is_harmless(
    server: Running, eddy: Client, slug: str, path: str
) -> None:
    entry = await server.post(slug)
    page = (await eddy.get(f"/console/blogs/{slug}" + path.format(**entry))).text
    form = page[page.index("data-draft") :]
    first = re.search(r"<button[^>]*value=\"(\w+)\"", form)
    assert first
    assert first[1] in ("preview", "stay")


@pytest.mark.parametrize("do", ["publish", "schedule"])
async def test_a_time_to_come_schedules_whatever_the_button(
    server: Running, eddy: Client, slug: str, do: str
) -> None:
    form = {"body": "Later", "publish_at": ahead(hours=2), "do": do}
    answer = await eddy.post(f"/console/blogs/{slug}", data=form)
    (entry,) = await entries(server, slug)
    assert entry["status"] == "scheduled"
    assert "Scheduled for" in answer.text


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("2020-01-01T10:00", "must be in the future; it is now"),
        ("2030-03-31T02:30", "02:30 does not exist on 2030-03-31 in Europe/Berlin"),
        ("soon", "needs a day and a time"),
        ("2030-01-01T10:00+05:00", "needs a day and a time"),
        ("2030-01-01T10:00", "must be in the future, at most 366 days ahead"),
    ],
)
@pytest.mark.parametrize("do", ["publish", "schedule"])
async def test_a_time_that_cannot_be_is_refused_with_the_text_kept(
    server: Running, eddy: Client, slug: str, do: str, at: str, said: str
) -> None:
    form = {"title": "Roof gone", "body": "It flew off", "publish_at": at, "do": do}
    answer = await eddy.post(f"/console/blogs/{slug}", data=form)
    assert answer.status_code == 422
    assert f'<a href="#publish_at">Publish at</a>: {said}' in unescape(answer.text)
    assert 'aria-describedby="publish_at-hint publish_at-wrong" aria-invalid="true"' in answer.text
    assert "It flew off" in answer.text
    assert 'value="Roof gone"' in answer.text
    assert await entries(server, slug) == []


def test_a_local_time_that_comes_twice_is_the_first() -> None:
    at = entry_form.moment("2026-10-25T02:30", "Europe/Berlin")
    assert at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert entry_form.comes_twice(at, "Europe/Berlin")
    assert not entry_form.comes_twice(at + timedelta(days=1), "Europe/Berlin")
    with pytest.raises(Invalid, match="clocks go forward"):
        entry_form.moment("2026-03-29T02:30", "Europe/Berlin")


async def test_saving_a_scheduled_entry_keeps_its_time_to_the_second(
    server: Running, eddy: Client, slug: str
) -> None:
    at = (datetime.now(UTC) + timedelta(hours=3)).replace(second=17, microsecond=0)
    entry = await server.post(slug, status="scheduled", publish_at=at.isoformat())
    path = f"/console/blogs/{slug}/entries/{entry['id']}"
    shown = re.search(r'name="publish_at"[^>]*value="([^"]*)"', (await eddy.get(path)).text)
    assert shown
    form = {"revision": "1", "body": "Reworded", "publish_at": shown[1], "do": "save"}
    await eddy.post(path, data=form)
    (after,) = await entries(server, slug)
    assert after["status"] == "scheduled"
    assert datetime.fromisoformat(after["publish_at"]) == at


@pytest.mark.parametrize(
    ("do", "at", "status"),
    [("save", "", "draft"), ("unschedule", "keep", "draft"), ("now", "keep", "published")],
)
async def test_a_schedule_is_cancelled_or_overtaken_on_purpose(
    server: Running, eddy: Client, slug: str, do: str, at: str, status: str
) -> None:
    planned = (datetime.now(UTC) + timedelta(hours=3)).isoformat()
    entry = await server.post(slug, status="scheduled", publish_at=planned)
    form = {"revision": "1", "body": "Rain", "publish_at": at and ahead(hours=3), "do": do}
    answer = await eddy.post(f"/console/blogs/{slug}/entries/{entry['id']}", data=form)
    (after,) = await entries(server, slug)
    assert (after["status"], after["publish_at"]) == (status, None)
    assert ("Schedule cancelled." if status == "draft" else "Published.") in answer.text


async def test_approving_what_is_planned_for_later_schedules_it(
    server: Running, eddy: Client, connie: Client, slug: str
) -> None:
    form = {"body": "Embargo", "publish_at": ahead(hours=2), "do": "submit"}
    await connie.post(f"/console/blogs/{slug}", data=form)
    (entry,) = await entries(server, slug)
    page = (await eddy.get(f"/console/blogs/{slug}")).text
    assert re.search(r'value="publish"[^>]*>Schedule<', page[page.index('id="waiting"') :])
    path = f"/console/blogs/{slug}/entries/{entry['id']}/mark"
    await eddy.post(path, data={"do": "publish", "revision": entry["revision"]})
    (after,) = await entries(server, slug)
    assert after["status"] == "scheduled"


async def test_a_form_that_was_sent_before_says_what_became_of_it(
    server: Running, eddy: Client, slug: str
) -> None:
    key = hidden((await eddy.get(f"/console/blogs/{slug}")).text, "request_key")
    form = {"request_key": key, "title": "Trees down", "body": "Rain", "do": "publish"}
    await eddy.post(f"/console/blogs/{slug}", data=form)
    again = await eddy.post(f"/console/blogs/{slug}", data=form)
    assert "Nothing was posted twice" in again.text
    assert "Trees down</bdi></a>" in again.text
    changed = await eddy.post(f"/console/blogs/{slug}", data=form | {"body": "Rain and wind"})
    assert changed.status_code == 409
    assert "Its entry: “Trees down”, Published." in changed.text
    assert "Rain and wind" in changed.text
    assert hidden(changed.text, "request_key") != key
    assert len(await entries(server, slug)) == 1


async def test_a_new_blogs_form_that_was_sent_before_keeps_what_was_typed(
    server: Running, eddy: Client
) -> None:
    form = {
        "request_key": "once", "slug": "harbour-one", "headline": "Harbour", "language": "en",
        "time_zone": "UTC", "status": "draft", "do": "create",
    }
    await eddy.post("/console/blogs/new", data=form)
    answer = await eddy.post("/console/blogs/new", data=form | {"slug": "harbour-two"})
    assert answer.status_code == 409
    assert 'value="harbour-two"' in answer.text
    assert "This form was sent before" in answer.text


async def test_errors_name_pictures_and_lists_as_they_are_shown(
    server: Running, eddy: Client, slug: str
) -> None:
    picture = '{"type": "image", "media_id": "aaaaaaaaaaaaaaaa", "place": null}'
    form = {
        "body": "Two", "do": "publish", "media-0": picture, "media-0-alt": "A pier", "media-1": picture,
        "media-2": '{"type": "video", "place": null}', "media-2-url": "nowhere",
    }
    answer = await eddy.post(f"/console/blogs/{slug}", data=form)
    assert '<a href="#media-1-alt">Picture 2, alt text</a>' in answer.text
    assert 'aria-describedby="media-1-alt-wrong" aria-invalid="true"' in answer.text
    answer = await eddy.post(f"/console/blogs/{slug}", data=form | {"media-1-alt": "A boat"})
    assert '<a href="#media-2-url">Video 1, address</a>' in answer.text
    path = f"/console/blogs/{slug}/furniture"
    form = {"headline": "Storm", "related": "Map | nowhere", "revision": "1", "language": "en",
            "time_zone": "UTC", "status": "live"}
    answer = await eddy.post(path, data=form)
    assert '<a href="#related">Related reports</a>: item 1, address:' in answer.text


async def test_the_picture_that_is_wrong_is_named_behind_the_words(
    server: Running, eddy: Client, slug: str
) -> None:
    picture = '{"type": "image", "media_id": "aaaaaaaaaaaaaaaa", "place": null}'
    form = {"body": "Words first", "do": "publish", "media-0": picture, "media-0-alt": "A pier"}
    answer = await eddy.post(f"/console/blogs/{slug}", data=form)
    assert answer.status_code == 422
    assert "Picture 1" in answer.text
    assert "picture not found" in answer.text


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"picture_warning": "Blood"}, "picture"), ({"picture_alt": "A roof"}, "picture"),
        ({"video_title": "The roof"}, "video_url"),
    ],
)
async def test_words_about_a_missing_picture_or_video_are_not_swallowed(
    server: Running, eddy: Client, slug: str, form: dict[str, str], field: str
) -> None:
    answer = await eddy.post(f"/console/blogs/{slug}", data=form | {"body": "Rain", "do": "publish"})
    assert answer.status_code == 422
    assert f'id="{field}-wrong"' in answer.text
    assert await entries(server, slug) == []


async def test_a_mark_sent_with_the_composer_brings_it_back(server: Running, eddy: Client, slug: str) -> None:
    entry = await server.post(slug, title="Ferries stop")
    path = f"/console/blogs/{slug}/entries/{entry['id']}/mark?revision={entry['revision']}"
    form = {"do": "pin", "body": "Half a story", "title": "Half a head", "key": "1", "request_key": "k"}
    answer = await eddy.post(path, data=form)
    assert "Half a story" in answer.text
    assert 'value="Half a head"' in answer.text
    assert "Saved." in answer.text
    stale = await eddy.post(path, data=form)
    assert "was changed since you loaded the list" in stale.text
    assert "Half a story" in stale.text
    (after,) = await entries(server, slug)
    assert (after["pinned"], after["key"]) == (True, False)


async def test_a_correction_is_typed_shown_again_and_stored(server: Running, eddy: Client, slug: str) -> None:
    entry = await server.post(slug, title="Leaves at eight")
    path = f"/console/blogs/{slug}/entries/{entry['id']}"
    page = (await eddy.get(path)).text
    assert 'name="correction"' in page and 'name="remove_from_history"' in page
    form = {"title": "Leaves at nine", "correction": "We wrote <eight>.", "do": "save"}
    stale = await eddy.post(path, data=form | {"revision": "9"})
    assert stale.status_code in (409, 412)
    assert 'value="We wrote &lt;eight&gt;."' in stale.text, "nothing typed is lost"
    await eddy.post(path, data=form | {"revision": "1"})
    (after,) = await entries(server, slug)
    assert [c["note"] for c in after["corrections"]] == ["We wrote <eight>."]
    assert 'name="correction" type="text" value=""' in (await eddy.get(path)).text, "a note is for one edit"
    public = (await server.anonymous.get(f"/live/{slug}/entries/{entry['id']}/history")).text
    assert "We wrote &lt;eight&gt;." in public
    forget = {"title": "Leaves at nine", "remove_from_history": "1", "revision": "2", "do": "save"}
    await eddy.post(path, data=forget)
    public = (await server.anonymous.get(f"/live/{slug}/entries/{entry['id']}/history")).text
    assert "eight" not in public
    draft = await server.post(slug, title="Draft", status="draft")
    assert 'name="correction"' not in (await eddy.get(f"/console/blogs/{slug}/entries/{draft['id']}")).text


async def test_the_order_of_a_pinned_entry_is_set_in_the_form(server: Running, eddy: Client, slug: str) -> None:
    entry = await server.post(slug, title="Ferries stop", pinned=True, pin_order=7)
    path = f"/console/blogs/{slug}/entries/{entry['id']}"
    assert 'name="pin_order" type="number" value="7"' in (await eddy.get(path)).text
    form = {"title": "Ferries stop", "pinned": "1", "do": "save"}
    await eddy.post(path, data=form | {"revision": "1"})
    assert (await entries(server, slug))[0]["pin_order"] == 7, "a form without the field leaves it"
    await eddy.post(path, data=form | {"revision": "2", "pin_order": "3"})
    assert (await entries(server, slug))[0]["pin_order"] == 3
    wrong = await eddy.post(path, data=form | {"revision": "3", "pin_order": "first"})
    assert wrong.status_code == 422
    assert 'id="pin_order-wrong"' in wrong.text and 'value="first"' in wrong.text


async def test_a_contribution_is_sent_back_with_a_reason(
    server: Running, eddy: Client, connie: Client, slug: str
) -> None:
    entry = await server.post(slug, title="Draft")
    await connie.post(f"/console/blogs/{slug}", data={"title": "Roof gone", "do": "submit"})
    entry = (await entries(server, slug))[0]
    path = f"/console/blogs/{slug}/entries/{entry['id']}"
    assert (await connie.get(f"{path}/send-back")).status_code == 403
    empty = await eddy.post(f"{path}/send-back", data={"revision": "1", "note": " "})
    assert empty.status_code == 422
    assert '<a href="#note">Reason</a>' in empty.text
    sent = await eddy.post(f"{path}/send-back", data={"revision": "1", "note": "Who <says> so?"})
    assert "Sent back to its author" in sent.text
    page = unescape((await connie.get(path)).text)
    assert "Sent back by Eddy:</b> Who <says> so?" in page
    assert 'value="Roof gone"' in page
    assert "Who &lt;says&gt; so?" in (await connie.get(f"/console/blogs/{slug}")).text


async def test_retracted_rows_keep_their_title_for_editors_only(
    server: Running, eddy: Client, connie: Client, slug: str
) -> None:
    entry = await server.post(slug, title="The mayor resigned", body="SECRETTEXT")
    await server.edit(entry, slug, title="The mayor has resigned")
    await server.retract(entry, slug)
    for path in (f"/console/blogs/{slug}", f"/console/blogs/{slug}/list"):
        page = (await eddy.get(path)).text
        assert "The mayor has resigned" in page
        assert "SECRETTEXT" not in page
        assert "mayor" not in (await connie.get(path)).text
    for path in (f"/live/{slug}", f"/live/{slug}/feed.rss", f"/live/{slug}/changes?after=0.0"):
        assert "mayor" not in (await server.anonymous.get(path)).text


async def test_retracting_a_draft_claims_no_note(server: Running, eddy: Client, slug: str) -> None:
    draft = await server.post(slug, title="Notes", status="draft")
    published = await server.post(slug, title="News")
    path = f"/console/blogs/{slug}/entries/{draft['id']}/retract"
    page = (await eddy.get(path)).text
    assert "never published" in page
    assert "note stays" not in page
    done = await eddy.post(path, data={"revision": "1"})
    assert "Readers never saw it." in done.text
    assert "Undo" in done.text
    assert "note stays" in (
        await eddy.get(f"/console/blogs/{slug}/entries/{published['id']}/retract")
    ).text


async def test_closing_a_blog_warns_of_what_is_scheduled(server: Running, eddy: Client, slug: str) -> None:
    planned = (datetime.now(UTC) + timedelta(hours=3)).isoformat()
    await server.post(slug, title="The late edition", status="scheduled", publish_at=planned)
    path = f"/console/blogs/{slug}/furniture"
    page = (await eddy.get(path)).text
    assert "Still scheduled (1)" in page
    assert "The late edition" in page
    form = {"headline": "Storm", "language": "en", "time_zone": "Europe/Berlin", "status": "closed",
            "revision": hidden(page, "revision"), "do": "save"}
    closed = (await eddy.post(path, data=form)).text
    assert "Blog closed." in closed
    held = closed[closed.index('id="held"') : closed.index('id="waiting"')]
    assert "The late edition" in held
    assert "Still scheduled (1)" in held
    assert 'id="held" aria-labelledby="held-title" hidden' not in closed


async def test_the_lists_are_answered_304_until_something_changes(
    server: Running, connie: Client, slug: str
) -> None:
    await server.post(slug, title="One")
    first = await connie.get(f"/console/blogs/{slug}/list")
    tag = {"If-None-Match": first.headers["etag"]}
    assert (await connie.get(f"/console/blogs/{slug}/list", headers=tag)).status_code == 304
    await server.post(slug, title="Two")
    again = await connie.get(f"/console/blogs/{slug}/list", headers=tag)
    assert again.status_code == 200
    assert "Two" in again.text


async def test_a_session_that_ended_keeps_a_rows_button_and_its_revision(server: Running, slug: str) -> None:
    entry = await server.post(slug, title="One")
    path = f"/console/blogs/{slug}/entries/{entry['id']}/mark?revision=1"
    async with httpx2.AsyncClient(base_url=server.url, headers={"Accept": "text/html"}, timeout=60) as client:
        answer = await client.post(path, data={"do": "pin", "body": "Half a story"})
    assert answer.status_code == 401
    assert f'action="{path}"' in answer.text
    assert "Half a story" in answer.text
    assert f'href="/console/login?next=%2Fconsole%2Fblogs%2F{slug}"' in answer.text
