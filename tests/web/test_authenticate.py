"""Who is asking is looked up once for each request, whatever comes out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import HTTPConnection

from server.domain.errors import Unauthenticated
from server.domain.permissions import SYSTEM
from server.newsroom import callers, people
from server.web import authenticate
from server.web.authenticate import caller_of
from tests.support.app import running
from tests.support.listeners import until

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("known", [True, False])
async def test_a_token_is_looked_up_once_for_each_request(
    known: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, look_up = [], callers.caller_of_token

    async def counted(*given: Any) -> Any:
        asked.append(given)
        return await look_up(*given)

    monkeypatch.setattr(callers, "caller_of_token", counted)
    async with running(tmp_path) as server:
        token = server.admin_token if known else "sp_unknown"
        for requests in (1, 2):
            scope = {
                "type": "http", "app": server.app,
                "headers": [(b"authorization", f"Bearer {token}".encode())],
            }
            for _ in range(3):
                if known:
                    found = await caller_of(HTTPConnection(scope))
                    assert found is not None
                    assert found.role == "admin"
                else:
                    with pytest.raises(Unauthenticated):
                        await caller_of(HTTPConnection(scope))
            assert len(asked) == requests


@pytest.mark.parametrize("how", ["json", "form", "picture"])
async def test_rights_that_end_while_a_body_arrives_post_nothing(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, look_up, revoked = [], callers.caller_of_token, asyncio.Event()

    async def counted(*given: Any) -> Any:
        found = await look_up(*given)
        asked.append(found)
        return found

    monkeypatch.setattr(authenticate, "TRUSTED_SECONDS", -1.0)
    async with running(tmp_path) as server:
        await server.blog()
        made, secret = await people.create_token(server.desk, SYSTEM, name="ada", role="editor")
        kinds = {
            "json": ("/api/v1/blogs/storm/entries", "application/json", b'{"body": "Too late"}'),
            "form": ("/console/blogs/storm", "application/x-www-form-urlencoded", b"body=Late"),
            "picture": ("/api/v1/media", "multipart/form-data; boundary=x", b"--x--"),
        }
        path, kind, body = kinds[how]
        async def slowly() -> AsyncIterator[bytes]:
            yield body[:3]
            await revoked.wait()
            yield body[3:]

        monkeypatch.setattr(callers, "caller_of_token", counted)
        headers = {"Authorization": f"Bearer {secret}", "Content-Type": kind}
        posting = asyncio.create_task(server.anonymous.post(path, content=slowly(), headers=headers))
        await until(lambda: bool(asked))
        await people.revoke_token(server.desk, SYSTEM, made.id)
        revoked.set()
        answer = await posting
        assert answer.status_code == 401
        assert asked[0] is not None
        assert (await server.changes(after=None))["changes"] == []
