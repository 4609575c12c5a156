"""RSS, Atom and JSON Feed as others' software reads them: valid, absolute, and in step with what is shown."""

from __future__ import annotations

import io
import itertools
import json
import re
from collections.abc import AsyncIterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as Xml

import feedparser  # type: ignore[import-untyped]
import pytest
from PIL import Image

from server.web.render import direction
from tests.support.app import Running, running
from tests.web.reader.test_pages import page, structured

pytestmark = pytest.mark.anyio

ATOM = "{http://www.w3.org/2005/Atom}"
DC = "{http://purl.org/dc/elements/1.1/}"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
FORMS = ("rss", "atom", "json")
ADDRESS = re.compile(r'(?:href|src|poster|cite)="([^"]*)"')
RELATIVE = (
    '<p><a href="/live/other">a</a> <a href="#x">b</a> <a href="?q=1">c</a> '
    '<a href="//cdn.example.org/">d</a></p>'
)
PEOPLE = [
    {"name": "Ada & Co", "role": "Editor", "place": "Rome", "url": "https://example.org/ada?a=1&b=2"}, "Bea <b>"
]


@pytest.fixture(scope="module")
async def server(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running(tmp_path_factory.mktemp("feeds")) as started:
        yield started


async def feed(server: Running, slug: str, form: str) -> str:
    return await page(server, f"/live/{slug}/feed.{form}")


async def parsed(server: Running, slug: str, form: str) -> Any:
    found = feedparser.parse(await feed(server, slug, form))
    assert not found.bozo, found.get("bozo_exception")
    return found


async def modified(server: Running, slug: str) -> list[datetime]:
    """The moment that each feed, and the page, says it was last changed."""
    rss = Xml.fromstring(await feed(server, slug, "rss")).findtext("channel/lastBuildDate")
    atom = Xml.fromstring(await feed(server, slug, "atom")).findtext(f"{ATOM}updated")
    assert rss and atom
    in_page = structured(await page(server, f"/live/{slug}"))["dateModified"]
    return [parsedate_to_datetime(rss), datetime.fromisoformat(atom), datetime.fromisoformat(in_page)]


async def picture(server: Running, colour: str = "navy") -> str:
    out = io.BytesIO()
    Image.new("RGB", (60, 40), colour).save(out, "PNG")
    answer = await server.http.post("/api/v1/media", files={"file": ("a.png", out.getvalue(), "image/png")})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def full(server: Running, slug: str) -> dict[str, Any]:
    """A blog with everything in it that a feed can tell."""
    media = await picture(server)
    await server.blog(slug, standfirst="As it happens", topics=["Weather"], bylines=[
        {"name": f"Desk of {slug}", "url": "https://example.org/desk", "picture": media}, f"Second of {slug}"
    ])
    blocks = [
        {"type": "text", "html": RELATIVE},
        {"type": "quote", "html": RELATIVE, "cite": "A <b>"},
        {"type": "image", "media_id": media, "alt": 'A "ship"', "caption": "<Ship>"},
        {"type": "video", "url": "https://example.org/v.mp4?a=1&b=2", "title": "V"},
    ]
    return await server.post(
        slug, body="", title="Harbour open", bylines=PEOPLE, topics=["Weather"], language="ar", blocks=blocks
    )


@pytest.mark.parametrize("form", FORMS)
async def test_every_address_is_absolute(server: Running, form: str) -> None:
    slug = f"absolute-{form}"
    entry = await full(server, slug)
    text = await feed(server, slug, form)
    if form == "json":
        data = json.loads(text)
        content = data["items"][0]["content_html"]
        item = data["items"][0]
        told = [data["home_page_url"], data["feed_url"], item["url"], item["image"]]
        told += [a[k] for a in data["authors"] + item["authors"] for k in ("url", "avatar") if k in a]
        assert data["authors"][0]["avatar"].startswith(f"{server.url}/media/")
    else:
        root = Xml.fromstring(text)
        where = "channel/item/description" if form == "rss" else f"{ATOM}entry/{ATOM}content"
        content = root.findtext(where) or ""
        told = [e.get("href", "") for e in root.iter(f"{ATOM}link")] + [e.text or "" for e in root.iter("link")]
        told += [e.text or "" for e in root.iter(f"{ATOM}uri")]
        assert told
    inside = [a.replace("&amp;", "&") for a in ADDRESS.findall(content)]
    blog = f"{server.url}/live/{slug}"
    for wanted in (f"{server.url}/live/other", f"{blog}#x", f"{blog}?q=1", "http://cdn.example.org/"):
        assert inside.count(wanted) == 2, (wanted, inside)
    assert any(a.startswith(f"{server.url}/media/") for a in inside)
    for address in [*told, *inside]:
        assert urlsplit(address).scheme in ("http", "https") and urlsplit(address).netloc, address
    assert f"{blog}/entries/{entry['id']}" in told


async def test_pictures_of_bylines_are_there_for_readers(server: Running) -> None:
    await full(server, "faces")
    avatar = json.loads(await feed(server, "faces", "json"))["authors"][0]["avatar"]
    assert (await server.anonymous.get(avatar)).status_code == 200
    hidden = await picture(server, "maroon")
    await server.blog("unseen", status="draft", bylines=[{"name": "Nobody yet", "picture": hidden}])
    assert (await server.anonymous.get(f"/media/{hidden}/full")).status_code == 404


async def test_each_byline_is_a_person(server: Running) -> None:
    entry = await full(server, "people")
    root = Xml.fromstring(await feed(server, "people", "rss"))
    assert [e.text for e in root.findall(f"channel/item/{DC}creator")] == ["Ada & Co", "Bea <b>"]
    assert [e.text for e in root.findall(f"channel/{DC}creator")] == ["Desk of people", "Second of people"]
    assert root.find("channel/item/author") is None, "RSS asks for a mail address there"
    atom = Xml.fromstring(await feed(server, "people", "atom"))
    authors = atom.findall(f"{ATOM}entry/{ATOM}author")
    assert [(a.findtext(f"{ATOM}name"), a.findtext(f"{ATOM}uri")) for a in authors] == [
        ("Ada & Co", "https://example.org/ada?a=1&b=2"), ("Bea <b>", None)
    ]
    item = json.loads(await feed(server, "people", "json"))["items"][0]
    assert item["authors"] == [
        {"name": "Ada & Co", "url": "https://example.org/ada?a=1&b=2"}, {"name": "Bea <b>"}
    ]
    html = await page(server, f"/live/people/entries/{entry['id']}")
    data = structured(html)
    assert [{k: v for k, v in author.items() if k != "@id"} for author in data["author"]] == [
        {"@type": "Person", "name": "Ada & Co", "jobTitle": "Editor", "url": "https://example.org/ada?a=1&b=2"},
        {"@type": "Person", "name": "Bea <b>"},
    ]
    assert data["locationCreated"] == [{"@type": "Place", "name": "Rome"}]
    blog = structured(await page(server, "/live/people"))
    assert [a["name"] for a in blog["author"]] == ["Desk of people", "Second of people"]
    assert blog["author"][0]["image"].startswith(f"{server.url}/media/")
    assert "Bea &lt;b&gt;" in html and 'href="https://example.org/ada?a=1&amp;b=2"' in html


async def test_no_byline_names_nobody(server: Running) -> None:
    await server.blog("nobody")
    entry = await server.post("nobody", title="News")
    assert Xml.fromstring(await feed(server, "nobody", "rss")).findall(f".//{DC}creator") == []
    assert "authors" not in json.loads(await feed(server, "nobody", "json"))["items"][0]
    told = [await page(server, "/live/nobody"), *[await feed(server, "nobody", form) for form in FORMS]]
    token = (await server.http.get("/api/v1/session")).json()["name"]
    assert entry["byline"] == "" and not any(token in text for text in told)
    author = structured(told[0])["liveBlogUpdate"][0]["author"]
    assert author == [{"@id": structured(told[0])["publisher"]["@id"]}]


async def test_language_of_an_entry(server: Running) -> None:
    entry = await full(server, "tongues")
    await server.post("tongues", title="Plain", body="English", key=True)
    key = await server.post("tongues", title="عاجل", body="خبر", language="ar", key=True)
    html = await page(server, "/live/tongues")
    assert html.count(' lang="ar" dir="rtl">عاجل<') == 2, "the title of the entry and of the key event"
    assert '<div class="prose" lang="ar" dir="rtl">' in html
    assert re.search(r'<h3 class="entry__title" id="title-\w+" dir="auto">Plain<', html)
    alone = await page(server, f"/live/tongues/entries/{entry['id']}")
    assert '<html lang="en" dir="ltr"' in alone and 'lang="ar" dir="rtl"' in alone
    assert structured(alone)["inLanguage"] == "ar"
    assert '<meta property="og:locale" content="ar_EG">' in alone
    atom = Xml.fromstring(await feed(server, "tongues", "atom"))
    assert [e.get(LANG) for e in (atom, *atom.findall(f"{ATOM}entry"))] == ["en", "ar", None, "ar"]
    rss = Xml.fromstring(await feed(server, "tongues", "rss"))
    assert [e.findtext(f"{DC}language") for e in rss.findall("channel/item")] == ["ar", None, "ar"]
    items = json.loads(await feed(server, "tongues", "json"))["items"]
    assert [i.get("language") for i in items] == ["ar", None, "ar"]
    seen = (await server.changes("tongues", after=await _start(server, "tongues")))["changes"]
    change = next(c for c in seen if c["id"] == key["id"])
    assert 'lang="ar" dir="rtl"' in change["html"] and 'lang="ar" dir="rtl"' in change["key_html"]


async def _start(server: Running, slug: str) -> str:
    position = (await server.changes(slug))["position"]
    return f"{position.partition('.')[0]}.0"


@pytest.mark.parametrize(("tag", "way"), [
    ("en", "ltr"), ("AR-EG", "rtl"), ("az-Arab", "rtl"), ("az-Latn-AZ", "ltr"), ("az", "ltr"), ("ku", "ltr"),
    ("ckb", "rtl"), ("pa-Arab-PK", "rtl"), ("he-IL", "rtl"), ("sr-Latn", "ltr"), ("ar-1994", "rtl"),
])
def test_direction_of_a_language(tag: str, way: str) -> None:
    assert direction(tag) == way


async def test_entries_in_the_blogs_own_language_say_nothing(server: Running) -> None:
    await server.blog("same", language="ar")
    await server.post("same", title="خبر", language="ar")
    assert ' lang="ar"' not in (await page(server, "/live/same")).partition('class="entries"')[2]


@pytest.mark.parametrize("retracted", ["first", "last", "pinned", "only"])
async def test_dates_never_go_back(server: Running, retracted: str) -> None:
    slug = f"dates-{retracted}"
    await server.blog(slug)
    made = [await server.post(slug, title="One", pinned=retracted == "pinned")]
    if retracted != "only":
        made += [await server.post(slug) for _ in range(60 if retracted == "pinned" else 2)]
    moments = [await modified(server, slug)]
    await server.retract(made[-1 if retracted == "last" else 0], slug)
    moments.append(await modified(server, slug))
    restored = f"/api/v1/blogs/{slug}/entries/{made[0]['id']}/restore"
    if retracted != "last":
        assert (await server.http.post(restored)).status_code == 200
        moments.append(await modified(server, slug))
    for earlier, later in itertools.pairwise(moments):
        # RSS counts in seconds
        assert later[0] >= earlier[0] and later[1] > earlier[1] and later[2] > earlier[2]


@pytest.mark.parametrize("form", FORMS[:2])
async def test_feeds_are_read_by_feedparser(server: Running, form: str) -> None:
    slug = f"parsed-{form}"
    entry = await full(server, slug)
    found = await parsed(server, slug, form)
    assert found.version == {"rss": "rss20", "atom": "atom10"}[form]
    assert found.feed.title == "Storm reaches the coast"
    assert found.feed.link == f"{server.url}/live/{slug}"
    assert found.feed.language == "en"
    (item,) = found.entries
    assert item.title == "Harbour open"
    assert item.link == f"{server.url}/live/{slug}/entries/{entry['id']}"
    assert item.published_parsed and item.id.startswith("tag:")
    assert [a.name for a in item.authors] == ["Ada & Co", "Bea <b>"]
    assert [t.term for t in item.tags] == ["Weather"]


async def test_atom_keeps_the_rules_of_rfc_4287(server: Running) -> None:
    await full(server, "rules")
    await server.post("rules", title="Second")
    root = Xml.fromstring(await feed(server, "rules", "atom"))
    for element in (root, *root.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            assert len(element.findall(ATOM + name)) == 1, (element, name)
        relations = [link.get("rel") for link in element.findall(f"{ATOM}link")]
        assert relations.count("alternate") == 1
    assert [link.get("rel") for link in root.findall(f"{ATOM}link")].count("self") == 1
    assert root.findall(f"{ATOM}author"), "entries without an author have the feed's"
    ids = [e.text for e in root.iter(f"{ATOM}id")]
    assert len(ids) == len(set(ids)) == 3


async def test_rss_keeps_its_rules(server: Running) -> None:
    await full(server, "channel")
    root = Xml.fromstring(await feed(server, "channel", "rss"))
    channel = root.find("channel")
    assert channel is not None and root.get("version") == "2.0"
    for name in ("title", "link", "description", "language", "lastBuildDate"):
        assert len(channel.findall(name)) == 1, name
    for date in [channel.findtext("lastBuildDate"), channel.findtext("item/pubDate")]:
        assert date is not None and re.fullmatch(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} [\d:]{8} GMT", date)


async def test_addresses_that_were_handed_out_keep_working(server: Running) -> None:
    await server.blog("handed")
    entry = await server.post("handed", title="First words", body="Since noon")
    address = f"/live/handed?entry={entry['id']}"

    async def followed() -> tuple[str, str]:
        answer = await server.anonymous.get(address)
        assert (answer.status_code, answer.headers["cache-control"]) == (302, "no-store")
        target, _, anchor = answer.headers["location"].partition("#")
        assert anchor == f"entry-{entry['id']}"
        html = await page(server, target)
        found = re.search(rf'<article [^>]*id="{anchor}".*?</article>', html, re.DOTALL)
        assert found, f"{target} does not show the entry"
        return target, found[0]

    assert "First words" in (await followed())[1]
    await server.edit(entry, "handed", title="Second words")
    assert "Second words" in (await followed())[1]
    targets = set()
    for _ in range(45):
        await server.post("handed")
        target, shown = await followed()
        targets.add(target)
        assert "Second words" in shown
    assert targets == {"/live/handed", "/live/handed?before=21"}
    await server.edit(entry, "handed", pinned=True)
    assert (await followed())[0] == "/live/handed"
    await server.retract(entry, "handed")
    target, shown = await followed()
    assert target == "/live/handed?before=21" and "data-gone" in shown and "words" not in shown
    alone = await server.anonymous.get(f"/live/handed/entries/{entry['id']}")
    assert alone.status_code == 410 and "data-gone" in alone.text
    for unknown in ("a" * 16, "", "x" * 300, "%F0%9F%98%80"):
        answer = await server.anonymous.get(f"/live/handed?entry={unknown}")
        assert answer.status_code in (200, 404), unknown


async def test_atom_has_what_rfc_4287_requires(server: Running) -> None:
    """Sections 4.1.1 and 4.1.2 (elements), 3.3 (dates), 4.2.6 and 4.2.7.2 (ids, relations)."""
    await full(server, "atomic")
    await server.blog("lonely")
    await server.post("lonely", title="Nobody’s")
    for slug in ("atomic", "lonely"):
        root = Xml.fromstring(await feed(server, slug, "atom"))
        assert root.tag == f"{ATOM}feed"
        parts = root.findall(f"{ATOM}entry")
        assert parts
        for part in (root, *parts):
            for name in ("id", "title", "updated"):
                (one,) = part.findall(f"{ATOM}{name}")
                assert one.text, name
            for date in (*part.findall(f"{ATOM}updated"), *part.findall(f"{ATOM}published")):
                assert datetime.fromisoformat(date.text or "").tzinfo is not None and "T" in (date.text or "")
            alternates = [link for link in part.findall(f"{ATOM}link") if link.get("rel") == "alternate"]
            assert len(alternates) == 1 and all(link.get("href") for link in part.findall(f"{ATOM}link"))
            assert all(author.findtext(f"{ATOM}name") for author in part.findall(f"{ATOM}author"))
        assert root.find(f"{ATOM}author") is not None or all(p.find(f"{ATOM}author") is not None for p in parts)
        (own,) = [link for link in root.findall(f"{ATOM}link") if link.get("rel") == "self"]
        assert own.get("href") == f"{server.url}/live/{slug}/feed.atom"
        ids = [part.findtext(f"{ATOM}id") for part in (root, *parts)]
        assert len(set(ids)) == len(ids) and all((found or "").startswith("tag:") for found in ids)
        for content in root.findall(f"{ATOM}entry/{ATOM}content"):
            assert content.get("type") == "html" and len(content) == 0


async def test_json_feed_has_what_version_1_1_requires(server: Running) -> None:
    await full(server, "jsonic")
    data = json.loads(await feed(server, "jsonic", "json"))
    assert data["version"] == "https://jsonfeed.org/version/1.1" and isinstance(data["title"], str)
    assert data["items"] and len({item["id"] for item in data["items"]}) == len(data["items"])
    for item in data["items"]:
        assert isinstance(item["id"], str) and isinstance(item["content_html"], str)
        assert datetime.fromisoformat(item["date_published"]).tzinfo is not None
        assert all(isinstance(author, dict) and author for author in item.get("authors", []))
