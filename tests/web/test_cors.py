"""What scripts of other sites may read and send, in every kind of answer, and what they never may."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from server.domain.permissions import SYSTEM
from server.newsroom import people
from server.web.api.route_table import OPERATIONS, PREFIX
from tests.support.app import Running, running

pytestmark = pytest.mark.anyio

ELSEWHERE = {"Origin": "https://elsewhere.example"}
FEEDS = [f"/live/storm/feed.{form}" for form in ("rss", "atom", "json")]
SHARED = [*FEEDS, "/live/storm/changes", "/api/v1/blogs", "/api/v1/blogs/storm", "/api/v1/openapi.json"]
ALONE = ["/", "/live/storm", "/console", "/healthz", "/robots.txt"]


@pytest.fixture(scope="module")
async def server(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running(tmp_path_factory.mktemp("cors")) as started:
        await started.blog()
        await started.post()
        yield started


def listed(answer: httpx2.Response, name: str) -> set[str]:
    return {part.strip().lower() for part in answer.headers.get(name, "").split(",")}


def readable(answer: httpx2.Response) -> bool:
    """Whether a browser lets a script of another site read this, and its headers."""
    origins = answer.headers.get_list("access-control-allow-origin")
    assert origins in ([], ["*"]), "two of them are none to a browser"
    assert "access-control-allow-credentials" not in answer.headers
    if not origins:
        return False
    return {"etag", "location", "retry-after"} <= listed(answer, "access-control-expose-headers")


def preflight(method: str, *names: str) -> dict[str, str]:
    return ELSEWHERE | {
        "Access-Control-Request-Method": method, "Access-Control-Request-Headers": ", ".join(names)
    }


def allows(answer: httpx2.Response, method: str, *names: str) -> bool:
    """Fetch Standard §4.9: the preflight is successful, and names the method and each header."""
    return (
        answer.is_success and answer.headers.get("access-control-allow-origin") == "*"
        and method.lower() in listed(answer, "access-control-allow-methods")
        and {n.lower() for n in names} <= listed(answer, "access-control-allow-headers")
    )


@pytest.mark.parametrize("path", SHARED)
async def test_what_is_public_may_be_read(server: Running, path: str) -> None:
    for headers in (ELSEWHERE, {}):
        answer = await server.anonymous.get(path, headers=headers)
        assert answer.status_code == 200 and readable(answer), "alike with and without Origin: caches keep one"
    assert readable(await server.anonymous.head(path, headers=ELSEWHERE))
    if etag := answer.headers.get("etag"):
        again = await server.anonymous.get(path, headers=ELSEWHERE | {"If-None-Match": etag})
        assert again.status_code == 304 and readable(again)


@pytest.mark.parametrize("path", ALONE)
async def test_pages_are_not_shared(server: Running, path: str) -> None:
    assert not readable(await server.anonymous.get(path, headers=ELSEWHERE))
    answer = await server.anonymous.request("OPTIONS", path, headers=preflight("GET", "Authorization"))
    assert not allows(answer, "GET")


@pytest.mark.parametrize(("method", "path", "status"), [
    ("GET", "/api/v1/blogs/nothing", 404),
    ("GET", "/api/v1/nothing", 404),
    ("GET", "/api/v1/blogs?limit=x", 422),
    ("GET", "/api/v1/users", 401),
    ("POST", "/api/v1/blogs", 403),
    ("GET", "/live/nothing/feed.rss", 404),
    ("GET", "/live/nothing/changes", 404),
    ("GET", "/live/storm/changes?view=x", 422),
    ("GET", "/live/nothing/stream", 404),
    ("GET", "/live/storm/stream?feed=x", 422),
    ("GET", "/live/storm/stream?feed=newsroom", 401),
    ("POST", "/live/storm/feed.rss", 403),
    ("GET", "/api/v1/blogs/%01", 400),
])
async def test_errors_may_be_read(server: Running, method: str, path: str, status: int) -> None:
    answer = await server.anonymous.request(method, path, headers=ELSEWHERE)
    assert (answer.status_code, readable(answer)) == (status, True)


async def test_a_wrong_method_may_be_read(server: Running) -> None:
    for path in ("/api/v1/blogs", "/live/storm/feed.rss"):
        answer = await server.http.put(path, headers=ELSEWHERE)
        assert (answer.status_code, readable(answer)) == (405, True)


async def test_our_own_mistakes_may_be_read(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("planted")

    monkeypatch.setattr("server.web.api.request_parsing.limit_of", fail)
    answer = await server.anonymous.get("/api/v1/blogs", headers=ELSEWHERE)
    assert answer.status_code == 500 and readable(answer)


async def test_streams_may_be_read(server: Running) -> None:
    path = "/live/storm/stream"
    for headers in (ELSEWHERE, ELSEWHERE | {"Accept-Encoding": "gzip"}):
        async with asyncio.timeout(10), server.anonymous.stream("GET", path, headers=headers) as answer:
            assert answer.status_code == 200
            assert answer.headers.get_list("access-control-allow-origin") == ["*"]
            assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.name)
async def test_every_operation_answers_its_preflight(server: Running, operation: Any) -> None:
    path = PREFIX + operation.path.replace("{slug}", "storm").replace("{id}", "a" * 16)
    names = ["authorization", "content-type", "idempotency-key", "if-match"]
    answer = await server.anonymous.request("OPTIONS", path, headers=preflight(operation.method, *names))
    assert allows(answer, operation.method, *names)


@pytest.mark.parametrize("path", [*FEEDS, "/live/storm/changes", "/live/storm/stream", "/live/nothing/changes"])
async def test_every_feed_answers_its_preflight(server: Running, path: str) -> None:
    answer = await server.anonymous.request("OPTIONS", path, headers=preflight("GET", "Last-Event-ID"))
    assert allows(answer, "GET", "Last-Event-ID", "Authorization")
    assert not allows(answer, "POST")


async def test_options_that_is_no_preflight_says_what_is_allowed(server: Running) -> None:
    answer = await server.anonymous.request("OPTIONS", "/api/v1/blogs", headers=ELSEWHERE)
    assert answer.status_code == 204 and listed(answer, "allow") == {"get", "head", "options", "post"}


async def test_a_token_writes_from_another_site(server: Running) -> None:
    path = "/api/v1/blogs/storm/entries"
    headers = ELSEWHERE | {"Sec-Fetch-Site": "cross-site", "Idempotency-Key": "from-elsewhere"}
    answer = await server.http.post(path, json={"body": "Rain"}, headers=headers)
    assert answer.status_code == 201 and readable(answer)
    stale = await server.http.patch(
        answer.headers["location"], json={"title": "x"}, headers=ELSEWHERE | {"If-Match": '"9"'}
    )
    assert stale.status_code == 412 and readable(stale)


async def test_a_cookie_does_nothing_from_another_site(server: Running) -> None:
    await people.create_user(server.desk, SYSTEM, "ada", password="a long enough password", role="admin")
    async with httpx2.AsyncClient(base_url=server.url, timeout=60) as client:
        log_in = {"username": "ada", "password": "a long enough password"}
        assert (await client.post("/api/v1/session", json=log_in)).status_code == 201
        answer = await client.get("/api/v1/session", headers=ELSEWHERE)
        assert answer.status_code == 200 and "access-control-allow-credentials" not in answer.headers
        refused = await client.post(
            "/api/v1/blogs/storm/entries", json={"body": "Rain"}, headers=ELSEWHERE
        )
        assert refused.status_code == 403 and refused.json()["code"] == "cross_site" and readable(refused)


async def test_a_request_that_is_too_large_may_be_read(tmp_path: Path) -> None:
    async with running(tmp_path, max_body_bytes=1024) as small:
        await small.blog()
        answer = await small.http.post("/api/v1/blogs", json={"slug": "x" * 2000}, headers=ELSEWHERE)
        assert answer.status_code == 413 and readable(answer)
