"""CSRF: a page of another site must not act with a person's cookie. And what stands around each answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx2
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from server.auth.throttle import Throttle
from server.domain.permissions import SYSTEM
from server.newsroom import people
from server.web.authenticate import COOKIE, SECURE_COOKIE
from tests.support.app import Running, running

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse battery"
BODY = {"slug": "forged", "headline": "Forged"}


async def _cookie(server: Running, username: str) -> dict[str, str]:
    await people.create_user(server.desk, SYSTEM, username, password=PASSWORD, role="editor")
    secret, _ = await people.log_in(server.desk, username, PASSWORD, days=1)
    return {"Cookie": f"{COOKIE}={secret}"}


@pytest.mark.parametrize(
    ("headers", "passes"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "{own}"}, False),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "{own}.evil.example"}, False),
        ({"Origin": "http://127.0.0.1"}, False),
        ({"Origin": "{own}"}, True),
        ({}, True),
    ],
)
async def test_page_of_another_site_cannot_post(
    server: Running, headers: dict[str, str], passes: bool, request: pytest.FixtureRequest
) -> None:
    name = f"ann{request.node.callspec.indices['headers']}"
    sent = await _cookie(server, name) | {k: v.format(own=server.url) for k, v in headers.items()}
    body = BODY | {"slug": f"forged-{name}"}
    answer = await server.anonymous.post("/api/v1/blogs", json=body, headers=sent)
    assert answer.status_code == (201 if passes else 403), answer.text
    if not passes:
        assert answer.json()["code"] == "cross_site"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_every_unsafe_method_is_covered(server: Running, method: str) -> None:
    answer = await server.anonymous.request(
        method, "/api/v1/blogs/storm", headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")


async def test_page_of_another_site_cannot_log_somebody_in(server: Running) -> None:
    body = {"username": "ann", "password": PASSWORD}
    answer = await server.anonymous.post(
        "/api/v1/session", json=body, headers={"Origin": "https://evil.example"}
    )
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


async def test_a_token_passes_the_same_origin_check(server: Running) -> None:
    answer = await server.http.post(
        "/api/v1/blogs", json=BODY | {"slug": "by-token"}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status_code == 201


async def test_reading_is_open_to_pages_of_other_sites(server: Running) -> None:
    answer = await server.anonymous.get("/api/v1/blogs", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 200


async def test_page_of_another_site_cannot_open_a_socket_of_the_newsroom(server: Running) -> None:
    cookie = await _cookie(server, "socket")
    address = f"{server.url.replace('http', 'ws')}/live/storm/ws?feed=newsroom"
    async with connect(address, origin=Origin(server.url), additional_headers=cookie) as socket:
        assert '"hello"' in str(await socket.recv())
    with pytest.raises(InvalidStatus) as refused:
        async with connect(address, origin=Origin("https://evil.example"), additional_headers=cookie):
            pass
    assert refused.value.response.status_code == 401


async def _log_in(server: Running, **headers: str) -> httpx2.Response:
    return await server.anonymous.post(
        "/api/v1/session", json={"username": "cookie", "password": PASSWORD}, headers=headers
    )


def _attributes(answer: httpx2.Response) -> tuple[str, dict[str, Any]]:
    first, *rest = answer.headers["set-cookie"].split("; ")
    return first.partition("=")[0], {r.partition("=")[0].lower(): r.partition("=")[2] for r in rest}


async def test_cookie_over_tls_is_bound_to_the_host(server: Running) -> None:
    await people.create_user(server.desk, SYSTEM, "cookie", password=PASSWORD)
    plain = await _log_in(server)
    name, attributes = _attributes(plain)
    assert name == COOKIE
    assert "httponly" in attributes and attributes["samesite"] == "lax" and attributes["path"] == "/"
    assert "secure" not in attributes
    tls = await _log_in(server, **{"X-Forwarded-Proto": "https"})  # from a trusted proxy
    name, attributes = _attributes(tls)
    assert name == SECURE_COOKIE == "__Host-stoppress_session"
    assert "secure" in attributes and "httponly" in attributes and "domain" not in attributes
    assert tls.headers["strict-transport-security"]
    # over TLS a cookie without the prefix, which another site of the domain could have planted, is not read
    secret = tls.headers["set-cookie"].partition("=")[2].partition(";")[0]
    server.anonymous.cookies.clear()
    for cookie, status in ((SECURE_COOKIE, 200), (COOKIE, 401)):
        answer = await server.anonymous.get(
            "/api/v1/session", headers={"X-Forwarded-Proto": "https", "Cookie": f"{cookie}={secret}"}
        )
        assert answer.status_code == status


async def test_forwarded_headers_are_trusted_from_proxies_only(tmp_path: Any) -> None:
    async with running(tmp_path, trusted_proxies=("192.0.2.1",)) as server:
        await people.create_user(server.desk, SYSTEM, "cookie", password=PASSWORD)
        name, attributes = _attributes(await _log_in(server, **{"X-Forwarded-Proto": "https"}))
        assert name == COOKIE
        assert "secure" not in attributes
        server.app.state.site = replace(server.site, throttle=Throttle(by_address=3))
        for n in range(4):
            # another made-up address each time does not get around the limit by address
            answer = await server.anonymous.post(
                "/api/v1/session", json={"username": f"no{n}", "password": "x"},
                headers={"X-Forwarded-For": f"198.51.100.{n}"},
            )
        assert answer.status_code == 429


async def test_log_in_is_throttled_by_name_and_address(server: Running) -> None:
    codes = []
    for n in range(12):
        answer = await server.anonymous.post(
            "/api/v1/session", json={"username": "Guessed ", "password": f"guess {n}"},
            headers={"X-Forwarded-For": "203.0.113.7"},
        )
        codes.append(answer.status_code)
    assert codes == [401] * 10 + [429] * 2
    assert 1 <= int(answer.headers["retry-after"]) <= 60


async def test_attempts_of_others_lock_nobody_out(server: Running) -> None:
    await people.create_user(server.desk, SYSTEM, "wanted", password=PASSWORD)
    for n in range(14):
        answer = await server.anonymous.post(
            "/api/v1/session", json={"username": "wanted", "password": f"guess {n}"},
            headers={"X-Forwarded-For": f"198.51.100.{n}"},
        )
        assert answer.status_code == 401
    answer = await server.anonymous.post("/api/v1/session", json={"username": "wanted", "password": PASSWORD})
    assert answer.status_code == 201


@pytest.mark.parametrize("path", ["/api/v1/blogs", "/api/v1/nowhere", "/live/storm", "/healthz", "/nowhere"])
async def test_every_answer_has_the_policy(server: Running, path: str) -> None:
    answer = await server.anonymous.get(path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"]
