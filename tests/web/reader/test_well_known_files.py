"""robots.txt, favicon.ico and the news sitemap, as search engines and browsers take them."""

from __future__ import annotations

import io
import urllib.robotparser
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pytest
from PIL import Image

from server.store.blogs import PublicBlog
from server.web.reader import well_known_files
from server.web.reader.structured_data import Publication
from tests.support.app import Running, running

pytestmark = pytest.mark.anyio

NS = {"s": well_known_files.SITEMAP, "n": well_known_files.NEWS}
NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
PAPER = Publication("The <Paper> & Co", "https://example.org", "/logo.png")


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path, site_name="The Paper") as started:
        yield started


async def listed(server: Running) -> dict[str, Any]:
    """What the sitemap says, by address."""
    answer = await server.anonymous.get("/sitemap.xml")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/xml")
    return urls(answer.text)


def urls(text: str) -> dict[str, Any]:
    root = Xml.fromstring(text)
    assert root.tag == f"{{{well_known_files.SITEMAP}}}urlset"
    return {url.findtext("s:loc", namespaces=NS) or "": url for url in root.findall("s:url", NS)}


def lastmod(url: Xml.Element) -> datetime:
    return datetime.fromisoformat(url.findtext("s:lastmod", namespaces=NS) or "")


def blog(number: int, **fields: Any) -> PublicBlog:
    return PublicBlog(**{"slug": f"b{number}", "headline": "H", "language": "en", "started_at": NOW,
                         "changed_at": NOW} | fields)


async def test_robots_may_read_pages_and_feeds_and_nothing_that_never_ends(server: Running) -> None:
    answer = await server.anonymous.get("/robots.txt")
    assert answer.headers["content-type"].startswith("text/plain")
    robots = urllib.robotparser.RobotFileParser()
    robots.parse(answer.text.splitlines())
    assert robots.site_maps() == [f"{server.url}/sitemap.xml"]
    for path in ("/", "/live/storm", "/live/storm?before=21", "/live/storm/feed.rss", "/media/a/full"):
        assert robots.can_fetch("*", server.url + path), path
    for path in ("/console", "/console/blogs/storm", "/api/v1/blogs"):
        assert not robots.can_fetch("*", server.url + path), path
    for ending in ("stream", "ws", "changes"):  # with a wildcard (RFC 9309 §2.2.3), which Python's parser lacks
        assert f"Disallow: /live/*/{ending}\n" in answer.text


async def test_favicon_is_an_icon_of_three_sizes(server: Running) -> None:
    answer = await server.anonymous.get("/favicon.ico")
    assert answer.headers["content-type"] == "image/vnd.microsoft.icon"
    assert "max-age" in answer.headers["cache-control"]
    icon = Image.open(io.BytesIO(answer.content))
    assert icon.format == "ICO"
    assert icon.info["sizes"] == set(well_known_files.ICON_SIZES)
    red, green, blue = icon.convert("RGB").getpixel((2, 2))  # type: ignore[misc]
    assert red > 150 and green < 60 and blue < 60, "it is the press red of the icon"


@pytest.mark.parametrize("path", ["/robots.txt", "/favicon.ico", "/sitemap.xml"])
async def test_what_is_known_is_not_sent_again(server: Running, path: str) -> None:
    first = await server.anonymous.get(path)
    again = await server.anonymous.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert (await server.anonymous.get(path, headers={"If-None-Match": '"other"'})).status_code == 200
    head = await server.anonymous.head(path)
    assert (head.status_code, head.headers["etag"], head.content) == (200, first.headers["etag"], b"")


async def test_sitemap_lists_public_blogs_alone(server: Running) -> None:
    await server.blog("storm", language="pt-PT", headline="Rain <&> wind")
    await server.blog("over", status="closed")
    await server.blog("draft", status="draft", headline="Not yet for anybody")
    found = await listed(server)
    assert set(found) == {f"{server.url}/live/{slug}" for slug in ("storm", "over")}
    url = found[f"{server.url}/live/storm"]
    told = {name: url.findtext(f".//n:{name}", namespaces=NS) for name in ("name", "language", "title")}
    assert told == {"name": "The Paper", "language": "pt", "title": "Rain <&> wind"}
    started = (await server.anonymous.get("/api/v1/blogs/storm")).json()["started_at"]
    assert url.findtext(".//n:publication_date", namespaces=NS) == started


async def test_lastmod_is_the_newest_change_that_readers_saw(server: Running) -> None:
    await server.blog("storm")
    await server.blog("calm")
    address = f"{server.url}/live/storm"
    calm = lastmod((await listed(server))[f"{server.url}/live/calm"])
    entry = await server.post()
    moments = [lastmod((await listed(server))[address])]
    assert moments[0] == datetime.fromisoformat(entry["published_at"])
    await server.post(status="draft")
    assert lastmod((await listed(server))[address]) == moments[0], "nobody saw the draft"
    await server.edit(entry, title="Second words")
    moments.append(lastmod((await listed(server))[address]))
    await server.retract(entry)
    moments.append(lastmod((await listed(server))[address]))
    edited = await server.http.patch("/api/v1/blogs/storm", json={"headline": "x"}, headers={"If-Match": "*"})
    assert edited.status_code == 200
    moments.append(lastmod((await listed(server))[address]))
    assert moments == sorted(set(moments))
    assert lastmod((await listed(server))[f"{server.url}/live/calm"]) == calm


def test_sitemap_keeps_to_the_limits() -> None:
    long = "ж&" * 150
    more = well_known_files.MAX_ADDRESSES + 5
    many = [blog(n, headline=long, slug=f"{n:05}" + "x" * 95) for n in range(more)]
    text = well_known_files.make_sitemap(PAPER, many, NOW)
    assert text.count("<loc>") == well_known_files.MAX_ADDRESSES
    assert text.count("<news:news>") == well_known_files.MAX_NEWS
    assert len(text.encode()) < 50 * 2**20


def test_only_what_began_in_the_last_two_days_is_news() -> None:
    old = blog(1, started_at=NOW - timedelta(days=2, seconds=1))
    both = [old, blog(2, started_at=NOW - timedelta(days=2))]
    found = urls(well_known_files.make_sitemap(PAPER, both, NOW))
    has_news = {loc: url.find("n:news", NS) is not None for loc, url in found.items()}
    assert has_news == {"https://example.org/live/b1": False, "https://example.org/live/b2": True}


@pytest.mark.parametrize(("tag", "code"), [
    ("en", "en"), ("pt-BR", "pt"), ("fil-PH", "fil"), ("zh", "zh-cn"), ("zh-Hans-SG", "zh-cn"),
    ("zh-Hant", "zh-tw"), ("zh-HK", "zh-tw"),
])
def test_languages_are_told_as_news_sitemaps_want_them(tag: str, code: str) -> None:
    (url,) = urls(well_known_files.make_sitemap(PAPER, [blog(1, language=tag)], NOW)).values()
    assert url.findtext(".//n:language", namespaces=NS) == code
    assert url.findtext(".//n:name", namespaces=NS) == PAPER.name
