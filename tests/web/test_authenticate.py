"""Who is asking is looked up once for each request, whatever comes out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.requests import HTTPConnection

from server.domain.errors import Unauthenticated
from server.newsroom import people
from server.web.authenticate import caller_of
from tests.support.app import running

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("known", [True, False])
async def test_a_token_is_looked_up_once_for_each_request(
    known: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, look_up = [], people.caller_of_token

    async def counted(*given: Any) -> Any:
        asked.append(given)
        return await look_up(*given)

    monkeypatch.setattr(people, "caller_of_token", counted)
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
