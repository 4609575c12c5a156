"""A server for each way into a WebSocket, shared by the tests of a module."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.web.stream.websocket_peer import WAYS, Way, three_ways


@pytest.fixture(scope="module")
async def servers(
    anyio_backend: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[dict[str, Way]]:
    async with three_ways(tmp_path_factory.mktemp("ways")) as found:
        yield found


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, servers: dict[str, Way]) -> Way:
    return servers[request.param]
