"""The guarded client against real sockets: what it asks for, what it refuses and where it stops."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import socket
import ssl
import zlib
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import httpcore2
import pytest

from server.fetch.client import BODY_BYTES, HEAD_BYTES, MAX_REDIRECTS, FetchClient
from server.fetch.errors import Blocked, FetchError, Refused, Unreachable, Unusable
from server.fetch.pinned_network import Resolve, resolve
from tests.fetch.test_addresses import NOT_PUBLIC
from tests.support.certificates import Certificates, make_certificates
from tests.support.origin import OtherSite, answer, other_site, redirect

pytestmark = pytest.mark.anyio
HTML = {"text/html"}


@pytest.fixture
async def site() -> AsyncIterator[OtherSite]:
    async with other_site() as started:
        yield started


def _client(site: OtherSite, **chosen: Any) -> FetchClient:
    """A client that may connect to this machine, at any port."""
    given: dict[str, Any] = {
        "resolve": site.resolve, "permitted": lambda a: a == "127.0.0.1", "ports": lambda s, p: p == site.port,
        "seconds": 20.0,
    }
    return FetchClient(**given | chosen)


def _url(site: OtherSite, path: str = "/", scheme: str = "http") -> str:
    return f"{scheme}://news.example:{site.port}{path}"


async def test_it_fetches_and_says_who_it_is(site: OtherSite) -> None:
    site.answers["/a"] = answer("<p>Ré</p>".encode(), kind="Text/HTML; charset=\"UTF-8\"")
    found = await _client(site).get(_url(site, "/a?b=ü#c"), types=HTML)
    assert (found.body.decode(), found.content_type, found.charset) == ("<p>Ré</p>", "text/html", "utf-8")
    lines = site.heads[0].split("\r\n")
    assert lines[0] == "GET /a?b=%C3%BC HTTP/1.1"
    headers = {line.partition(": ")[0].lower(): line.partition(": ")[2] for line in lines[1:] if line}
    assert headers.pop("user-agent").startswith("StopPress/")
    assert headers == {
        "host": f"news.example:{site.port}", "accept": "text/html", "accept-encoding": "gzip",
        "connection": "close",
    }


async def test_no_cookie_comes_back(site: OtherSite) -> None:
    site.answers["/first"] = answer(b"", "Set-Cookie: id=1; Path=/", "Location: /second", status="302 Found")
    site.answers["/second"] = answer(b"ok")
    client = _client(site)
    await client.get(_url(site, "/first"), types=HTML)
    await client.get(_url(site, "/second"), types=HTML)
    assert site.paths == ["/first", "/second", "/second"]
    assert not [head for head in site.heads if "cookie" in head.lower()]


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "ftp://news.example/", "gopher://news.example/", "javascript:alert(1)", "data:,x",
        "", "//news.example/", "news.example", "http://", "http:///x", "https://user@news.example/",
        "https://user:secret@news.example/", "https://news.example\\@evil.example/", "http://news.example:81/",
        "https://news.example:80/", "http://news.example:443/", "http://news.example:0/", "http://news.example:x/",
        "http://news.example:99999/", "http://[::1%25lo]/", "http://[::1/", "http://a\x00b/", "http://a\nb/",
        "http://\ud800/", "http://news.example/" + "x" * 2048,
    ],
)
async def test_a_url_of_another_form_is_refused_before_any_look_up(url: str) -> None:
    asked: list[str] = []

    async def never(host: str, port: int) -> list[str]:
        asked.append(host)
        raise OSError

    with pytest.raises(Blocked):
        await FetchClient(resolve=never).get(url, types=HTML)
    assert asked == []


ADDRESSES = [address for kind, found in NOT_PUBLIC.items() if kind != "no address" for address in found]


@pytest.mark.parametrize("address", ADDRESSES)
async def test_no_connection_is_made_to_an_address_that_is_not_public(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected: list[Any] = []
    monkeypatch.setattr(httpcore2.AnyIOBackend, "connect_tcp", lambda *given, **more: connected.append(given))
    for answers in ([address], ["93.184.215.14", address], [address, "2606:4700::1111"]):
        with pytest.raises(Blocked):
            await FetchClient(resolve=_resolver(answers)).get("https://news.example/", types=HTML)
    assert connected == []


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "127.1", "2130706433", "0x7f000001",
     "0177.0.0.1", "0", "localhost", "localhost.", "[64:ff9b::7f00:1]", "[fe80::1]"],
)  # fmt: skip
async def test_no_spelling_of_this_machine_is_fetched(site: OtherSite, host: str) -> None:
    """With the system's resolver, which understands all of them."""
    client = FetchClient(ports=lambda scheme, port: True)
    with pytest.raises((Blocked, Unreachable)):
        await client.get(f"http://{host}:{site.port}/", types=HTML)
    assert site.connections == 0


