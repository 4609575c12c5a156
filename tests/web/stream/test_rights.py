"""A stream that took a permission ends when the permission does, and not when somebody else's does."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from server.delivery import subscription
from server.delivery.listener_limits import StreamGate, counted_address
from server.delivery.private_streams import PrivateStreams
from server.domain.permissions import SYSTEM, Authority, Caller
from server.installation import make_desk
from server.newsroom import people
from server.settings import Settings
from server.web.stream import feed_request
from tests.support.app import Running, running
from tests.support.listeners import sse, until, websocket

pytestmark = pytest.mark.anyio

NEWSROOM = "feed=newsroom&view=json"
SECONDS = 3.0
"""Far less than what private streams take to end by themselves, and than a long poll waits."""


@pytest.fixture(params=["fast", "parsed", "portable"])
async def server(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path, stream_path=request.param) as found:
        await found.blog()
        yield found


async def token(server: Running, name: str) -> tuple[str, dict[str, str]]:
    """Its id and the header that sends it."""
    made, secret = await people.create_token(server.desk, SYSTEM, name=name, role="editor")
    return made.id, {"Authorization": f"Bearer {secret}"}


async def end_of(stream: Any) -> None:
    async with asyncio.timeout(SECONDS):
        while await stream.next() is not None:
            pass


def gone(gate: StreamGate) -> bool:
    return not len(gate.private)


async def test_an_event_stream_ends_when_its_token_is_revoked_and_others_stay(server: Running) -> None:
    ada, ada_header = await token(server, "ada")
    _, cem_header = await token(server, "cem")
    path = f"/live/storm/stream?{NEWSROOM}"
    async with (
        sse(server.address, path, headers=ada_header) as one,
        sse(server.address, path, headers=cem_header) as two,
        sse(server.address, "/live/storm/stream?view=json") as reader,
    ):
        await until(lambda: len(server.gate.private) == 2)
        await people.revoke_token(server.desk, SYSTEM, ada)
        await end_of(one)
        assert one.retry is not None
        entry = await server.post()
        for stream in (two, reader):
            await stream.follow(lambda state: entry["id"] in state.things)
        assert entry["id"].encode() not in one.raw
    async with sse(server.address, path, headers=ada_header) as again:
        assert again.status == 401
    await until(lambda: gone(server.gate))


async def test_a_websocket_ends_when_its_token_is_revoked(server: Running) -> None:
    ada, header = await token(server, "ada")
    path = f"/live/storm/ws?{NEWSROOM}"
    async with websocket(server.address, path, additional_headers=header) as socket:
        await until(lambda: len(server.gate.private) == 1)
        await people.revoke_token(server.desk, SYSTEM, ada)
        with pytest.raises(ConnectionClosed) as ended:
            await socket.follow(lambda _: False, seconds=SECONDS)
        assert ended.value.rcvd is not None
        assert ended.value.rcvd.code == 1012
    with pytest.raises(InvalidStatus) as refused:
        async with websocket(server.address, path, additional_headers=header):
            pass
    assert refused.value.response.status_code == 401
    assert gone(server.gate)


async def test_a_long_poll_ends_when_its_token_is_revoked(server: Running) -> None:
    ada, header = await token(server, "ada")
    path = f"/live/storm/changes?{NEWSROOM}"
    waiting = asyncio.create_task(server.anonymous.get(f"{path}&wait=50", headers=header))
    await until(lambda: len(server.gate.private) == 1)
    await people.revoke_token(server.desk, SYSTEM, ada)
    async with asyncio.timeout(SECONDS):
        answer = await waiting
    assert answer.json()["changes"] == []
    assert (await server.anonymous.get(path, headers=header)).status_code == 401
    assert gone(server.gate)


@contextlib.asynccontextmanager
async def logged_in(server: Running, role: Any) -> AsyncIterator[tuple[httpx2.AsyncClient, str, str]]:
    """Somebody's client, cookie and id."""
    user = await people.create_user(server.desk, SYSTEM, "olga", password="correct horse battery", role=role)
    async with httpx2.AsyncClient(base_url=server.url, timeout=60) as client:
        answer = await client.post(
            "/api/v1/session", json={"username": "olga", "password": "correct horse battery"}
        )
        assert answer.status_code in (200, 201), answer.text
        cookie = answer.headers["set-cookie"].partition(";")[0]
        yield client, cookie, user.id


async def test_a_draft_ends_for_who_logs_out(server: Running) -> None:
    await server.blog("secret", status="draft")
    async with logged_in(server, "contributor") as (client, cookie, _):
        async with sse(server.address, "/live/secret/stream", headers={"Cookie": cookie}) as stream:
            await until(lambda: len(server.gate.private) == 1)
            assert (await client.delete("/api/v1/session")).status_code == 204
            await end_of(stream)
        async with sse(server.address, "/live/secret/stream", headers={"Cookie": cookie}) as again:
            assert again.status == 404


