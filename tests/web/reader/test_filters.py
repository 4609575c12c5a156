"""Pages of a blog by topic, key events and search, and from the beginning: plain addresses that stay."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html import unescape

import pytest

from tests.support.app import Running, running

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def server(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running(tmp_path_factory.mktemp("filters")) as started:
        await started.blog("long", topics=["North West", "Köln", "C++"])
        for number in range(1, 46):
            topics = ["North West"] if number % 2 else ["Köln"]
            await started.post("long", body=f"Update no. {number}", topics=topics, key=number in (2, 40))
        yield started


async def page(server: Running, query: str) -> str:
    answer = await server.anonymous.get(f"/live/long{query}")
    assert answer.status_code == 200, answer.text
    return answer.text


def numbers(html: str) -> list[int]:
    return [int(n) for n in re.findall(r'<article class="[^"]*" [^>]*data-number="(\d+)"', html)]


def link(html: str, rel: str) -> str:
    found = re.search(rf'<link rel="{rel}" href="/live/long([^"]*)"', html)
    return unescape(found[1]) if found else "none"


async def test_a_topic_has_its_pages(server: Running) -> None:
    first = await page(server, "?topic=north-west")
    assert numbers(first) == list(range(45, 6, -2))
    assert (link(first, "prev"), link(first, "next")) == ("none", "?topic=north-west&before=7")
    second = await page(server, link(first, "next"))
    assert numbers(second) == [5, 3, 1]
    assert (link(second, "prev"), link(second, "next")) == ("?topic=north-west", "none")
    assert 'data-topic="north-west"' in first and 'data-topics="north-west"' in first
    assert "<title>North West – " in first and 'name="robots"' not in first
    assert f'rel="canonical" href="{server.url}/live/long?topic=north-west"' in first
    assert '<a href="/live/long?topic=north-west" aria-current="page">' in first
    for address in ("?topic=k%C3%B6ln", "?topic=c%2B%2B"):
        assert f'<a href="/live/long{address}">' in first
    assert numbers(await page(server, "?topic=k%C3%B6ln"))[0] == 44
    assert numbers(await page(server, "?topic=c%2B%2B")) == []


async def test_key_events_and_search(server: Running) -> None:
    assert numbers(await page(server, "?key=1")) == [40, 2]
    assert numbers(await page(server, "?key=1&order=oldest")) == [2, 40]
    html = await page(server, "?q=NO.+4")
    assert numbers(html) == [45, 44, 43, 42, 41, 40, 34, 24, 14, 4]
    assert '<meta name="robots" content="noindex">' in html and 'data-query="NO. 4"' in html
    assert numbers(await page(server, "?q=no.+4&topic=north-west")) == [45, 43, 41]
    assert "No updates found." in await page(server, "?q=%3Cscript%3E")
    assert numbers(await page(server, "?q=+")) == numbers(await page(server, ""))


async def test_from_the_beginning(server: Running) -> None:
    first = await page(server, "?order=oldest")
    assert numbers(first) == list(range(1, 21))
    second = await page(server, link(first, "next"))
    assert numbers(second) == list(range(21, 41))
    assert (link(second, "prev"), link(second, "next")) == ("?order=oldest", "?order=oldest&after=40")
    assert numbers(await page(server, "?order=oldest&after=40")) == list(range(41, 46))
    assert 'data-order="oldest"' in first and 'content="noindex"' in first


@pytest.mark.parametrize("query", [
    "?topic=elsewhere", "?key=0", "?key=", "?order=newest", "?before=0", "?after=20", "?order=oldest&after=7",
    "?order=oldest&after=60", "?order=oldest&before=20", "?topic=north-west&before=1", "?key=1&before=x",
])
async def test_nonsense_is_no_page(server: Running, query: str) -> None:
    assert (await server.anonymous.get(f"/live/long{query}")).status_code == 404


async def test_a_search_has_a_limit(server: Running) -> None:
    assert (await server.anonymous.get("/live/long", params={"q": "x" * 101})).status_code == 422


async def test_filtered_pages_follow_the_blog(server: Running) -> None:
    await server.blog("moving", topics=["Sea"])
    secret = await server.post("moving", body="The witness", topics=["Sea"], key=True)
    addresses = ["/live/moving?topic=sea", "/live/moving?key=1", "/live/moving?q=witness",
                 "/live/moving?order=oldest"]
    before = {}
    for address in addresses:
        before[address] = await server.anonymous.get(address)
        assert "The witness" in before[address].text
        same = await server.anonymous.get(address, headers={"If-None-Match": before[address].headers["etag"]})
        assert same.status_code == 304
    await server.retract(secret, "moving")
    for address in addresses:
        now = await server.anonymous.get(address, headers={"If-None-Match": before[address].headers["etag"]})
        assert (now.status_code, "The witness" in now.text) == (200, False), address
