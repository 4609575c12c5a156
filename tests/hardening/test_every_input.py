"""Every route in every method, with input of every odd shape in every place: none is answered by a 5xx.

A request that is answered by 500 costs a traceback and says that something from outside was not parsed with
an error of its own.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from starlette.routing import Route, WebSocketRoute

from server.auth.throttle import Throttle
from server.domain.permissions import SYSTEM
from server.newsroom import people
from server.web import routes
from server.web.authenticate import COOKIE
from tests.support.app import Running, running

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse battery"
MOST = int(os.environ.get("STOPPRESS_TEST_INPUTS", "1200"))
"""Requests of one test. A higher number tries all of them, in some minutes."""


@dataclass(frozen=True)
class Place:
    """A method and an address of the table, with the ids of things that exist."""

    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass
class Attack:
    server: Running
    cookie: str
    ids: dict[str, str]

    def places(self) -> list[Place]:
        found = []
        for route in routes.table():
            if isinstance(route, Route):
                methods = [*sorted(route.methods or ()), "PUT"]
                found += [Place(m, self.path(route.path)) for m in methods if m != "HEAD"]
        return found

    def path(self, pattern: str) -> str:
        path = pattern.replace("{name:path}", "reader.css").replace("{slug}", "storm")
        kind = pattern.split("/")[-2] if pattern.endswith("{id}") else pattern.split("/{id}")[0].split("/")[-1]
        return (
            path.replace("{id}", self.ids.get(kind, "aaaaaaaaaaaaaaaa"))
            .replace("{media_id}", self.ids["media"]).replace("{name}", "full").replace("{digest}", "x")
            .replace("{revision}", "1")
        )

    async def send(
        self, place: Place, headers: list[tuple[bytes, bytes]] = [], body: bytes = b"", query: bytes = b"",  # noqa: B006
        *, path: bytes | None = None,
    ) -> int:
        """One request on a connection of its own, byte for byte as given; its status, 0 for none."""
        given = {name.lower() for name, _ in headers}
        lines = [b"%b %b%b HTTP/1.1" % (place.method.encode(), path or place.path.encode(), query)]
        if b"host" not in given:
            lines.append(b"Host: %b" % self.server.url.removeprefix("http://").encode())
        if b"cookie" not in given and b"authorization" not in given:
            lines.append(b"Cookie: %b=%b" % (COOKIE.encode(), self.cookie.encode()))
        lines += [b"%b: %b" % header for header in headers]
        if body or place.method not in ("GET", "HEAD", "OPTIONS"):
            lines.append(b"Content-Length: %d" % len(body))
        lines.append(b"Connection: close")
        reader, writer = await asyncio.open_connection(*self.server.address)
        try:
            writer.write(b"\r\n".join(lines) + b"\r\n\r\n" + body)
            async with asyncio.timeout(20):
                status = await reader.readline()
        except ConnectionError:
            return 0
        finally:
            writer.transport.abort()
        return int(status.split()[1]) if status.startswith(b"HTTP/1.1 ") else 0


@pytest.fixture(scope="module")
async def attack(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Attack]:
    folder = tmp_path_factory.mktemp("inputs")
    async with running(folder, max_body_bytes=300_000, max_listeners_per_address=10_000) as server:
        server.site.throttle.__init__(by_name=10**6, by_address=10**6)  # type: ignore[misc]
        assert isinstance(server.site.throttle, Throttle)
        await server.blog("storm")
        entry = await server.post()
        user = await people.create_user(server.desk, SYSTEM, "ada", password=PASSWORD, role="admin")
        other = await people.create_user(server.desk, SYSTEM, "grace", password=PASSWORD, role="editor")
        token, _ = await people.create_token(server.desk, SYSTEM, "wire", "editor")
        picture = await server.http.post("/api/v1/media", files={"file": ("a.gif", PICTURE)})
        assert picture.status_code == 201, picture.text
        secret, _ = await people.log_in(server.desk, user.username, PASSWORD, days=1)
        ids = {"entries": entry["id"], "users": other.id, "tokens": token.id, "media": picture.json()["id"]}
        yield Attack(server, secret, ids)


PARAMETERS = ("{slug}", "{id}", "{media_id}", "{name}", "{digest}", "{revision}", "{name:path}")
PICTURE = bytes.fromhex(
    "47494638396101000100800000ff0000ffffff21f90400000000002c00000000010001000002024401003b"
)
JSON = (b"Content-Type", b"application/json")
FORM = (b"Content-Type", b"application/x-www-form-urlencoded")


def _multipart(*parts: bytes, charset: bytes = b"") -> tuple[tuple[bytes, bytes], bytes]:
    head = b"multipart/form-data; boundary=b" + (b"; charset=" + charset if charset else b"")
    return (b"Content-Type", head), b"".join(b"--b\r\n%b\r\n" % p for p in parts) + b"--b--\r\n"


NASTY_TEXTS = [
    "http://[", "http://]", "[", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "%", "%00", "%zz",
    "\u00b2",
    "nan", "inf", "1e999", "9" * 5000, "-1", "0x1", "null", "true", "None", " ", "\t", "a;b", "\"", "'",
    "../../etc/passwd", "{{7*7}}", "0000-00-00T00:00", "9999-12-31T23:59:59+14:00",
    "0001-01-01T00:00:00-14:00", "2026-02-30", "W/\"", "*", ",,,,", "=", "bytes=-1", "bytes=0-", "bytes=9-1",
    ";q=", ";q=nan", "gzip;q=1e999",
    "application/openmetrics-text; version=x; escaping=y", "application/openmetrics-text;version=", "text/html",
    "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=\"", "é",
    "a" * 3000,
]
HEADERS = [
    "Origin", "Host", "Referer", "Cookie", "Authorization", "Accept", "Accept-Encoding", "Accept-Language",
    "Content-Type", "If-Match", "If-None-Match", "If-Modified-Since", "If-Range", "If-Unmodified-Since",
    "Range", "Idempotency-Key", "Last-Event-ID", "Sec-Fetch-Site", "User-Agent", "X-Forwarded-For",
    "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded", "Expect", "Prefer", "Upgrade", "X-Request-ID",
]


def header_attacks() -> Iterator[tuple[bytes, bytes]]:
    for name in HEADERS:
        for text in NASTY_TEXTS:
            for value in (text, f"{COOKIE}={text}", f"Bearer sp_{text}", f"Bearer {text}", f'"{text}"'):
                if value is text or (name in ("Cookie",) and "=" in value) or (
                    name == "Authorization" and value.startswith("Bearer")
                ) or (name.startswith("If-") and value.startswith('"')):
                    yield name.encode(), value.encode("utf-8")


ODD_NAMES = (b"%00", b"%ff", b"%ED%A0%80", b"..", b"%2e%2e%2f", b"[", b"%5B", b"x" * 3000, b"%F0%9F%A6%81")
QUERIES = ["before", "after", "entry", "status", "limit", "wait", "feed", "view", "next", "done", "q", "query"]

JSON_BODIES = [
    b"", b"{", b"null", b"[]", b"0", b'"a"', b"true", b"[" * 930, b"[" * 930 + b"]" * 930, b"[" * 100_000,
    b'{"a":' * 900 + b"1" + b"}" * 900, b"\xff\xfe{}", b"\xef\xbb\xbf{}", b"{}" * 2, b"NaN", b"1e999",
    b'{"revision":' + b"9" * 5000 + b"}", b'{"\\ud800":1}', b'{"headline":"\\ud800"}', b'{"a":1,"a":2}',
    b"{" + b",".join(b'"f%d":1' % i for i in range(20_000)) + b"}",
]
FIELDS = [
    "slug", "headline", "standfirst", "key_developments", "status", "byline", "bylines", "language",
    "time_zone", "related", "title", "body", "blocks", "key", "pinned", "breaking", "publish_at", "username",
    "name",    "password", "role", "blog_roles", "active", "current", "blog", "topics",
]
VALUES: list[Any] = [
    None, True, 0, -1, 2**63, 2**70, 1.5, "", "\u0000", "\ud800", "\u202e", "nan", [], {}, [[]], [{}], [None],
    {"": None}, {"type": "image"}, [{"type": "image"}], [{"type": []}],
    [{"type": "image", "media_id": "\ud800"}],
    [{"type": "text", "html": 1}], "9999-12-31T23:59:59+14:00", "0001-01-01T00:00:00-14:00",
    "2026-02-30T00:00Z", {"storm": "king"}, {"storm": True}, ["x"] * 500, "x" * 250_000, [{"title": "a", "url": "http://["}],
]
MEDIA = [
    b'{"type":"image"}', b'{"type":"video"}', b'{"type":"embed"}', b'{"type":"text"}', b"{}", b"[]", b"1",
    b"null", b'"', b'{"type":["image"]}',
    b'{"type":"image","media_id":1}', b'{"type":"image","media_id":"\\ud800"}',
    b'{"type":"image","media_id":"aaaaaaaaaaaaaaaa"}', b'{"type":"embed","place":1e99}', b"[" * 5000,
    b'{"type":"image","media_id":"aaaaaaaaaaaaaaaa","width":"9","widths":3,"place":-1}', b"\xff",
    b'{"type":"video","poster":"../..","provider":7}', b'{"type":"embed","provider":"\\ud800"}',
]
FORM_FIELDS = [
    *FIELDS, "revision", "do", "request_key", "next", "media-0", "picture", "picture_alt", "video_url",
    "blog_role", "role-storm", "role-nowhere", "reason",
]
FORM_TEXTS = ["", "\x00", "http://[", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "9" * 5000,
              "9999-12-31T23:59", "0001-01-01T00:00", "nan", "| http://[", "x" * 5000, "٣", "²"]
CHARSETS = [b"foo", b"idna", b"undefined", b"unicode_escape", b"utf-7", b"hex", b"utf-16", b"punycode",
            b"\"", b""]


async def _none_fails(attack: Attack, sent: Iterable[tuple[Place, dict[str, Any]]]) -> None:
    """Send them, or as many of them as fit in the time of a test, always the same ones."""
    chosen = list(sent)
    if len(chosen) > MOST:
        chosen = random.Random(len(chosen)).sample(chosen, MOST)
    failed = []
    for index in range(0, len(chosen), 8):
        group = chosen[index : index + 8]
        answers = await asyncio.gather(*(attack.send(place, **what) for place, what in group))
        failed += [
            (status, str(place), {name: repr(value)[:120] for name, value in what.items()})
            for (place, what), status in zip(group, answers, strict=True) if status >= 500 or status == 0
        ]
    assert not failed, failed[:20]
    assert await attack.send(Place("GET", "/api/v1/users")) == 200, "the attacker is no admin any more"


def _posts(attack: Attack) -> list[Place]:
    return [p for p in attack.places() if p.method == "POST" and "logout" not in p.path]


async def test_no_header_is_answered_by_an_error_of_the_server(attack: Attack) -> None:
    some = [
        Place("GET", "/"), Place("GET", "/live/storm"), Place("GET", "/live/storm/changes"),
        Place("GET", "/live/storm/stream"), Place("GET", "/api/v1/blogs/storm"), Place("GET", "/console"),
        Place("POST", "/console/login"), Place("POST", "/api/v1/session"), Place("GET", "/metrics"),
        Place("PATCH", "/api/v1/blogs/storm"), Place("GET", f"/media/{attack.ids['media']}/full"),
        Place("GET", "/live/storm/feed.atom"), Place("GET", "/nowhere"),
    ]
    await _none_fails(attack, [
        (place, {"headers": [(name, value)]})
        for name, value in header_attacks() for place in some
        if name != b"Expect"
    ])


async def test_no_pair_of_headers_is_answered_by_an_error_of_the_server(attack: Attack) -> None:
    await _none_fails(attack, [
        (place, {"headers": [(b"Origin", origin), (b"Host", host)]})
        for place in attack.places()[::4]
        for origin in (b"http://[", b"http://a]", b"//", b"http://\xff")
        for host in (b"[", b"a", b"[::1", b"a:b", b"a:99999999", b"")
    ])


async def test_no_query_is_answered_by_an_error_of_the_server(attack: Attack) -> None:
    queries = [
        b"?%b=%b" % (name.encode(), value)
        for name in QUERIES for text in NASTY_TEXTS[:24]
        for value in {text.encode("utf-8"), urlencode({"": text}).encode()[1:]}
        if not {32, 9} & set(value)
    ] + [b"?\xff", b"?a=%ff%fe", b"?&&=&", b"?" + b"a&" * 2000, b"?a=%0a", b"?feed=newsroom&feed=public"]
    gets = [p for p in attack.places() if p.method == "GET"]
    await _none_fails(attack, [
        (place, {"query": query}) for place in gets for query in queries
    ])


async def test_no_path_is_answered_by_an_error_of_the_server(attack: Attack) -> None:
    paths: list[tuple[str, bytes]] = []
    for route in routes.table():
        if isinstance(route, Route | WebSocketRoute):
            for odd in ODD_NAMES:
                pattern = route.path.encode()
                for name in PARAMETERS:
                    pattern = pattern.replace(name.encode(), odd)
                for method in sorted((getattr(route, "methods", None) or {"GET"}) - {"HEAD"}):
                    if b"logout" not in pattern and (method, pattern) != ("DELETE", b"/api/v1/session"):
                        paths.append((method, pattern))
    await _none_fails(attack, [
        (Place(method, ""), {"path": path}) for method, path in paths
    ])


async def test_no_json_is_answered_by_an_error_of_the_server(attack: Attack) -> None:
    bodies = JSON_BODIES + [json.dumps({n: v}).encode() for n in FIELDS for v in VALUES]
    places = [p for p in attack.places() if "/api/" in p.path and p.method in ("POST", "PATCH", "PUT")]
    match = (b"If-Match", b"*")
    await _none_fails(attack, [
        (place, {"headers": [JSON, match], "body": body})
        for place in places if not place.path.endswith("/restore") for body in bodies
    ])


async def test_no_form_is_answered_by_an_error_of_the_server(attack: Attack) -> None:
    bodies = [urlencode({n: t}).encode() for n in FORM_FIELDS for t in FORM_TEXTS]
    bodies += [urlencode({"do": do, "media-0": m, "title": "A", "revision": "1"}).encode()
               for m in MEDIA for do in ("publish", "preview", "draft")]
    bodies += [b"a&" * 50_000, b"%ff=%fe", b"=" * 5000, b"\xff" * 500]
    places = [p for p in _posts(attack) if "/console" in p.path]
    await _none_fails(attack, [
        (place, {"headers": [FORM], "body": body}) for place in places for body in bodies
    ])


async def test_no_multipart_is_answered_by_an_error_of_the_server(attack: Attack) -> None:
    named = b'Content-Disposition: form-data; name="%b"'
    sent = [
        _multipart(named % b"title" + b"\r\n\r\n\\ud800\xff", charset=charset) for charset in CHARSETS
    ] + [
        _multipart(), _multipart(b""), _multipart(b"X: y\r\n\r\nz"), _multipart(named % b"a"),
        _multipart(b"Content-Disposition: form-data\r\n\r\nz"), _multipart(named % b"\xff\xfe" + b"\r\n\r\nz"),
        _multipart(named % b"picture" + b'; filename="\xff"\r\n\r\n' + PICTURE),
        _multipart(named % b"file" + b'; filename="a"\r\n\r\nGIF89a'),
        _multipart(named % b"file" + b'; filename="a"\r\nContent-Type: ;;;\r\n\r\n' + PICTURE),
        _multipart(*[named % b"file" + b'; filename="a"\r\n\r\nx'] * 5),
        _multipart(*[named % b"f%d" % i + b"\r\n\r\nx" for i in range(3000)]),
        _multipart(b"A" * 20_000 + b": y\r\n\r\nz"),
        ((b"Content-Type", b"multipart/form-data"), b"x"),
        ((b"Content-Type", b"multipart/form-data; boundary=" + b"b" * 500), b"x"),
        ((b"Content-Type", b"multipart/form-data; boundary=b"), b"--b\r\nx"),
        ((b"Content-Type", b"multipart/form-data; boundary=\xff"), b"--\xff\r\n\r\n--\xff--"),
    ]
    places = _posts(attack)
    await _none_fails(attack, [
        (place, {"headers": [header], "body": body})
        for place in places for header, body in sent
    ])


async def test_a_websocket_with_an_odd_origin_is_answered(attack: Attack) -> None:
    place = Place("GET", "/live/storm/ws")
    upgrade = [
        (b"Upgrade", b"websocket"), (b"Connection", b"Upgrade"), (b"Sec-WebSocket-Version", b"13"),
        (b"Sec-WebSocket-Key", b"dGhlIHNhbXBsZSBub25jZQ=="), (b"X-Odd", b"\xff"),
        (b"Cookie", f"{COOKIE}={attack.cookie}".encode()),
    ]
    for origin in (b"http://[", b"http://]", b"null", b"", b"http://\xff", b"http://["):
        for query in (b"", b"?feed=newsroom", b"?after=%ff", b"?feed=newsroom&view=\xff"):
            status = await attack.send(place, [*upgrade, (b"Origin", origin)], query=query)
            assert 100 < status < 500, (origin, query, status)


async def test_an_answer_names_at_most_so_many_wrong_fields(attack: Attack) -> None:
    body = json.dumps({f"field{i}" * 20: 1 for i in range(1500)})
    answer = await attack.server.http.post(
        "/api/v1/blogs", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422
    assert 0 < len(answer.json()["errors"]) <= 50
    assert len(answer.content) < 60_000


def test_the_table_is_attacked_as_it_is(tmp_path: Path) -> None:
    """A route whose parameters these tests do not fill in would be attacked at an address that is not there."""
    names = {
        part for route in routes.table() if isinstance(route, Route | WebSocketRoute)
        for part in route.path.split("/") if part.startswith("{")
    }
    assert names <= set(PARAMETERS)
