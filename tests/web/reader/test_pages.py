"""The pages for readers over HTTP: complete without scripts, stable, and without retracted text."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin
from xml.etree import ElementTree as Xml

import pytest
from PIL import Image

from server.domain.change import FeedKey
from server.web.reader import pages
from tests.support.app import Running, running

pytestmark = pytest.mark.anyio

SECRET = "the witness from Harbour Lane"
HOSTILE = "</script><script>alert(1)</script> & \"quotes\" <img src=//x onerror=alert(2)> ]]> \u2028"


@pytest.fixture(scope="module")
async def server(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running(tmp_path_factory.mktemp("pages")) as started:
        yield started


async def page(server: Running, path: str) -> str:
    answer = await server.anonymous.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


def numbers(html: str) -> list[int]:
    return [int(n) for n in re.findall(r'<article class="[^"]*" [^>]*data-number="(\d+)"', html)]


def structured(html: str) -> dict[str, Any]:
    found = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)
    assert len(found) == 1
    data: dict[str, Any] = json.loads(found[0])
    return data


async def test_pages_do_not_shift_while_the_blog_grows(server: Running) -> None:
    await server.blog("long")
    made = [await server.post("long") for _ in range(45)]
    first = await page(server, "/live/long")
    assert numbers(first) == list(range(45, 20, -1))
    assert '<link rel="next" href="/live/long?before=21">' in first
    older = await page(server, "/live/long?before=21")
    assert numbers(older) == list(range(20, 0, -1))
    assert '<link rel="prev" href="/live/long">' in older
    assert 'rel="next"' not in older
    assert f'<link rel="canonical" href="{server.url}/live/long?before=21">' in older
    for _ in range(20):
        await server.post("long")
    assert numbers(await page(server, "/live/long?before=21")) == numbers(older)
    assert '<link rel="prev" href="/live/long?before=41">' in await page(server, "/live/long?before=21")
    found = await server.anonymous.get(f"/live/long?entry={made[4]['id']}")
    assert found.status_code == 302
    assert found.headers["location"] == f"/live/long?before=21#entry-{made[4]['id']}"
    for wrong in ("22", "x", "-1", "0", "99999"):
        assert (await server.anonymous.get(f"/live/long?before={wrong}")).status_code == 404


async def test_pages_have_structured_data(server: Running) -> None:
    await server.blog("machines", byline="Ines Faro", standfirst="A storm, as it happens.")
    entry = await server.post("machines", title="First ferry", body="It left at *seven*.")
    html = await page(server, "/live/machines")
    data = structured(html)
    address = f"{server.url}/live/machines"
    assert (data["@type"], data["url"], data["inLanguage"]) == ("LiveBlogPosting", address, "en")
    assert {"headline", "datePublished", "dateModified", "coverageStartTime", "author"} <= data.keys()
    assert data["publisher"]["logo"]["url"].startswith(server.url)
    (update,) = data["liveBlogUpdate"]
    assert (update["@type"], update["headline"]) == ("BlogPosting", "First ferry")
    assert (update["url"], update["articleBody"]) == (f"{address}/entries/{entry['id']}", "It left at seven.")
    assert f'<meta property="og:url" content="{address}">' in html
    assert f'<link rel="canonical" href="{address}">' in html
    answer = await server.http.patch(
        "/api/v1/blogs/machines", json={"status": "closed"}, headers={"If-Match": "*"}
    )
    assert answer.status_code == 200
    assert "coverageEndTime" in structured(await page(server, "/live/machines"))
    alone = structured(await page(server, f"/live/machines/entries/{entry['id']}"))
    assert (alone["@type"], alone["datePublished"]) == ("BlogPosting", update["datePublished"])


async def test_structured_data_names_publisher_and_authors_once(server: Running) -> None:
    byline = {"name": "Ines Faro", "role": "Reporter"}
    await server.blog("once", bylines=[byline])
    for n in range(25):
        await server.post("once", title=f"Report {n}", body="The wall gives way. " * 25, bylines=[byline])
    await server.post("once", title="Elsewhere", bylines=[byline | {"role": "Editor"}])
    data = structured(await page(server, "/live/once"))
    (author,) = data["author"]
    assert (author["@type"], author["name"], author["jobTitle"]) == ("Person", "Ines Faro", "Reporter")
    updates = data["liveBlogUpdate"]
    assert [u["headline"] for u in updates] == ["Elsewhere", *(f"Report {n}" for n in range(24, 13, -1))]
    assert updates[0]["author"] == [{"@type": "Person", "name": "Ines Faro", "jobTitle": "Editor"}]
    assert {json.dumps(u["author"]) for u in updates[1:]} == {json.dumps([{"@id": author["@id"]}])}
    assert {json.dumps(u["publisher"]) for u in updates} == {json.dumps({"@id": data["publisher"]["@id"]})}
    assert all(len(u["articleBody"]) <= 161 for u in updates)


async def test_the_first_html_is_within_its_budget(server: Running) -> None:
    """Thirty updates of 75 words each with a byline, every fifth a key event, and seven key developments."""
    words = "The harbour wall is under water and the promenade is closed to everybody, the police say. "
    people = [{"name": "Ines Faro", "role": "Reporter", "place": "Port Ness"}]
    await server.blog("first-html", bylines=people, standfirst=words * 2, key_developments=[words] * 7)
    for n in range(30):
        title = f"The harbour wall gives way, {n} houses are cut off from the town"
        body = f"{words * 2}\n\n{words * 3}"
        await server.post("first-html", title=title, body=body, bylines=people, key=n % 5 == 0)
    answer = await server.anonymous.get("/live/first-html", headers={"Accept-Encoding": "identity"})
    assert numbers(answer.text) == list(range(30, 0, -1))
    assert len(answer.content) <= 60_000


async def test_what_has_no_picture_is_shared_with_a_card(server: Running) -> None:
    await server.blog("cards", headline="Storm reaches the coast")
    entry = await server.post("cards", title="العاصفة تصل إلى 3 بلدات", language="ar")
    for address in ("/live/cards", f"/live/cards/entries/{entry['id']}"):
        html = await page(server, address)
        (image,) = re.findall(r'<meta property="og:image" content="([^"]+)">', html)
        assert image.startswith(f"{server.url}{address}/card.png?v=")
        assert '<meta property="og:image:width" content="1200">' in html
        assert '<meta name="twitter:card" content="summary_large_image">' in html
        assert structured(html)["image"] == [image]
        answer = await server.anonymous.get(image)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
        with Image.open(io.BytesIO(answer.content)) as card:
            assert card.size == (1200, 630)
        again = await server.anonymous.get(image, headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    await server.edit(entry, "cards", title="هدوء")
    assert (await server.anonymous.get(f"{address}/card.png")).content != answer.content
    await server.retract(entry, "cards")
    assert (await server.anonymous.get(f"{address}/card.png")).status_code == 410
    assert (await server.anonymous.get("/live/nothing/card.png")).status_code == 404


async def test_a_search_is_not_repeated_for_a_page_that_the_client_has(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    await server.blog("search")
    await server.post("search", title="Ferries stop")
    etag = (await server.anonymous.get("/live/search?q=ferries")).headers["etag"]

    async def never(*_: Any, **__: Any) -> Any:
        raise AssertionError("searched again")

    with monkeypatch.context() as without:
        without.setattr(pages, "take", never)
        again = await server.anonymous.get("/live/search?q=ferries", headers={"If-None-Match": etag})
        assert (again.status_code, again.headers["etag"]) == (304, etag)
    await server.post("search", title="Ferries run")
    changed = await server.anonymous.get("/live/search?q=ferries", headers={"If-None-Match": etag})
    assert changed.status_code == 200 and "Ferries run" in changed.text


async def test_hostile_text_is_escaped(server: Running) -> None:
    words = HOSTILE.replace("\u2028", "")
    await server.blog("hostile", headline=words, standfirst=words, byline=words, key_developments=[words],
                      related=[{"title": words, "url": "https://example.org/"}])
    entry = await server.post("hostile", title=words, body=words, byline=words, key=True)
    for path in ("/", "/live/hostile", f"/live/hostile/entries/{entry['id']}"):
        html = await page(server, path)
        assert "<script>alert" not in html
        assert "<img src=//x" not in html
    assert structured(await page(server, "/live/hostile"))["headline"].startswith("</script><script>")
    for feed in ("rss", "atom"):
        Xml.fromstring(await page(server, f"/live/hostile/feed.{feed}"))


async def test_a_draft_is_not_public_anywhere(server: Running) -> None:
    await server.blog("draft", status="draft", headline="Not yet for anybody")
    for path in ("/live/draft", "/live/draft/feed.rss", "/live/draft/feed.atom", "/live/draft/feed.json"):
        assert (await server.anonymous.get(path)).status_code == 404
    assert "Not yet for anybody" not in await page(server, "/")


async def test_a_retracted_entry_is_not_public_anywhere(server: Running) -> None:
    await server.blog("leak")
    old = await server.post("leak", title=SECRET, body=SECRET, key=True)
    for _ in range(44):
        await server.post("leak")
    new = await server.post("leak", title=SECRET, body=SECRET, key=True, pinned=True)
    places = ["/live/leak", "/live/leak?before=21", *(f"/live/leak/feed.{f}" for f in ("rss", "atom", "json"))]
    before = {path: await server.anonymous.get(path) for path in places}
    assert all(SECRET in answer.text for answer in before.values())
    for entry in (old, new):
        await server.retract(entry, "leak")
    for path, answer in before.items():
        now = await server.anonymous.get(path, headers={"If-None-Match": answer.headers["etag"]})
        assert (now.status_code, SECRET in now.text) == (200, False), path
    for entry in (old, new):
        gone = await server.anonymous.get(f"/live/leak/entries/{entry['id']}")
        assert (gone.status_code, SECRET in gone.text) == (410, False)
        assert "This update has been retracted." in gone.text
        found = await server.anonymous.get(f"/live/leak?entry={entry['id']}")
        assert found.status_code == 302 and SECRET not in found.text
    assert numbers(await page(server, "/live/leak"))[0] == 46, "the tombstone keeps the place"


@pytest.mark.parametrize("path", ["", "/feed.rss", "/feed.atom", "/feed.json"])
async def test_conditional_requests(server: Running, path: str) -> None:
    slug = "etag" + path.replace("/feed.", "-")
    await server.blog(slug)
    first = await server.anonymous.get(f"/live/{slug}{path}")
    again = await server.anonymous.get(
        f"/live/{slug}{path}", headers={"If-None-Match": first.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    await server.post(slug)
    changed = await server.anonymous.get(
        f"/live/{slug}{path}", headers={"If-None-Match": first.headers["etag"]}
    )
    assert changed.status_code == 200 and changed.headers["etag"] != first.headers["etag"]


async def test_budgets(server: Running) -> None:
    await server.blog("budget")
    for _ in range(39):
        await server.post("budget", title="A report of the usual length", body="Water in the streets. " * 12)
    html = await page(server, "/live/budget")
    assert len(gzip.compress(html.encode())) <= 60_000
    (style,) = re.findall(r'<link rel="stylesheet" href="([^"]+)"', html)
    assert len(gzip.compress((await page(server, style)).encode())) <= 12_000
    scripts = await _with_imports(server, re.findall(r'<script type="module" src="([^"]+)"', html))
    assert {"main.js", "furniture.js", "shared_connection.js"} <= {Path(url).name for url in scripts}
    assert sum(len(gzip.compress(script.encode())) for script in scripts.values()) <= 15_000


async def test_budget_of_the_script_for_other_sites(server: Running) -> None:
    answer = await server.anonymous.get("/embed.js")
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "import(" not in answer.text, "no bundle: run tools/bundle.sh"
    assert len(gzip.compress(answer.content)) <= 11_000
    unchanged = {"If-None-Match": answer.headers["etag"]}
    assert (await server.anonymous.get("/embed.js", headers=unchanged)).status_code == 304
    await server.blog("style")
    (style,) = re.findall(r'<link rel="stylesheet" href="([^"]+)"', await page(server, "/live/style/component"))
    assert len(gzip.compress((await page(server, style)).encode())) <= 9_000


async def _with_imports(server: Running, urls: list[str]) -> dict[str, str]:
    """These scripts and all that they load, by URL."""
    found: dict[str, str] = {}
    while urls:
        url = urls.pop()
        if url not in found:
            found[url] = await page(server, url)
            urls += [urljoin(url, name) for name in re.findall(r'["`](\./[\w-]+\.js)["`]', found[url])]
    return found


async def test_a_burst_renders_once(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    await server.blog("burst")
    rendered: list[str] = []
    render = pages.render

    def counted(site: Any, snapshot: Any, base: str) -> str:
        rendered.append(str(snapshot.position))
        return render(site, snapshot, base)

    monkeypatch.setattr(pages, "render", counted)
    answers = await asyncio.gather(*(server.anonymous.get("/live/burst") for _ in range(20)))
    assert len({a.headers["etag"] for a in answers}) == 1
    assert len(rendered) == 1
    await server.post("burst", title="News")
    assert "News" in await page(server, "/live/burst")
    assert len(rendered) == 2


async def test_a_page_that_was_seen_needs_no_database(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    blog = await server.blog("warm")
    key = FeedKey(blog["id"], "public")
    await page(server, "/live/warm")
    feed = await server.site.hub.open(key)  # the view has begun to open it
    feed.idle_since = 0.0
    asked: list[str] = []
    public_blog = pages.public_blog

    async def counted(connection: Any, slug: str) -> Any:
        asked.append(slug)
        return await public_blog(connection, slug)

    monkeypatch.setattr(pages, "public_blog", counted)
    with monkeypatch.context() as without:
        without.setattr(server.site.database, "read", None)
        await page(server, "/live/warm")
    assert not asked
    await server.site.hub._sweep()
    assert server.site.hub.feeds.get(key) is feed, "a view counts as a listener that left just now"
    await server.post("warm", title="News")
    assert "News" in await page(server, "/live/warm")
    assert asked


async def test_words_run_in_their_own_direction(server: Running) -> None:
    """A text in another direction than its blog's is set in its own; a name turns nothing around it."""
    await server.blog("sea", headline="Storm", byline="נועה", key_developments=["عاصفة"])
    blocks = [{"type": "quote", "html": "عاصفة", "cite": "מנהל"}]
    entry = await server.post("sea", title="عاصفة", body="عاصفة", blocks=blocks, byline="נועה", key=True)
    page = (await server.anonymous.get("/live/sea")).text
    for element in (
        f'<h3 class="entry__title" id="title-{entry["id"]}" dir="auto">عاصفة</h3>',
        '<div class="prose" dir="auto"><p>عاصفة</p></div>',
        '<figure class="quote" dir="auto"><blockquote>', "<bdi>מנהל</bdi>",
        '<bdi class="byline__name">נועה</bdi>',
        '<h1 class="head__headline" dir="auto">', '<li dir="auto">عاصفة</li>',
        '<bdi dir="auto">عاصفة</bdi></a>',
    ):
        assert element in page, element


