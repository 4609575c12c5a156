"""What `If-None-Match` and `Accept-Encoding` may say, and that every address that has versions obeys."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.requests import HTTPConnection

from server.delivery.encoding import takes_gzip
from server.store import schema
from server.web.conditional import client_has, last_modified
from tests.support.app import running
from tests.support.listeners import sse


@pytest.mark.parametrize(
    ("accepted", "taken"),
    [
        ("gzip", True), ("GZip, br", True), ("br,gzip;q=0.5", True), ("gzip; q=1.0", True), ("*", True),
        ("deflate, *;q=0.1", True),
        ("", False), ("identity", False), ("gzip;q=0", False), ("gzip; q=0.000, *", False), ("*;q=0", False),
        ("br", False), ("xgzip", False),
    ],
)
def test_gzip_is_sent_if_accepted(accepted: str, taken: bool) -> None:
    assert takes_gzip(accepted) is taken


def test_accept_encoding_in_two_lines_is_one_list() -> None:
    assert takes_gzip("br", "gzip")
    assert not takes_gzip("gzip;q=0", "*")


@pytest.mark.anyio
async def test_every_address_that_compresses_reads_all_header_lines(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        await server.blog()
        epoch = (await server.post(body="Rain. " * 400))["position"].split(".")[0]
        style = re.search(r'href="(/static/[^"]+\.css)"', (await server.anonymous.get("/live/storm")).text)
        assert style
        paths = [style[1], "/live/storm", "/live/storm/feed.rss", f"/live/storm/changes?after={epoch}.0"]
        for path in paths:
            both = [("Accept-Encoding", "br"), ("Accept-Encoding", "gzip")]
            answer = await server.anonymous.get(path, headers=both)
            assert answer.headers.get("content-encoding") == "gzip", path


def _asking(*given: str) -> HTTPConnection:
    return HTTPConnection({"type": "http", "headers": [(b"if-none-match", g.encode("latin-1")) for g in given]})


@pytest.mark.parametrize("etag", ['"3"', 'W/"3"'])
@pytest.mark.parametrize(
    ("given", "known"),
    [
        (['"3"'], True), (['W/"3"'], True), ([' "2" , W/"3"'], True), (["*"], True), ([" * "], True),
        (['"2"', '"3"'], True),  # a header in two lines is one list (RFC 9110, 5.3)
        (['"a,b", "3"'], True), ([',"3",'], True),
        ([], False), ([""], False), (['"2"'], False), (["3"], False), (['"2,3"'], False),
        (['w/"3"'], False), (['"3'], False), (['"3" "2"'], False), (['*, "2"'], False), (['"33"'], False),
    ],
)
def test_a_client_has_what_if_none_match_names(given: list[str], known: bool, etag: str) -> None:
    assert client_has(_asking(*given), etag) is known


def test_a_long_header_is_read_in_no_time_that_grows_with_its_square() -> None:
    assert not client_has(_asking('"x" ' + " " * 60_000 + "y"), '"3"')


@pytest.mark.anyio
@pytest.mark.parametrize(
    "path", ["/", "/live/storm", "/live/storm/feed.rss", "/live/storm/entries/{id}", "/api/v1/blogs/storm"]
)
@pytest.mark.parametrize("form", ["{etag}", '"other", {etag}', "*"])
async def test_what_a_client_has_is_not_sent_again(path: str, form: str, tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        await server.blog()
        path = path.format(id=(await server.post())["id"])
        etag = (await server.anonymous.get(path)).headers["etag"]
        again = await server.anonymous.get(path, headers={"If-None-Match": form.format(etag=etag)})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
        other = await server.anonymous.get(path, headers={"If-None-Match": '"other"'})
        assert other.status_code == 200


@pytest.mark.anyio
@pytest.mark.parametrize("stream_path", ["fast", "parsed", "portable"])
async def test_a_stream_is_not_compressed_for_a_client_that_refuses(stream_path: str, tmp_path: Path) -> None:
    async with running(tmp_path, stream_path=stream_path) as server:
        await server.blog()
        await server.changes()
        headers = {"Accept-Encoding": "gzip;q=0, identity"}
        async with sse(server.address, "/live/storm/stream", headers=headers) as stream:
            assert b"content-encoding" not in stream.head.lower()
            await server.post(body="Plain words")
            event = await stream.next()
            assert event is not None


@pytest.mark.anyio
async def test_feeds_and_the_sitemap_know_dates(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        await server.blog()
        entry = await server.post(title="Rain")
        earlier = datetime.now(UTC) - timedelta(hours=1)
        async with server.desk.database.write() as connection:
            for table in (schema.entries, schema.blogs):
                await connection.execute(table.update().values(updated_at=earlier))
        for path in [*(f"/live/storm/feed.{form}" for form in ("rss", "atom", "json")), "/sitemap.xml"]:
            answer = await server.anonymous.get(path)
            date = answer.headers["last-modified"]
            assert date == last_modified(earlier)
            same = await server.anonymous.get(path, headers={"If-Modified-Since": date})
            assert (same.status_code, same.headers["etag"]) == (304, answer.headers["etag"]), path
            other = {"If-Modified-Since": date, "If-None-Match": '"other"'}
            assert (await server.anonymous.get(path, headers=other)).status_code == 200, "the ETag decides"
            later = {"If-Modified-Since": last_modified(datetime.now(UTC) - timedelta(minutes=1))}
            assert (await server.anonymous.get(path, headers=later)).status_code == 200, "of another history"
        await server.retract(entry)
        gone = await server.anonymous.get("/live/storm/feed.rss", headers={"If-Modified-Since": date})
        assert gone.status_code == 200 and "Rain" not in gone.text


def test_what_changed_in_this_second_has_no_date() -> None:
    assert last_modified(datetime.now(UTC)) == ""
    assert last_modified(None) == ""
