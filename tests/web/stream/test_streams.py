"""The same changes over SSE, WebSocket and polls, on each way into a stream."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.types import Scope

from server.delivery.subscription import Subscription
from tests.support.app import Running, running
from tests.support.listeners import seq_of, sse, until, websocket

pytestmark = [pytest.mark.anyio]


@pytest.fixture(params=["fast", "parsed", "portable"])
async def server(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path, stream_path=request.param, heartbeat_seconds=1) as found:
        await found.blog()
        yield found


@pytest.mark.parametrize("gzip", [False, True])
async def test_sse_resumes_at_the_position_and_goes_on_live(server: Running, gzip: bool) -> None:
    entries = [await server.post() for _ in range(5)]
    after = entries[2]["position"]
    async with sse(server.address, "/live/storm/stream", last_event_id=after, gzip=gzip) as listener:
        assert listener.status == 200
        await listener.follow(lambda s: len(s.log) == 2)
        late = await server.post(title="UN to resume aid convoys")
        await listener.follow(lambda s: len(s.log) == 3)
    expected = [entries[3]["id"], entries[4]["id"], late["id"]]
    assert [c["id"] for c in listener.state.log] == expected
    assert "UN to resume aid convoys" in listener.state.log[-1]["html"]
    assert listener.retry == 2000


async def test_sse_without_a_position_begins_now_and_says_where(server: Running) -> None:
    await server.post()
    async with sse(server.address, "/live/storm/stream?view=json") as listener:
        entry = await server.post(title="Now")
        await listener.follow(lambda s: bool(s.log))
        assert listener.state.log[0]["entry"]["title"] == "Now"
        assert listener.state.position == entry["position"]
        assert [c["id"] for c in listener.state.log] == [entry["id"]]


async def test_the_first_event_says_where_the_stream_stands_and_how_often_it_beats(server: Running) -> None:
    """With data in it: several client libraries hand over an event that has none, as an empty text."""
    entry = await server.post()
    expected = {"kind": "hello", "position": entry["position"], "heartbeat_seconds": 1.0, "retry_ms": 2000}
    for query in ("", f"?after={entry['position']}"):
        async with sse(server.address, f"/live/storm/stream{query}") as listener:
            assert await listener.next() is not None  # the first heartbeat
            assert listener.hello == expected
        async with websocket(server.address, f"/live/storm/ws{query}") as socket:
            assert json.loads(await socket.connection.recv()) == expected


async def test_heartbeats_carry_no_id(server: Running) -> None:
    async with sse(server.address, "/live/storm/stream") as listener:
        async with asyncio.timeout(5):
            event = await listener.next()
        assert event is not None
        assert (event.kind, event.id) == ("beat", None)


@pytest.mark.parametrize("compression", [None, "deflate"])
async def test_websocket_resumes_and_goes_on_live(server: Running, compression: str | None) -> None:
    first = await server.post()
    await server.post()
    path = f"/live/storm/ws?after={first['position']}"
    async with websocket(server.address, path, compression=compression) as listener:
        assert listener.connection.subprotocol == "stoppress.v1"
        await listener.follow(lambda s: len(s.log) == 1)
        entry = await server.post(body="Schnee – сніг – 雪 " * 50)
        await listener.follow(lambda s: len(s.log) == 2)
        assert listener.state.log[-1]["id"] == entry["id"]
        assert "雪" in listener.state.log[-1]["html"]


async def test_websocket_answers_pings_and_closes_by_the_book(server: Running) -> None:
    async with websocket(server.address, "/live/storm/ws") as listener:
        await listener.follow(lambda s: s.position is not None)
        pong = await listener.connection.ping()
        async with asyncio.timeout(5):
            await pong
        await listener.connection.send("this is not read")
        await server.post()
        await listener.follow(lambda s: len(s.log) == 1)
        await listener.connection.close(1000)
        assert listener.connection.close_code == 1000
    await until(lambda: server.gate.count == 0)


async def test_polls_follow_with_the_same_positions(server: Running) -> None:
    at = (await server.changes())["position"]
    entry = await server.post()
    found = await server.changes(after=at)
    assert [c["id"] for c in found["changes"]] == [entry["id"]]
    assert found["position"] == entry["position"]
    assert found["reset"] is False
    assert (await server.changes(after=entry["position"]))["changes"] == []


async def test_a_long_poll_answers_when_something_changes(server: Running) -> None:
    at = (await server.changes())["position"]
    waiting = asyncio.create_task(server.changes(after=at, wait=30))
    await until(lambda: any(f.waiters for f in server.site.hub.feeds.values()))
    entry = await server.post()
    async with asyncio.timeout(5):
        found = await waiting
    assert [c["id"] for c in found["changes"]] == [entry["id"]]


async def test_a_long_poll_in_silence_ends_in_time(server: Running) -> None:
    at = (await server.changes())["position"]
    async with asyncio.timeout(5):
        found = await server.changes(after=at, wait=0.2)
    assert found == {"position": at, "changes": [], "reset": False}


@pytest.mark.parametrize("after", ["zzzz.1", "{epoch}.99999", "garbage", "-1", "a.b.c"])
async def test_a_position_that_is_none_gets_a_reset_with_the_present_one(server: Running, after: str) -> None:
    at = (await server.changes())["position"]
    after = after.format(epoch=at.split(".")[0])
    async with sse(server.address, f"/live/storm/stream?after={after}") as listener:
        assert listener.status == 200
        event = await listener.next()
        assert event is not None
        assert (event.kind, event.id) == ("reset", at)
        assert await listener.next() is None
    async with websocket(server.address, f"/live/storm/ws?after={after}") as socket:
        message = json.loads(await socket.connection.recv())
        assert message == {"kind": "reset", "position": at}
    await until(lambda: server.gate.count == 0)


async def test_a_reader_may_change_transport_midway(server: Running) -> None:
    async with sse(server.address, "/live/storm/stream?view=json") as listener:
        one = await server.post()
        await listener.follow(lambda s: len(s.log) == 1)
    state = listener.state
    two = await server.post()
    async with websocket(server.address, f"/live/storm/ws?after={state.position}") as socket:
        socket.state = state
        await socket.follow(lambda s: len(s.log) == 2)
    three = await server.post()
    polled = await server.changes(after=state.position)
    for change in polled["changes"]:
        state.apply(change)
    assert [c["id"] for c in state.log] == [one["id"], two["id"], three["id"]]


async def test_retracted_text_is_never_sent_again(server: Running) -> None:
    at = (await server.changes())["position"]
    entry = await server.post(title="SECRETNAME", body="SECRETNAME was there")
    await server.edit(entry, title="SECRETNAME again")
    await server.retract(entry)
    async with sse(server.address, f"/live/storm/stream?after={at}") as listener:
        await listener.follow(lambda s: len(s.log) == 1)
    assert b"SECRETNAME" not in listener.raw
    assert "SECRETNAME" not in json.dumps(await server.changes(after=at))
    assert "SECRETNAME" not in json.dumps(await server.changes(after=at, view="json"))
    gone = listener.state.log[0]
    assert (gone["kind"], gone["id"]) == ("gone", entry["id"])


async def test_readers_never_get_the_source_of_what_was_sanitised(server: Running) -> None:
    at = (await server.changes())["position"]
    await server.post(body="Fine. <!-- ask the lawyer first -->")
    found = await server.changes(after=at, view="json")
    assert "Fine." in found["changes"][0]["entry"]["blocks"][0]["html"]
    assert "lawyer" not in json.dumps(found)


async def test_a_burst_arrives_complete_at_every_listener(server: Running) -> None:
    async with contextlib.AsyncExitStack() as stack:
        listeners = [
            await stack.enter_async_context(sse(server.address, "/live/storm/stream?view=json"))
            for _ in range(20)
        ]
        entries = [await server.post() for _ in range(30)]
        for listener in listeners:
            await listener.follow(lambda s: len(s.log) == 30)
            assert [c["id"] for c in listener.state.log] == [e["id"] for e in entries]
            seqs = [seq_of(c["position"]) for c in listener.state.log]
            assert seqs == sorted(seqs)


async def test_a_connection_that_goes_away_leaves_nothing(server: Running) -> None:
    async with sse(server.address, "/live/storm/stream"), websocket(server.address, "/live/storm/ws"):
        await until(lambda: server.gate.count == 2)
    await until(lambda: server.gate.count == 0)
    await until(lambda: all(f.size == 0 for f in server.site.hub.feeds.values()))


async def test_an_unknown_or_unpublished_blog_has_no_stream(server: Running) -> None:
    await server.blog("secret", status="draft")
    for slug in ("secret", "nothing"):
        assert (await server.anonymous.get(f"/live/{slug}/stream")).status_code == 404
        assert (await server.anonymous.get(f"/live/{slug}/changes")).status_code == 404


async def test_the_newsroom_feed_needs_an_editor_and_shows_drafts(server: Running) -> None:
    assert (await server.anonymous.get("/live/storm/stream?feed=newsroom")).status_code == 401
    authorisation = {"Authorization": f"Bearer {server.admin_token}"}
    path = "/live/storm/stream?feed=newsroom&view=json"
    async with sse(server.address, path, headers=authorisation) as newsroom:
        async with sse(server.address, "/live/storm/stream") as public:
            draft = await server.post(status="draft", title="Not yet")
            shown = await server.post(title="Now")
            await newsroom.follow(lambda s: len(s.log) == 2)
            await public.follow(lambda s: len(s.log) == 1)
    assert [c["id"] for c in newsroom.state.log] == [draft["id"], shown["id"]]
    assert public.state.log[0]["id"] == shown["id"]


async def test_a_reader_who_leaves_while_it_is_authorised_leaves_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(tmp_path, stream_path="parsed") as server:
        await server.blog()
        acceptor = server.server.acceptor
        assert acceptor is not None
        authorise, asked, gone = acceptor.authorise, asyncio.Event(), asyncio.Event()

        async def slowly(scope: Scope) -> Subscription:
            asked.set()
            await gone.wait()
            return await authorise(scope)

        acceptor.authorise = slowly
        _, writer = await asyncio.open_connection(*server.address)
        writer.write(b"GET /live/storm/stream HTTP/1.1\r\nHost: x\r\n\r\n")
        await asked.wait()
        writer.transport.abort()
        gone.set()
        await until(lambda: server.gate.count == 0 and not acceptor.tasks)
        assert len(acceptor.poller) == 0
        assert not [r.getMessage() for r in caplog.records if r.levelname == "ERROR"]


async def test_a_stream_on_a_kept_connection_costs_no_task(tmp_path: Path) -> None:
    """Browsers ask for the stream over the connection that brought the page."""
    async with running(tmp_path) as server:
        await server.blog()
        reader, writer = await asyncio.open_connection(*server.address)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readuntil(b'{"status":"ok"}')
        writer.write(b"GET /live/storm/stream HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"text/event-stream" in await reader.readuntil(b"\r\n\r\n")
        await until(lambda: not server.server.server_state.connections)
        assert server.gate.count == 1
        entry = await server.post()
        await reader.readuntil(entry["id"].encode())
        writer.close()
        await until(lambda: server.gate.count == 0)
