"""Nothing moves and nothing stops while updates arrive: layout shift, long tasks, what plays and is focused."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.support.app import Running
from tests.support.browser import until, visit
from tests.support.reading import measured, opened, shows, storm, titles

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

WORK = """
  window.tasks = [];
  const original = window.setTimeout.bind(window);
  window.setTimeout = (call, ...rest) => original(() => {
    const calls = window.reads = { count: 0 };
    call();
    if (calls.count) tasks.push(calls.count);
  }, ...rest);
  const own = Node.prototype.insertBefore;
  Element.prototype.insertBefore = function (node, next) {
    if (window.reads && node.localName === "article") window.reads.count += 1;
    return own.call(this, node, next);
  };
"""
"""Init script: how many entries each task put on the page, in `tasks`. A clock would measure other tests."""


async def _patch(server: Running, slug: str, **fields: Any) -> None:
    answer = await server.http.patch(f"/api/v1/blogs/{slug}", json=fields, headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.text


async def _painted(page: Page) -> None:
    await page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")


async def _scroll(page: Page, by: int) -> None:
    await page.evaluate(f"scrollBy({{ top: {by}, behavior: 'instant' }})")
    await _painted(page)


async def _revision(page: Page, entry: dict[str, Any]) -> None:
    await expect(page.locator(f"#entry-{entry['id']}")).to_have_attribute(
        "data-revision", str(entry["revision"])
    )


@pytest.mark.parametrize("width", [390, 1280])
async def test_nothing_shifts_while_the_reader_scrolls(
    server: Running, browser: Browser, jpeg: bytes, width: int
) -> None:
    slug, made = await storm(server, 16)
    media = await server.http.post("/api/v1/media", files={"file": ("hill.jpg", jpeg, "image/jpeg")})
    picture = {"type": "image", "media_id": media.json()["id"], "alt": "A hill"}
    async with visit(browser, viewport={"width": width, "height": 800}) as context:
        page = await measured(context, server, slug)
        await page.locator(f"#entry-{made[9]['id']}").scroll_into_view_if_needed()
        await _scroll(page, 300)
        above, here, below = made[14], made[8], made[3]
        await server.post(slug, blocks=[picture])
        await expect(page.locator("[data-pill]")).to_be_visible()
        await _revision(page, await server.edit(above, slug, body="Longer. " * 200))
        await _scroll(page, 120)
        await _revision(page, await server.edit(here, slug, pinned=True))
        await server.retract(below, slug)
        await expect(page.locator(f"#entry-{below['id']}")).to_have_attribute("data-gone", "")
        await server.retract(made[13], slug)
        await expect(page.locator(f"#entry-{made[13]['id']}")).to_have_attribute("data-gone", "")
        await _scroll(page, -240)
        await _revision(page, await server.edit(made[12], slug, blocks=[picture]))
        for _ in range(4):
            await _scroll(page, 350)
        await _patch(server, slug, headline="Storm reaches the coast, and the second line of the headline " * 2)
        await expect(page.locator("h1")).to_contain_text("second line")
        for _ in range(6):
            await _scroll(page, -300)
        await page.evaluate("Promise.all([...document.images].map(i => i.loading = 'eager', i => i.decode()))")
        await _painted(page)
        assert await page.evaluate("shifts") == []


async def test_a_change_of_the_head_leaves_a_reader_at_the_top_in_place(
    server: Running, browser: Browser
) -> None:
    slug, _ = await storm(server, 12)
    async with visit(browser, viewport={"width": 390, "height": 800}) as context:
        page = await measured(context, server, slug)
        first = page.locator("[data-entries] > article").first
        before = await first.bounding_box()
        for headline in ("Storm reaches the coast and the harbour wall is under water", "Storm"):
            await _patch(server, slug, headline=headline)
            await expect(page.locator("h1")).to_have_text(headline)
            after = await first.bounding_box()
            assert before and after and abs(after["y"] - before["y"]) < 1, headline
        await _painted(page)
        assert await page.evaluate("shifts") == []


async def _restyled(browser: Browser, page: Page, change: Callable[[], Awaitable[Any]]) -> int:
    """How many elements the browser computes styles of, because of a change, by its own trace."""
    await browser.start_tracing(page=page, categories=["devtools.timeline"])
    await change()
    await _painted(page)
    events = json.loads(await browser.stop_tracing())["traceEvents"]
    return sum(e["args"].get("elementCount", 0) for e in events if e["name"] == "UpdateLayoutTree")


async def test_fifty_updates_are_put_on_a_long_page_in_small_pieces(
    server: Running, browser: Browser
) -> None:
    slug, made = await storm(server, 3)
    async with visit(browser) as context:
        await context.add_init_script(WORK)
        page = await opened(context, server, slug)
        # a page with two thousand entries: those that there are, again and again
        await page.evaluate("""() => {
            const list = document.querySelector("[data-entries]");
            const all = [...list.children];
            for (let n = 0; list.children.length < 2000; n += 1) {
                const copy = all[n % all.length].cloneNode(true);
                copy.id = `entry-copy${n}`;
                Object.assign(copy.dataset, { id: `copy${n}`, number: String(-n) });
                list.append(copy);
            }
        }""")
        await page.evaluate("window.tasks = []; dispatchEvent(new Event('offline'))")
        await context.set_offline(True)
        await expect(page.locator("[data-connection-word]")).to_have_text("Reconnecting")
        for n in range(50):
            await server.post(slug, title=f"Report {n + 4}")
        await context.set_offline(False)
        await expect(page.locator("[data-entries] > article:not([hidden])")).to_have_count(2050, timeout=90_000)
        tasks = await page.evaluate("tasks")
        assert sum(tasks) >= 50
        # 8 ms of work for each, then the browser has its turn: a page this long takes several
        assert len(tasks) > 1
        assert (await titles(page))[:2] == ["Report 53", "Report 52"]
        await server.edit(made[0], slug, title="Report 1, corrected")
        await expect(page.locator(f"#entry-{made[0]['id']} h3")).to_have_text("Report 1, corrected")

        async def arrive() -> None:
            await server.post(slug, title="Report 54")
            await expect(page.locator("[data-entries] h3").first).to_have_text("Report 54")

        everything = await page.evaluate("document.querySelectorAll('*').length")
        assert await _restyled(browser, page, arrive) < 1000 < everything / 20


async def test_an_edit_that_would_move_what_is_read_waits(server: Running, browser: Browser) -> None:
    slug, made = await storm(server, 12)
    async with visit(browser) as context:
        page = await measured(context, server, slug)
        here, next_one = (page.locator(f"#entry-{made[n]['id']}") for n in (5, 4))
        held = page.get_by_role("button", name="Show edited version")
        await here.evaluate("article => article.scrollIntoView()")
        await _painted(page)
        before = await next_one.bounding_box()
        await _revision(page, await server.edit(made[5], slug, title="Report 6!"))
        await expect(held).to_have_count(0)  # of the same height: shown at once
        longer = await server.edit(made[5], slug, body="The wall holds. " * 60)
        await expect(here.locator(held)).to_be_visible()
        assert await next_one.bounding_box() == before and longer["revision"] == 3
        await server.edit(made[4], slug, body="A line more. " * 80)
        await expect(next_one.locator(held)).to_be_visible()
        await _painted(page)
        assert await page.evaluate("shifts") == []
        await here.locator(held).click()
        await _revision(page, longer)
        await expect(here).to_be_focused()
        await expect(here).to_contain_text("The wall holds.")
        await expect(held).to_have_count(1)
        await _scroll(page, -6000)
        await expect(next_one).to_contain_text("A line more.")  # out of view: shown
        await expect(held).to_have_count(0)
        await here.evaluate("article => article.scrollIntoView()")
        await _painted(page)
        await server.edit(made[5], slug, body="It gives way. " * 200)
        await expect(here.locator(held)).to_be_visible()
        await server.retract(made[5], slug)
        await expect(here).to_have_attribute("data-gone", "")  # never waits
        await expect(held).to_have_count(0)


async def test_an_edit_leaves_alone_what_it_does_not_change(server: Running, browser: Browser) -> None:
    slug, _ = await storm(server, 1)
    video = {"type": "video", "url": "https://video.example.org/storm.mp4", "title": "The wall"}
    quote = {"type": "quote", "html": "<p>We have never seen this.</p>", "cite": "A keeper"}
    text = {"type": "text", "html": "<p>First words.</p><p>Second words.</p>"}
    entry = await server.post(slug, title="Watch", blocks=[video, quote, text])
    async with visit(browser) as context:
        page = await opened(context, server, slug)
        await page.evaluate("""() => {
            const article = document.querySelector("article");
            const [video, share] = article.querySelectorAll("video, .entry__share");
            window.kept = { article, video, share };
            kept.video.currentTime = 3;
            kept.share.focus({ preventScroll: true });
            getSelection().selectAllChildren(article.querySelector(".quote p"));
        }""")
        changed = {"type": "text", "html": "<p>First words.</p><p>Second words, corrected.</p><p>Third.</p>"}
        await server.edit(entry, slug, title="Watch, corrected", blocks=[video, quote, changed])
        await expect(page.locator("article").first).to_contain_text("Third.")
        kept = await page.evaluate("""() => [
            document.querySelector("article") === kept.article, kept.video.isConnected, kept.video.currentTime,
            document.activeElement === kept.share, getSelection().toString(),
        ]""")
        assert kept == [True, True, 3, True, "We have never seen this."]
        await page.locator(".quote p").click()
        await _patch(server, slug, key_developments=[f"Development {n}" for n in range(7)])
        fold = page.locator(".developments details")
        await fold.evaluate_all("all => all.forEach(one => { one.open = true })")
        await _patch(server, slug, key_developments=[f"Development {n}" for n in range(1, 9)])
        await expect(page.locator(".developments")).to_contain_text("Development 8")
        assert await fold.evaluate_all("all => all.every(one => one.open)")


async def test_a_pin_waits_until_it_is_out_of_view(server: Running, browser: Browser) -> None:
    slug, made = await storm(server, 12)
    async with visit(browser) as context:
        page = await opened(context, server, slug)
        here = page.locator(f"#entry-{made[4]['id']}")
        await here.evaluate("article => article.scrollIntoView()")
        await _painted(page)
        await _revision(page, await server.edit(made[4], slug, pinned=True))
        assert (await titles(page))[0] == "Report 12", "it stays where it is read"
        await page.evaluate("scrollTo(0, 0)")

        async def moved() -> bool:
            return (await titles(page))[0] == "Report 5"

        await until(moved)


async def test_the_pill_names_breaking_news_and_leads_to_the_first_unseen(
    server: Running, browser: Browser
) -> None:
    slug, made = await storm(server, 12)
    await server.edit(made[0], slug, pinned=True)
    async with visit(browser, reduced_motion="reduce") as context:
        page = await opened(context, server, slug)
        await page.locator(f"#entry-{made[2]['id']}").scroll_into_view_if_needed()
        await _scroll(page, 100)
        await server.post(slug, title="Report 13")
        news = await server.post(slug, title="Lighthouse falls", breaking=True)
        pill = page.locator("[data-pill]")
        await expect(pill).to_have_text("Breaking: Lighthouse falls · 2 new updates")
        await pill.click()
        await expect(page.locator(f"#entry-{news['id']}")).to_be_focused()
        await expect(page.locator(f"#entry-{news['id']}")).to_be_in_viewport()


async def test_filtered_pages_and_their_links_follow_the_blog(server: Running, browser: Browser) -> None:
    slug, made = await storm(server, 3, topics=["Ferries"])
    await server.edit(made[0], slug, key=True, topics=["Ferries"])
    async with visit(browser) as context:
        key = await opened(context, server, slug, "?key=1")
        topic = await opened(context, server, slug, "?topic=ferries")
        found = await opened(context, server, slug, "?q=harbour+lighthouse")
        await server.post(slug, title="Nothing of the kind")
        await server.edit(made[1], slug, key=True, topics=["Ferries"])
        await server.post(slug, title="The lighthouse at the harbour", key=True)
        await server.edit(made[0], slug, key=False, topics=[])
        await topic.bring_to_front()
        await expect(topic.locator("h3")).to_have_text(["Report 2", "Report 1"])  # it stays while it is in view
        for page, wanted in (
            (key, ["The lighthouse at the harbour", "Report 2"]),
            (topic, ["Report 2"]),
            (found, ["The lighthouse at the harbour"]),
        ):
            await page.bring_to_front()
            await page.set_viewport_size({"width": 1100, "height": 60})
            await page.evaluate("scrollTo(0, 0); dispatchEvent(new Event('scrollend'))")
            await page.set_viewport_size({"width": 1100, "height": 1400})
            await shows(page, *wanted)
        await _patch(server, slug, topics=["Schools", "Ferries"])
        links = topic.locator("[data-part=topics] a")
        await expect(links).to_have_text(["All updates", "Key events", "Schools", "Ferries"])
        await expect(topic.locator("[data-part=topics] [aria-current]")).to_have_text("Ferries")
        await key.bring_to_front()
        await expect(key.locator("[data-part=topics] [aria-current]")).to_have_text("Key events")


async def test_a_closed_blog_has_no_pause(server: Running, browser: Browser) -> None:
    slug, _ = await storm(server, 1)
    async with visit(browser) as context:
        page = await opened(context, server, slug)
        await expect(page.locator("[data-pause]")).to_be_visible()
        await _patch(server, slug, status="closed", closing_summary="It is over.")
        state = page.locator("[data-connection]")
        for _ in range(2):
            await expect(state).to_have_attribute("data-state", "closed")
            await expect(page.locator("[data-pause]")).to_be_hidden()
            await expect(page.locator("[data-closing]")).to_contain_text("It is over.")
            await expect(page.locator("[data-ended]")).to_be_visible()
            await page.reload()