async def test_the_newsroom_feed_ends_with_a_lowered_role(server: Running) -> None:
    async with logged_in(server, "editor") as (_, cookie, user_id):
        path = f"/live/storm/stream?{NEWSROOM}"
        async with sse(server.address, path, headers={"Cookie": cookie}) as stream:
            await until(lambda: len(server.gate.private) == 1)
            await people.edit_user(server.desk, SYSTEM, user_id, {"role": "contributor"})
            await end_of(stream)
        async with sse(server.address, path, headers={"Cookie": cookie}) as again:
            assert again.status == 403


@pytest.mark.parametrize("change", ["token", "password", "role"])
async def test_rights_that_end_without_a_signal_end_streams_and_polls(
    server: Running, tmp_path: Path, change: str
) -> None:
    """The command line works on the same database, and without Redis nobody hears of it."""
    silent = make_desk(Settings(data_dir=tmp_path))
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(silent.database.close)
        if change == "token":
            id_, header = await token(server, "ada")
        else:
            _, cookie, id_ = await stack.enter_async_context(logged_in(server, "editor"))
            header = {"Cookie": cookie}
        path = f"/live/storm/stream?{NEWSROOM}"
        stream = await stack.enter_async_context(sse(server.address, path, headers=header))
        socket = await stack.enter_async_context(
            websocket(server.address, f"/live/storm/ws?{NEWSROOM}", additional_headers=header)
        )
        polling = asyncio.create_task(
            server.anonymous.get(f"/live/storm/changes?{NEWSROOM}&wait=50", headers=header)
        )
        await until(lambda: len(server.gate.private) == 3)
        if change == "token":
            await people.revoke_token(silent, SYSTEM, id_)
        elif change == "password":
            await people.set_password(silent, SYSTEM, id_, "another correct horse")
        else:
            await people.edit_user(silent, SYSTEM, id_, {"role": "contributor"})
        await end_of(stream)
        with pytest.raises(ConnectionClosed):
            await socket.follow(lambda _: False, seconds=SECONDS)
        async with asyncio.timeout(SECONDS):
            assert (await polling).json()["changes"] == []
        await until(lambda: gone(server.gate))


async def test_nothing_waits_for_a_private_stream_that_has_ended(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its time limit ends with it, and does not hold it in memory until then."""
    monkeypatch.setattr(subscription, "PRIVATE_SECONDS", 54_321.0)
    _, header = await token(server, "ada")
    loop: Any = asyncio.get_running_loop()

    def waiting() -> int:
        late = loop.time() + 50_000
        return sum(not handle.cancelled() and handle.when() > late for handle in loop._scheduled)

    for path in ("stream", "ws"):
        opened = sse if path == "stream" else websocket
        sent: dict[str, Any] = {"headers": header} if path == "stream" else {"additional_headers": header}
        async with opened(server.address, f"/live/storm/{path}?{NEWSROOM}", **sent):
            await until(lambda: len(server.gate.private) == 1)
        await until(lambda: gone(server.gate))
        await until(lambda: not waiting())


async def test_lost_signals_end_all_private_streams_which_resume(server: Running) -> None:
    _, header = await token(server, "ada")
    path = f"/live/storm/stream?{NEWSROOM}"
    async with (
        sse(server.address, path, headers=header) as private,
        sse(server.address, "/live/storm/stream?view=json") as reader,
    ):
        await until(lambda: len(server.gate.private) == 1)
        server.gate.private.end(None)
        await end_of(private)
        async with sse(
            server.address, path, headers=header, last_event_id=private.state.position
        ) as again:
            entry = await server.post()
            for stream in (again, reader):
                await stream.follow(lambda state: entry["id"] in state.things)


async def test_rights_that_end_while_a_stream_is_authorised_end_it(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The signal comes after the look-up and before the stream is known."""
    ada, header = await token(server, "ada")
    look_up = feed_request._feed_key

    async def overtaken(*asked: Any) -> Any:
        found = await look_up(*asked)
        await people.revoke_token(server.desk, SYSTEM, ada)
        return found

    monkeypatch.setattr(feed_request, "_feed_key", overtaken)
    async with sse(server.address, f"/live/storm/stream?{NEWSROOM}", headers=header) as stream:
        await end_of(stream)
    await until(lambda: gone(server.gate))


def test_a_stream_that_is_added_late_ends_at_once() -> None:
    streams, ended = PrivateStreams(), []
    ada = Authority(Caller("user:a", "Ada"))
    before = streams.as_of
    for caller in ["user:a", *(["user:b"] * 2000)]:
        streams.end(caller)
    streams.add(ada, lambda: ended.append("forgotten"), as_of=before)
    assert ended == ["forgotten"]
    streams.add(ada, lambda: ended.append("after"), as_of=streams.as_of)
    assert ended == ["forgotten"]
    streams.end("user:b")
    assert ended == ["forgotten"]


def test_what_is_too_long_for_an_address_is_unknown() -> None:
    assert counted_address("x" * 65) == "unknown"
    assert counted_address("x" * 64) == "x" * 64
    assert counted_address("2001:db8:1:2:3::4") == "2001:db8:1:2::/64"
