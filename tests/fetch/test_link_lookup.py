"""What is found about links, over real sockets: oEmbed data, pages, pictures, and whatever else comes back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from server.domain.providers import Provider, Providers
from server.fetch import page_head
from server.fetch.client import FetchClient
from server.fetch.link_lookup import Lookup, of_data
from server.fetch.preview import Preview
from tests.support.origin import OtherSite, answer, other_site

pytestmark = pytest.mark.anyio
PNG = b"\x89PNG"


@dataclass
class Looking:
    site: OtherSite
    lookup: Lookup

    def url(self, path: str, host: str = "news.example") -> str:
        return f"http://{host}:{self.site.port}{path}"

    async def of(self, path: str, host: str = "news.example") -> Preview | None:
        return await self.lookup.of(self.url(path, host))


def lookup_of(site: OtherSite, **chosen: Any) -> Lookup:
    """Looks up links on this site: `tube.example` is a provider with an endpoint, `closed.example` without."""
    client = FetchClient(resolve=site.resolve, permitted=lambda a: True, ports=lambda s, p: True)
    table = (
        Provider("Tube", ("tube.example",), f"http://tube.example:{site.port}/oembed", "player.example", ()),
        Provider("Closed", ("closed.example",), "", "player.example", ()),
    )
    return Lookup(client, Providers(table=table), **chosen)


@pytest.fixture
async def looking() -> AsyncIterator[Looking]:
    async with other_site() as site:
        yield Looking(site, lookup_of(site))


def data(**fields: Any) -> bytes:
    return answer(json.dumps(fields).encode(), kind="application/json")


async def test_a_provider_is_asked_for_its_data(looking: Looking) -> None:
    picture = looking.url("/thumb.png", "cdn.example")
    looking.site.answers["/oembed"] = data(
        version="1.0",
        type="video",
        title="Storm",
        author_name="Ada",
        provider_name="Evil",
        thumbnail_url=picture,
        html="<iframe src='https://evil.example'></iframe>",
    )
    looking.site.answers["/thumb.png"] = answer(PNG, kind="image/png")
    found = await looking.of("/watch?v=1&x", "tube.example")
    assert found == Preview(
        "Storm", "Tube", "Ada", html="<iframe src='https://evil.example'></iframe>", image=PNG
    )
    asked = f"/oembed?format=json&url=http%3A%2F%2Ftube.example%3A{looking.site.port}%2Fwatch%3Fv%3D1%26x"
    assert looking.site.paths == [asked, "/thumb.png"]


@pytest.mark.parametrize(
    ("status", "gone"),
    [
        ("401 No", True),
        ("403 No", True),
        ("404 No", True),
        ("410 No", True),
        ("429 Slow", False),
        ("500 No", False),
    ],
)
async def test_a_private_or_missing_target_is_told_apart_from_an_error(
    looking: Looking, status: str, gone: bool
) -> None:
    looking.site.answers["/oembed"] = answer(b"", status=status)
    found = await looking.of("/watch", "tube.example")
    assert found == (Preview(provider="Tube", gone=True) if gone else None)


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b"[" * 100_000, b"\xff", b'"x"'])
async def test_data_that_is_none_is_nothing(body: bytes) -> None:
    assert of_data(body, "Tube") == (None, "")


async def test_fields_of_other_types_are_left_out() -> None:
    body = json.dumps({"title": ["x"], "author_name": 3, "thumbnail_url": {}, "html": "x" * 99_999}).encode()
    found, picture = of_data(body, "Tube")
    assert found is not None
    assert (found.title, found.author, picture, len(found.html)) == ("", "", "", 20_000)


async def test_a_provider_that_needs_a_token_is_not_asked(looking: Looking) -> None:
    assert await looking.of("/p/1", "closed.example") is None
    assert looking.site.connections == 0


async def test_a_page_says_what_it_is(looking: Looking) -> None:
    looking.site.answers["/story"] = answer(
        b"""<!doctype html><html><head><title>Title &amp; more | Site</title>
        <meta property="og:title" content="Storm &quot;Ada&quot; &gt; coast">
        <META NAME='Description' CONTENT='not this'><meta property=og:description content="Rain,
          wind"><meta property="og:site_name" content="The Courier"><meta property="og:image" content="/p.png">
        </head><body><meta property="og:title" content="no">""",
        "Content-Type: text/html",
    )
    looking.site.answers["/p.png"] = answer(PNG, kind="image/png")
    assert await looking.of("/story") == Preview(
        'Storm "Ada" > coast', "The Courier", description="Rain, wind", image=PNG
    )


async def test_a_page_without_open_graph_has_its_title(looking: Looking) -> None:
    looking.site.answers["/story"] = answer(
        "<title>Sturm\n über</title>".encode("latin-1"), kind="text/html; charset=ISO-8859-1"
    )
    assert await looking.of("/story") == Preview("Sturm über")


@pytest.mark.parametrize(
    "given",
    [
        answer(b"<p>no title"),
        answer(b"%PDF", kind="application/pdf"),
        answer(b"", status="500 No"),
        b"garbage",
        answer(b"<title></title>"),
    ],
)
async def test_a_page_that_says_nothing_has_no_preview(looking: Looking, given: bytes) -> None:
    looking.site.answers["/story"] = given
    assert await looking.of("/story") is None


async def test_a_missing_page_is_gone(looking: Looking) -> None:
    assert await looking.of("/nothing") == Preview(gone=True)


@pytest.mark.parametrize(
    "picture", ["/missing.png", "/page.html", "http://[", "file:///etc/passwd", "//", "javascript:alert(1)"]
)
async def test_words_are_kept_without_the_picture(looking: Looking, picture: str) -> None:
    looking.site.answers["/page.html"] = answer(b"<p>")
    looking.site.answers["/story"] = answer(
        f'<title>A</title><meta name="og:image" content="{picture}">'.encode()
    )
    assert await looking.of("/story") == Preview("A")


async def test_a_late_picture_is_not_waited_for(looking: Looking) -> None:
    async def never(head: str, writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    looking.site.answers["/story"] = answer(b'<title>A</title><meta name="og:image" content="/p.png">')
    looking.site.answers["/p.png"] = never
    hurried = lookup_of(looking.site, seconds=0.5)
    assert await hurried.of(looking.url("/story")) == Preview("A")
    looking.site.answers["/story"] = never
    assert await lookup_of(looking.site, seconds=0.1).of(looking.url("/story")) is None


async def test_a_video_file_is_not_looked_at(looking: Looking) -> None:
    assert await looking.of("/a.mp4") is None
    assert looking.site.connections == 0


async def test_private_sites_are_not_looked_at() -> None:
    async with other_site() as site:
        guarded = Lookup(FetchClient(ports=lambda s, p: True), Providers())
        for host in ("127.0.0.1", "localhost", "[::1]"):
            assert await guarded.of(f"http://{host}:{site.port}/") is None
        assert site.connections == 0


@pytest.mark.parametrize(
    "hostile",
    ["<meta " * 87_000, '<meta "' * 74_000, "<meta content='" * 34_000, "<meta a=" * 60_000, "<title>" * 70_000,
     "<!--" * 130_000, "<meta " + "/" * 500_000, "<meta " + "a " * 250_000, "&#" * 250_000,
     "<meta name='a' content='" + "&" * 500_000],
    ids=range(10),
)  # fmt: skip
def test_reading_a_page_is_linear(hostile: str) -> None:
    """A reader whose time grows with the square of these would not come to an end."""
    assert set(page_head.read(hostile)) <= {"title", "a"}


@pytest.mark.parametrize(
    ("body", "charset", "text"),
    [
        ("ü".encode(), "", "ü"),
        ("ü".encode("latin-1"), "iso-8859-1", "ü"),
        (b"\xff", "utf-8", "\ufffd"),
        (b'<meta charset="windows-1251">\xcf', "", '<meta charset="windows-1251">П'),
        (b"AAAA", "punycode", "AAAA"),
        (b"78", "hex", "78"),
        (b"a", "unicode_escape", "a"),
        (b"a", "utf-16\x00", "a"),
    ],
)
def test_only_encodings_of_pages_are_used(body: bytes, charset: str, text: str) -> None:
    assert page_head.decode(body, charset) == text
