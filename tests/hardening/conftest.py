from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.app import Running, running


@pytest.fixture(scope="module")
async def server(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running(tmp_path_factory.mktemp("hardening"), max_body_bytes=50_000) as server:
        await server.blog("storm")
        yield server
