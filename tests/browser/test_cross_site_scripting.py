"""Nothing that somebody types runs anywhere: each payload in every input, by the API, the plain console and
the editor, on every page that shows it. The policy of the pages is off (`bypass_csp`), so that only what was
written is judged, and not what the policy would have stopped."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator
from typing import Any
from xml.etree import ElementTree

import pytest
from playwright.async_api import Browser, BrowserContext, Page

from server.domain.permissions import SYSTEM
from server.newsroom import people
from tests.support.app import Running
from tests.support.browser import open_details, until, visit
from tests.support.console import at_work, hire, log_in
from tests.support.payloads import PAYLOADS

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

SLUG = "scripting"
TITLE = 290
"""Characters of a payload that every field of one line takes."""
RUNNING = """(() => {
  const bad = [...document.querySelectorAll("*")].filter((one) => [...one.attributes].some(({ name, value }) =>
    /^on/i.test(name)
      || /^\\s*(javascript|vbscript|data:text)/i.test(value) && /href|src|action|data/.test(name)));
  return bad.map((one) => one.outerHTML.slice(0, 200));
})()"""
"""Elements of a page that would run something."""


@pytest.fixture(scope="module", autouse=True)
async def written(server: Running, jpeg: bytes) -> list[str]:
    """An entry for each payload, with it in every field, and a blog, bylines and people called so."""
    await hire(server)
    found = []
    made = await server.http.post(
        "/api/v1/media",
        files={"file": ("<img src=x onerror=alert(0)>.jpg", jpeg)},
        data={
            "alt": PAYLOADS[10],
            "caption": PAYLOADS[1],
            "credit": PAYLOADS[11],
        },
    )
    picture = made.json()["id"]
    all_in_one = " ".join(PAYLOADS)
    # a picture that cannot be loaded is refused
    summary = " ".join(payload for payload in PAYLOADS if not re.search(r"(?i)src=|!\[", payload))
    blog = await server.http.post(
        "/api/v1/blogs",
        json={
            "slug": SLUG,
            "headline": PAYLOADS[1],
            "standfirst": all_in_one[:1900],
            "status": "live",
            "key_developments": [p[:TITLE] for p in PAYLOADS[:30]],
            "topics": [PAYLOADS[0], PAYLOADS[8]],
            "related": [{"title": PAYLOADS[2], "url": "https://example.org/?a=%3Cscript%3E&b=1"}],
            "closing_summary": summary[:1900],
            "byline": PAYLOADS[11],
        },
    )
    assert blog.status_code == 201, blog.text
    loadable = [re.sub(r"src=[x`]+", "src=https://example.org/x.png", payload) for payload in PAYLOADS]
    for payload in dict.fromkeys([*PAYLOADS, *loadable]):
        blocks: list[dict[str, Any]] = [
            {"type": "text", "html": f"<p>{payload}</p>"},
            {"type": "quote", "html": f"Said {payload}", "cite": payload[:TITLE]},
            {
                "type": "image",
                "media_id": picture,
                "alt": payload,
                "caption": payload,
                "credit": payload[:TITLE],
            },
            {"type": "text", "markdown": payload},
        ]
        bylines = [{"name": payload[:100], "role": payload[:100], "place": payload[:100]}]
        answer = await server.http.post(
            f"/api/v1/blogs/{SLUG}/entries",
            json={
                "title": payload[:TITLE],
                "blocks": blocks,
                "bylines": bylines,
                "key": True,
                "topics": [PAYLOADS[0]],
            },
        )
        assert answer.status_code == 201 or "others cannot load" in answer.text, answer.text
        if answer.status_code == 201:
            found.append(answer.json()["id"])
    await people.create_user(
        server.desk, SYSTEM, "mallory", password="a long enough password", name=PAYLOADS[1], role="editor"
    )
    return found


@contextlib.asynccontextmanager
async def watched(context: BrowserContext) -> AsyncIterator[tuple[Page, list[str]]]:
    """A page, and every dialog that opened on it: each payload opens one where it runs."""
    ran: list[str] = []
    page = await context.new_page()

    async def opened(dialog: Any) -> None:
        ran.append(f"{page.url}: {dialog.message}")
        await dialog.dismiss()

    page.on("dialog", opened)
    yield page, ran
    ran += [f"{page.url}: {one}" for one in await page.evaluate(RUNNING)]


async def test_no_payload_runs_on_the_pages_of_readers(
    server: Running, browser: Browser, written: list[str]
) -> None:
    paths = [
        f"/live/{SLUG}",
        f"/live/{SLUG}?order=oldest",
        f"/live/{SLUG}?q=%22%3E%3Csvg%20onload%3Dalert(0)%3E",
        "/",
        f"/live/{SLUG}/embed",
        *(f"/live/{SLUG}/entries/{id_}" for id_ in written[:3]),
        f"/live/{SLUG}/entries/{written[0]}/embed",
        f"/live/{SLUG}/entries/{written[0]}/history",
        "/live/%3Cscript%3Ealert(0)%3C%2Fscript%3E",
    ]
    async with visit(browser, base_url=server.url, bypass_csp=True) as context:
        found: list[str] = []
        for path in paths:
            async with watched(context) as (page, ran):
                await page.goto(path)
                await open_details(page)
            found += ran
            await page.close()
        assert found == []


async def test_no_payload_runs_in_the_html_of_feeds(
    server: Running, browser: Browser, written: list[str]
) -> None:
    rss = ElementTree.fromstring((await server.anonymous.get(f"/live/{SLUG}/feed.rss")).content)
    # that of the channel is plain text
    html = "".join(item.findtext("description") or "" for item in rss.iter("item"))
    changes = (await server.anonymous.get(f"/live/{SLUG}/feed.json")).json()
    html += "".join(item["content_html"] for item in changes["items"])
    assert len(changes["items"]) > 10
    async with (
        visit(browser, base_url=server.url, bypass_csp=True) as context,
        watched(context) as (page, ran),
    ):
        await page.goto("/robots.txt")
        await page.evaluate("(html) => document.body.insertAdjacentHTML('beforeend', html)", html)
    assert ran == []


async def test_no_payload_runs_in_the_console(server: Running, browser: Browser, written: list[str]) -> None:
    async with at_work(browser, server, "ada", plain=False, bypass_csp=True) as context:
        found: list[str] = []
        base = f"/console/blogs/{SLUG}"
        for path in (
            base,
            f"{base}?q=%22%3E%3Cscript%3Ealert(0)%3C/script%3E",
            f"{base}/furniture",
            "/console",
            "/console/pictures",
            "/console/bylines",
            "/console/users",
            "/console/log",
            f"{base}/entries/{written[0]}",
            f"{base}/entries/{written[5]}",
            f"{base}/entries/{written[0]}/revisions",
            f"{base}/entries/{written[0]}/retract",
            "/console/login?next=/console/%22%3E%3Csvg%20onload%3Dalert(0)%3E",
        ):
            async with watched(context) as (page, ran):
                await page.goto(path)
                if "entries" in path or path == base:
                    await open_details(page)
            found += ran
            await page.close()
        assert found == []


async def test_no_payload_runs_that_is_typed_or_pasted_into_the_editor(
    server: Running, browser: Browser, written: list[str]
) -> None:
    async with (
        at_work(browser, server, "eddy", plain=False, bypass_csp=True) as context,
        watched(context) as (page, ran),
    ):
        await page.goto(f"/console/blogs/{SLUG}")
        words = page.locator("#words")
        await words.wait_for()
        for kind in ("text/html", "text/plain"):
            await words.evaluate(
                """(words, [kind, payloads]) => {
              for (const payload of payloads) {
                const data = new DataTransfer();
                data.setData(kind, payload);
                const made = { clipboardData: data, bubbles: true, cancelable: true };
                words.dispatchEvent(new ClipboardEvent("paste", made));
              }
            }""",
                [kind, list(PAYLOADS)],
            )
        await page.fill("#title", PAYLOADS[1])
        await words.press_sequentially("x <img src=x onerror=alert(0)>")
        await page.get_by_role("button", name="Preview").click()
        await page.locator("#preview").wait_for()
        await page.reload()  # the draft comes back
        await until(lambda: _has(page, "img src=x"), what="the draft")
    assert ran == []


async def test_no_payload_runs_that_is_sent_with_the_plain_form(server: Running, browser: Browser) -> None:
    async with visit(browser, base_url=server.url, bypass_csp=True, java_script_enabled=True) as context:
        page = await context.new_page()
        await log_in(page, "mallory")
        await page.close()
        async with watched(context) as (page, ran):
            await page.goto("/console")
            token = context.request
            for payload in PAYLOADS[::6]:
                answer = await token.post(
                    f"/console/blogs/{SLUG}",
                    form={
                        "title": payload[:TITLE],
                        "body": payload,
                        "byline": payload,
                        "byline_parts": payload,
                        "video_url": payload,
                        "embed_url": payload,
                        "publish_at": payload,
                        "language": payload,
                        "do": "publish",
                    },
                    headers={"Origin": server.url},
                )
                await page.set_content(await answer.text())
        assert ran == []


async def _has(page: Page, words: str) -> bool:
    return words in await page.locator("#words").inner_text()
