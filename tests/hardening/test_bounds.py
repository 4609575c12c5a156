"""What comes in and what goes out costs a bounded amount, whoever asks."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Message

from server.domain.permissions import SYSTEM
from server.newsroom import people
from server.serving import unread_responses
from server.web import backpressure, request_head
from server.web.authenticate import COOKIE
from server.web.backpressure import LeastPace
from server.web.middleware import PIECE_BYTES, Pieces
from tests.support.app import Running, running
from tests.support.listeners import until

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse battery"


async def raw(server: Running, head: bytes, body: bytes = b"") -> tuple[int, bytes]:
    reader, writer = await asyncio.open_connection(*server.address)
    try:
        writer.write(head + b"\r\n" + body)
        async with asyncio.timeout(10):
            status = await reader.readline()
            return int(status.split()[1]), await reader.read(200_000) if b"close" in head else b""
    finally:
        writer.transport.abort()


async def test_a_body_is_read_in_pieces_with_other_work_between_them() -> None:
    """A form of thousands of small fields held the loop for as long as it took to read all that had arrived."""
    body = bytes(range(256)) * 400
    given = [{"type": "http.request", "body": body, "more_body": True}, {"type": "http.request", "body": b"x"}]
    turns: list[int] = []

    async def receive() -> Message:
        return given.pop(0)

    def turned() -> None:
        turns.append(len(got))
        asyncio.get_running_loop().call_soon(turned)

    got: list[Message] = []
    arriving = Pieces(receive)
    turned()
    while not got or got[-1].get("more_body"):
        got.append(await arriving())
    assert b"".join(message["body"] for message in got) == body + b"x"
    assert max(len(message["body"]) for message in got) <= PIECE_BYTES < len(body)
    assert len(set(turns)) >= len(body) // PIECE_BYTES


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ([], 400),
        ([b"Host: a", b"Host: a"], 400),
        ([b"Host: a", b"Host: b"], 400),
        ([b"Host: ["], 400),
        ([b"Host: a b"], 400),
        ([b"Host: a/b"], 400),
        ([b"Host: user@a"], 400),
        ([b"Host: "], 400),
        ([b"Host: a", b"Authorization: Bearer x", b"Authorization: Bearer y"], 400),
        ([b"Host: a", *[b"X-%d: y" % i for i in range(request_head.MAX_HEADERS)]], 431),
        ([b"Host: a", *[b"X-%d: " % i + b"y" * 6000 for i in range(6)]], 431),
        ([b"Host: a"], 200),
        ([b"Host: newsroom.example:8000"], 200),
        ([b"Host: [::1]:8000"], 200),
        ([b"Host: a", *[b"X-%d: y" % i for i in range(60)]], 200),
    ],
    ids=str,
)
async def test_a_head_is_understood_in_one_way_or_refused(
    server: Running, lines: list[bytes], status: int
) -> None:
    head = b"\r\n".join([b"GET /api/v1/blogs HTTP/1.1", *lines, b"Connection: close", b""])
    assert (await raw(server, head))[0] == status


async def test_a_health_check_without_a_host_is_answered(server: Running) -> None:
    assert (await raw(server, b"GET /healthz HTTP/1.0\r\n"))[0] == 200


@pytest.mark.parametrize("path", ["/console/blogs/storm", "/console/login", "/console/users", "/api/v1/media",
                                  "/api/v1/blogs", "/api/v1/session"])
@pytest.mark.parametrize("cookie", [b"", b"Cookie: stoppress_session=made-up\r\n"])
async def test_a_stranger_is_refused_before_a_large_body_is_read(
    server: Running, path: str, cookie: bytes
) -> None:
    """Only the head is sent: an answer shows that nothing waited for the body."""
    for kind in (b"multipart/form-data; boundary=b", b"application/x-www-form-urlencoded", b"application/json"):
        size = 40_000_000 if kind.startswith(b"multi") else 45_000
        if cookie and size < 300_000:
            continue
        status, _ = await raw(
            server,
            b"POST %b HTTP/1.1\r\nHost: a\r\nContent-Type: %b\r\nContent-Length: %d\r\n" % (
                path.encode(), kind, size) + cookie,
        )
        assert status in (401, 413), (path, kind)


async def test_a_form_of_a_session_that_ended_is_kept_within_bounds(server: Running) -> None:
    cookie = {"Cookie": f"{COOKIE}=ended"}
    answer = await server.anonymous.post(
        "/console/blogs/storm", data={"body": "<What> was typed"}, headers=cookie
    )
    assert answer.status_code == 401
    assert "&lt;What&gt; was typed" in answer.text
    answer = await server.anonymous.post(
        "/console/blogs/storm", files={"x": ("a", b"'" * 10)}, data={"body": "'" * 5_000_000}, headers=cookie
    )
    assert answer.status_code in (401, 413)
    assert len(answer.content) < 20_000


async def test_a_body_without_a_length_from_a_stranger_is_ended(server: Running) -> None:
    async def parts() -> Any:
        for _ in range(100):
            yield b"a" * 10_000

    answer = await server.anonymous.post(
        "/console/login", content=parts(), headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert answer.status_code == 401


async def test_somebody_who_is_logged_in_may_send_a_picture(server: Running) -> None:
    await people.create_user(server.desk, SYSTEM, "bounds", password=PASSWORD, role="editor")
    secret, _ = await people.log_in(server.desk, "bounds", PASSWORD, days=1)
    answer = await server.anonymous.post(
        "/api/v1/media", files={"file": ("a", b"x" * 400_000)}, headers={"Cookie": f"{COOKIE}={secret}"}
    )
    assert answer.status_code == 415


async def test_a_large_answer_waits_for_whoever_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server holds two pieces for a client that reads nothing, not the whole picture; and when all together
    hold too much, not even those."""
    async with running(tmp_path) as server:
        reader, writer = await asyncio.open_connection(*server.address, limit=1024)
        raw_socket = writer.get_extra_info("socket")
        raw_socket.setsockopt(1, 8, 4096)  # SO_RCVBUF
        name = "aa" + "a" * 14
        from server.media.files import MediaFiles
        from server.store import media

        files = MediaFiles(tmp_path / "media")
        await files.put(f"{name}-full", b"p" * 30_000_000)
        async with server.desk.database.write() as connection:
            await media.insert(connection, media.Media(
                id=name, sha256="0" * 64, mime="image/png", bytes=30_000_000, width=9, height=9, widths=(),
                alt="", caption="", credit="", author_id=None, created_at=server.desk.now(),
            ))
        head = f"GET /media/{name}/full HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {server.admin_token}"
        writer.write(head.encode() + b"\r\n\r\n")
        assert b"200" in await asyncio.wait_for(reader.readline(), 5)

        def held() -> int:
            return max(
                (c.transport.get_write_buffer_size() for c in server.server.server_state.connections
                 if getattr(c, "transport", None) is not None), default=0,
            )

        await until(lambda: held() > 0)
        assert held() < 4 * backpressure.PIECE_BYTES
        monkeypatch.setattr(unread_responses, "MAX_UNREAD_BYTES", 0)
        await until(lambda: not held())
        writer.transport.abort()


async def test_whoever_takes_an_answer_too_slowly_is_cut_off() -> None:
    taken: list[int] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x" * 10 * backpressure.PIECE_BYTES})
        raise AssertionError("not reached")

    async def stuck(message: Any) -> None:
        taken.append(len(message.get("body", b"")))
        if len(taken) > 3:
            await asyncio.Event().wait()

    paced = LeastPace(app, grace=0.05, rate=10_000_000)
    async with asyncio.timeout(5):
        await paced({"type": "http", "path": "/", "extensions": {}}, stuck, stuck)
    assert taken == [0, *[backpressure.PIECE_BYTES] * 3]