async def test_the_systems_resolver_finds_this_machine() -> None:
    assert "127.0.0.1" in await resolve("localhost", 80)
    assert await resolve("192.0.2.7", 80) == ["192.0.2.7"]


async def test_a_name_is_resolved_once_and_the_connection_goes_there(site: OtherSite) -> None:
    """DNS rebinding: the second answer would lead elsewhere."""
    site.answers["/"] = answer(b"ok")
    answers = [["127.0.0.1"], ["10.0.0.1"]]

    async def rebinding(host: str, port: int) -> Sequence[str]:
        return answers.pop(0)

    await _client(site, resolve=rebinding).get(_url(site), types=HTML)
    assert (site.connections, len(answers)) == (1, 1)


async def test_the_next_address_is_tried(site: OtherSite) -> None:
    site.answers["/"] = answer(b"ok")
    with socket.socket() as closed:
        closed.bind(("127.0.0.2", site.port))  # nobody listens there
        client = _client(
            site, resolve=_resolver(["127.0.0.2", "127.0.0.1"]), permitted=lambda a: a.startswith("127.")
        )
        assert (await client.get(_url(site), types=HTML)).body == b"ok"


async def test_a_host_that_does_not_resolve_is_unreachable(site: OtherSite) -> None:
    async def nothing(host: str, port: int) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    for resolver in (nothing, _resolver([])):
        with pytest.raises(Unreachable):
            await _client(site, resolve=resolver).get(_url(site), types=HTML)
    with pytest.raises(Unreachable, match="no connection"):
        await _client(site, ports=lambda s, p: True).get("http://news.example:9/", types=HTML)


# redirects


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Again", "308 Again"])
async def test_a_redirect_is_followed(site: OtherSite, status: str) -> None:
    site.answers["/a/b"] = redirect("../c?d=1#e", status)
    site.answers["/c"] = answer(b"ok")
    found = await _client(site).get(_url(site, "/a/b"), types=HTML)
    assert (found.body, found.url) == (b"ok", _url(site, "/c?d=1"))


@pytest.mark.parametrize(
    "location",
    ["http://10.0.0.1/", "http://[::1]/", "http://news.example/", "file:///etc/passwd", "//u:x@news.example/",
     "http://169.254.169.254/latest/meta-data/", "https:///x", "javascript:alert(1)", "http://[", "gopher://a/"],
)  # fmt: skip
async def test_a_redirect_is_checked_like_the_first_url(site: OtherSite, location: str) -> None:
    site.answers["/"] = redirect(location)
    with pytest.raises(Blocked):
        await _client(site, resolve=_by_literal(site)).get(_url(site), types=HTML)
    assert site.connections == 1


async def test_a_redirect_to_a_name_that_is_private_is_refused(site: OtherSite) -> None:
    site.answers["/"] = redirect(f"http://inside.example:{site.port}/")

    async def inside(host: str, port: int) -> list[str]:
        return ["10.0.0.1"] if host == "inside.example" else ["127.0.0.1"]

    with pytest.raises(Blocked):
        await _client(site, resolve=inside).get(_url(site), types=HTML)


async def test_five_redirects_are_followed_and_no_more(site: OtherSite) -> None:
    for number in range(MAX_REDIRECTS + 1):
        site.answers[f"/{number}"] = redirect(f"/{number + 1}")
    site.answers[f"/{MAX_REDIRECTS + 1}"] = answer(b"ok")
    assert (await _client(site).get(_url(site, "/1"), types=HTML)).body == b"ok"
    with pytest.raises(Refused):
        await _client(site).get(_url(site, "/0"), types=HTML)


# answers that cannot be used


@pytest.mark.parametrize("status", ["204 No", "206 Part", "304 Same", "401 No", "404 No", "410 Gone", "500 No"])
async def test_another_status_is_told(site: OtherSite, status: str) -> None:
    site.answers["/"] = f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode()
    with pytest.raises(Refused) as refused:
        await _client(site).get(_url(site), types=HTML)
    assert refused.value.status == int(status[:3])


@pytest.mark.parametrize(
    ("kind", "encoding"),
    [("application/pdf", ""), ("", ""), ("text/htmlx", ""), ("text/html", "br"), ("text/html", "gzip, gzip")],
)
async def test_other_types_and_encodings_are_refused(site: OtherSite, kind: str, encoding: str) -> None:
    site.answers["/"] = answer(b"ok", f"Content-Encoding: {encoding}", kind=kind)
    with pytest.raises(Unusable):
        await _client(site).get(_url(site), types=HTML)


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"no HTTP at all\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
        b"HTTP/1.1 101 Up\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        answer(b"not gzip", "Content-Encoding: gzip"),
        answer(gzip.compress(b"x" * 999)[:-9], "Content-Encoding: gzip"),
    ],
)
async def test_a_broken_answer_is_refused(site: OtherSite, raw: bytes) -> None:
    site.answers["/"] = raw
    with pytest.raises(FetchError):
        await _client(site).get(_url(site), types=HTML)


