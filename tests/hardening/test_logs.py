"""What is written when something fails: where and what kind, never what was sent, and not again and again."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from server.cli import logs, tracebacks
from server.domain.permissions import SYSTEM
from server.newsroom import people
from server.web.authenticate import COOKIE
from tests.support.app import running

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse battery"
SECRETS = ("hunter2-in-a-field", "hunter2-in-the-body", "hunter2-in-a-query", PASSWORD)


@pytest.fixture(params=[False, True], ids=["console", "json"])
def written(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What the process logs from now on."""
    stream = io.StringIO()
    root = logging.getLogger()
    before, level, config = list(root.handlers), root.level, structlog.get_config()
    monkeypatch.setattr(sys, "stderr", stream)
    logs.set_up(level="debug", as_json=request.param)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)
    structlog.configure(**config)


async def test_a_log_holds_no_secret_whatever_fails(
    written: io.StringIO, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each part of the way fails once, with an exception that quotes what it was given."""
    async with running(tmp_path) as server:
        await server.blog("storm")
        await people.create_user(server.desk, SYSTEM, "ada", password=PASSWORD, role="admin")
        secret, _ = await people.log_in(server.desk, "ada", PASSWORD, days=1)
        _, token = await people.create_token(server.desk, SYSTEM, "wire", "editor")
        cookie = {"Cookie": f"{COOKIE}={secret}"}
        form = {"title": "hunter2-in-a-field", "password": PASSWORD, "do": "publish", "username": "ada"}

        async def all_of_them() -> None:
            for path in ("/console/blogs/storm", "/console/users", "/console/tokens", "/console/login"):
                answer = await server.anonymous.post(path, data=form, headers=cookie)
                assert answer.status_code == 500, (path, answer.status_code)
            for bearer in (token, server.admin_token):
                answer = await server.anonymous.post(
                    "/api/v1/blogs/storm/entries?q=hunter2-in-a-query", json={"body": "hunter2-in-the-body"},
                    headers={"Authorization": f"Bearer {bearer}"},
                )
                assert answer.status_code == 500

        async def quoting(*given: Any, **named: Any) -> Any:
            seen = {
                "given": given, "named": named, "form": form, "cookie": cookie, "token": token,
                "body": "hunter2-in-the-body", "query": "hunter2-in-a-query",
            }
            raise ValueError(f"not to be written: {seen}") from KeyError(repr(seen))

        for name in ("server.web.console.forms.read", "server.web.api.request_parsing.read"):
            monkeypatch.setattr(name, quoting)
        await all_of_them()
        monkeypatch.undo()
        monkeypatch.setattr(sys, "stderr", written)
        async with server.desk.database.write() as connection:
            await connection.exec_driver_sql("ALTER TABLE entries RENAME COLUMN content TO contents")
        answer = await server.http.post(
            "/api/v1/blogs/storm/entries", json={"title": "hunter2-in-a-field", "body": "hunter2-in-the-body"}
        )
        assert answer.status_code >= 500
        log = written.getvalue()
    assert "ValueError" in log and "test_logs.py" in log
    for hidden in (*SECRETS, secret, token, server.admin_token):
        assert hidden not in log


async def test_the_same_error_is_written_once_and_then_counted(
    written: io.StringIO, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is only counted costs nothing: its traceback is not rendered."""
    rendered, render = [], tracebacks.render
    monkeypatch.setattr(tracebacks, "render", lambda error: rendered.append(error) or render(error))
    monkeypatch.setattr(tracebacks, "QUIET_SECONDS", 3600.0)
    async with running(tmp_path) as server:
        async def broken(*_: Any, **__: Any) -> Any:
            raise ValueError("broken")

        server.site.renderer.pages.get = broken  # type: ignore[method-assign]
        await server.blog("storm")
        for _ in range(50):
            assert (await server.anonymous.get("/live/storm")).status_code == 500
    assert [str(error) for error in rendered] == ["broken"]
    assert written.getvalue().count("ValueError") == 1


def test_what_was_not_written_is_told_the_next_time() -> None:
    now = [0.0]
    repeats = tracebacks.Repeats(lambda: now[0])

    def record() -> logging.LogRecord:
        try:
            int("x")
        except ValueError:
            return logging.LogRecord("uvicorn", logging.ERROR, "", 1, "failed", (), sys.exc_info())
        raise AssertionError

    assert [repeats.filter(record()) for _ in range(4)] == [True, False, False, False]
    now[0] = tracebacks.QUIET_SECONDS + 1
    again = record()
    assert repeats.filter(again)
    assert "3 times" in again.getMessage()
    other = logging.LogRecord("uvicorn", logging.WARNING, "", 1, "another", (), None)
    assert repeats.filter(other) and not repeats.filter(other)


def test_lines_of_ours_without_an_error_are_all_written() -> None:
    repeats = tracebacks.Repeats()
    record = logging.LogRecord("x", logging.WARNING, "", 1, {"event": "audit.login_failed"}, (), None)
    assert all(repeats.filter(record) for _ in range(3))


def test_a_long_chain_is_short_in_the_log() -> None:
    def deep(depth: int) -> None:
        try:
            if depth:
                deep(depth - 1)
            raise ValueError("hunter2")
        except ValueError as error:
            raise OSError(28, "No space left on device") from error

    with pytest.raises(OSError) as caught:
        deep(200)
    said = tracebacks.render(caught.value)
    assert "No space left on device" in said
    assert "hunter2" not in said
    assert len(said.splitlines()) < 60