async def test_every_update_is_found_in_a_list_of_headings_and_of_articles(server: Running) -> None:
    """By its title, or else by its time."""
    await server.blog("named")
    titled = (await server.post("named", title="Storm", breaking=True, key=True))["id"]
    plain = (await server.post("named"))["id"]
    found = await page(server, "/live/named")
    assert f' aria-labelledby="title-{titled}">' in found
    labels = re.search(r'<p class="entry__labels">(.*?)</p>', found, re.DOTALL)
    assert labels is not None
    assert re.sub("<[^>]*>", "", labels[1]).split() == ["Breaking", "Key", "event"]
    time = f'<div class="entry__when" id="when-{plain}" role="heading" aria-level="3">'
    assert f' aria-labelledby="when-{plain}">{time}' in found


async def test_a_stampede_of_reloads_renders_a_page_once(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a reset everybody who reads loads the page afresh."""
    await server.blog("stampede")
    await server.post("stampede")
    rendered, render = [], pages.render
    monkeypatch.setattr(pages, "render", lambda *given: rendered.append(1) or render(*given))
    found = await asyncio.gather(*(server.anonymous.get("/live/stampede") for _ in range(60)))
    assert len({answer.text for answer in found}) == 1
    assert {answer.status_code for answer in found} == {200}
    assert len(rendered) == 1


async def test_pinned_entries_stand_in_their_order(server: Running) -> None:
    await server.blog("pins")
    made = [await server.post("pins", title=f"Pin {n}", pinned=True) for n in range(4)]
    await server.post("pins", title="News")
    assert numbers(await page(server, "/live/pins")) == [4, 3, 2, 1, 5], "the newest first"
    await server.edit(made[3], "pins", pin_order=2)
    edited = await server.edit(made[0], "pins", pin_order=1)
    assert (edited["pin_order"], edited["edited_at"]) == (1, None), "readers do not call that edited"
    html = await page(server, "/live/pins")
    assert numbers(html) == [3, 2, 1, 4, 5]
    assert numbers(await page(server, "/live/pins?q=pin")) == [3, 2, 1, 4]
    assert html.index('class="pins"') < html.index("data-entries")
    for wrong in (-1, 100, 1.5, "1", True):
        answer = await server.http.patch(
            f"/api/v1/blogs/pins/entries/{made[0]['id']}", json={"pin_order": wrong}, headers={"If-Match": "*"}
        )
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["label"] == "Order among pinned"