async def test_a_compressed_body_is_read(site: OtherSite) -> None:
    site.answers["/"] = answer(gzip.compress(b"x" * 5000), "Content-Encoding: gzip")
    assert (await _client(site).get(_url(site), types=HTML, body_bytes=5000)).body == b"x" * 5000


async def test_a_body_may_not_expand_beyond_the_limit(site: OtherSite) -> None:
    site.answers["/"] = answer(gzip.compress(bytes(50_000_000)), "Content-Encoding: gzip")
    with pytest.raises(Unusable, match="too large"):
        await _client(site).get(_url(site), types=HTML)
    cut = await _client(site).get(_url(site), types=HTML, body_bytes=1000, cut=True)
    assert cut.body == bytes(1000)


def _endless(head: str, part: bytes) -> Callable[[str, asyncio.StreamWriter], Any]:
    async def write(_: str, writer: asyncio.StreamWriter) -> None:
        writer.write(head.encode())
        while not writer.is_closing():
            writer.write(part)
            await writer.drain()

    return write


@pytest.mark.parametrize(
    ("head", "part"),
    [
        ("HTTP/1.1 200 OK\r\n", b"X-Padding: " + b"x" * 1000 + b"\r\n"),
        ("HTTP/1.1 200 OK\r\nX: ", b"x" * 1000),
        ("", b"HTTP/1.1 102 Processing\r\n\r\n"),
        ("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", b"x" * 65_536),
        ("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 9),
        ("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n\r\n", b""),
    ],
    ids=["fields", "field", "informational", "body", "chunks", "bomb"],
)  # fmt: skip
async def test_an_endless_answer_is_cut_off(site: OtherSite, head: str, part: bytes) -> None:
    if not part:
        packer = zlib.compressobj(9, wbits=31)
        part = packer.compress(bytes(200_000_000)) + packer.flush(zlib.Z_FULL_FLUSH)
    site.answers["/"] = _endless(head, part)
    with pytest.raises(Unusable):
        await _client(site).get(_url(site), types=HTML)


async def test_the_first_part_of_a_long_page_will_do(site: OtherSite) -> None:
    site.answers["/"] = _endless("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", b"x" * 1000)
    assert len((await _client(site).get(_url(site), types=HTML, cut=True)).body) == BODY_BYTES


async def test_a_head_of_the_allowed_size_is_read(site: OtherSite) -> None:
    site.answers["/"] = answer(b"ok" * 40_000, "X-Padding: " + "x" * (HEAD_BYTES - 400))
    assert len((await _client(site).get(_url(site), types=HTML)).body) == 80_000


async def test_time_is_counted_over_everything(site: OtherSite) -> None:
    """Over redirects and a body that stops half-way, and over a name server that does not answer."""
    waiting = asyncio.Event()

    async def trickle(_: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\nx")
        await writer.drain()
        waiting.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()

    site.answers["/"] = redirect("/slow")
    site.answers["/slow"] = trickle
    with pytest.raises(Unreachable, match="time"):
        await _client(site, seconds=0.5).get(_url(site), types=HTML)
    assert waiting.is_set()

    async def never(host: str, port: int) -> list[str]:
        await asyncio.Event().wait()
        return []

    with pytest.raises(Unreachable, match="time"):
        await _client(site, seconds=0.05, resolve=never).get(_url(site), types=HTML)


# TLS


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    folder: Path = tmp_path_factory.mktemp("certificates")
    return make_certificates(folder)


async def test_tls_verifies_the_name_and_not_the_address(certificates: Certificates) -> None:
    trusting = ssl.create_default_context(cafile=str(certificates.authority))
    async with other_site(certificates.server) as site:
        site.answers["/"] = answer(b"ok")
        client = _client(site, tls=lambda: trusting)
        assert (await client.get(f"https://localhost:{site.port}/", types=HTML)).body == b"ok"
        with pytest.raises(Unreachable, match="certificate"):
            # the address is one that the certificate names, the host is not
            await client.get(f"https://news.example:{site.port}/", types=HTML)
        with pytest.raises(Unreachable, match="certificate"):
            await _client(site).get(f"https://localhost:{site.port}/", types=HTML)
        assert site.paths == ["/"]


def _resolver(answers: Sequence[str]) -> Resolve:
    async def fixed(host: str, port: int) -> Sequence[str]:
        return answers

    return fixed


def _by_literal(site: OtherSite) -> Resolve:
    """Names lead to the site, and addresses to themselves."""

    async def found(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.1"] if host == "news.example" else [host]

    return found
