"""A blog for other sites: the framed page and its policy, and oEmbed data in both forms."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html import unescape
from xml.etree import ElementTree as Xml

import pytest

from tests.support.app import Running, running

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def server(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    ancestors = "https://www.example.org,https://*.example.net"
    async with running(tmp_path_factory.mktemp("embedded"), frame_ancestors=ancestors) as started:
        await started.blog(headline='Storm "Ada" <b>')
        await started.post(title="First & last")
        yield started


async def test_the_frame_has_the_blog_and_may_be_framed_by_the_named(server: Running) -> None:
    answer = await server.anonymous.get("/live/storm/embed")
    assert answer.status_code == 200
    assert "First &amp; last" in answer.text
    assert 'class="masthead"' not in answer.text
    assert f'<link rel="canonical" href="{server.url}/live/storm">' in answer.text
    policy = answer.headers["content-security-policy"]
    assert "frame-ancestors 'self' https://www.example.org https://*.example.net;" in policy
    page = await server.anonymous.get("/live/storm")
    assert "frame-ancestors 'self';" in page.headers["content-security-policy"]
    assert (await server.anonymous.get("/live/nothing/embed")).status_code == 404


async def test_a_page_leads_to_its_data(server: Running) -> None:
    page = (await server.anonymous.get("/live/storm")).text
    found = re.search(r'type="application/json\+oembed" href="([^"]*)"', page)
    assert found is not None and found[1].startswith(f"{server.url}/oembed?"), "WordPress resolves no path"
    data = (await server.anonymous.get(unescape(found[1]))).json()
    assert (data["version"], data["type"], data["title"]) == ("1.0", "rich", 'Storm "Ada" <b>')
    assert f'<iframe src="{server.url}/live/storm/embed" width="680" height="800"' in data["html"]
    assert "Storm &#34;Ada&#34; &lt;b&gt;" in data["html"]


async def test_data_as_xml_in_the_size_that_fits(server: Running) -> None:
    query = {"url": f"{server.url}/live/storm", "format": "xml", "maxwidth": "400", "maxheight": "9"}
    answer = await server.anonymous.get("/oembed", params=query)
    assert answer.headers["content-type"].startswith("text/xml")
    root = Xml.fromstring(answer.text)
    assert (root.tag, root.findtext("width"), root.findtext("height")) == ("oembed", "400", "200")
    assert answer.headers["access-control-allow-origin"] == "*"


async def test_an_entry_has_a_frame_of_its_own(server: Running) -> None:
    entry = (await server.http.get("/api/v1/blogs/storm/entries")).json()["entries"][0]
    url = f"{server.url}/live/storm/entries/{entry['id']}"
    data = (await server.anonymous.get("/oembed", params={"url": url})).json()
    assert (data["type"], data["title"], data["height"]) == ("rich", "First & last", 400)
    assert f'<iframe src="{url}/embed" width="680" height="400"' in data["html"]
    answer = await server.anonymous.get(f"{url}/embed")
    assert "First &amp; last" in answer.text and f'<link rel="canonical" href="{url}">' in answer.text
    assert "frame-ancestors 'self' https://www.example.org" in answer.headers["content-security-policy"]
    assert (await server.anonymous.get("/live/storm/entries/nothing/embed")).status_code == 404


async def test_a_frame_has_as_much_as_it_is_asked_for(server: Running) -> None:
    await server.blog("parts", topics=["Rescue"])
    titles = [f"Entry {n}" for n in range(4)]
    for n, title in enumerate(titles):
        await server.post("parts", title=title, key=n == 1, topics=["Rescue"] if n == 2 else [])
    shown = {
        "": titles[::-1], "?limit=2": titles[:1:-1], "?order=oldest&limit=3": titles[:3], "?key=1": [titles[1]],
        "?topic=rescue": [titles[2]],
    }
    for kind in ("embed", "component"):
        for query, expected in shown.items():
            page = (await server.anonymous.get(f"/live/parts/{kind}{query}")).text
            assert re.findall(r"<h3 [^>]*>(Entry \d)</h3>", page) == expected, (kind, query)
        for query in ("limit=0", "limit=40", "limit=x", "limit=²"):
            assert (await server.anonymous.get(f"/live/parts/{kind}?{query}")).status_code == 422
        assert (await server.anonymous.get(f"/live/parts/{kind}?topic=nothing")).status_code == 404


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({}, 404), ({"url": "https://evil.example/live/storm"}, 404), ({"url": "{}/live/nothing"}, 404),
        ({"url": "{}/console"}, 404), ({"url": "http://["}, 404), ({"url": "{}/live/storm/entries/x"}, 404),
        ({"url": "{}/live/storm", "format": "yaml"}, 422), ({"url": "{}/live/storm", "maxwidth": "x"}, 422),
    ],
)  # fmt: skip
async def test_anything_else_is_refused(server: Running, query: dict[str, str], status: int) -> None:
    given = {name: value.replace("{}", server.url) for name, value in query.items()}
    assert (await server.anonymous.get("/oembed", params=given)).status_code == status
