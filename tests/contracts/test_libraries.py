"""What our code relies on inside other libraries. The range in pyproject.toml ends before the next minor
version of each. When a test here fails after an upgrade, read the file that it names before the range is
widened."""

from __future__ import annotations

import inspect
import tomllib
from importlib.metadata import version
from typing import Any

import psycopg
import pytest
from limits.aio.storage import RedisClusterStorage, RedisStorage
from limits.aio.storage.redis.redispy import RedispyBridge
from packaging.requirements import Requirement
from psycopg.errors import _WaitTimeout
from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.cluster import ClusterNode, RedisCluster

from server.store.postgres import BoundedConnection
from tests.support.process import ROOT

INSIDES = {
    "uvicorn": "server/serving, tests/contracts/test_uvicorn.py",
    "aiosqlite": "server/store/sqlite.py",
    "psycopg": "server/store/postgres.py",
    "limits": "server/broker/redis/login_counts.py",
}


@pytest.mark.parametrize("name", INSIDES)
def test_the_range_holds_the_version_that_was_read_and_ends_before_the_next(name: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (wanted,) = [r for r in map(Requirement, project["dependencies"]) if r.name == name]
    major, minor = (int(part) for part in version(name).split(".")[:2])
    assert wanted.specifier.contains(version(name))
    assert not wanted.specifier.contains(f"{major}.{minor + 1}.0"), INSIDES[name]
    assert not wanted.specifier.contains(f"{major + 1}.0")


def test_psycopg_waits_in_one_place_and_cancels_in_one() -> None:
    source = inspect.getsource(psycopg.connection_async)
    waits = inspect.getsource(psycopg.AsyncConnection.wait)
    assert source.count("waiting.wait_async(") == waits.count("waiting.wait_async(") == 2
    assert "await self._try_cancel(timeout=" in waits


def test_psycopg_has_the_parts_that_the_bounded_connection_uses() -> None:
    kinds = (psycopg.AsyncConnection, BoundedConnection)
    theirs, ours = (inspect.signature(kind.wait).parameters for kind in kinds)
    assert list(theirs) == list(ours) == ["self", "gen", "interval", "timeout"]
    assert theirs["interval"].default == ours["interval"].default
    assert list(inspect.signature(psycopg.AsyncConnection._try_cancel).parameters) == ["self", "timeout"]
    assert "timeout" in inspect.signature(psycopg.AsyncConnection.cancel_safe).parameters
    assert issubclass(_WaitTimeout, psycopg.Error)


@pytest.mark.anyio
async def test_limits_counts_over_the_pool_that_it_is_given() -> None:
    pool: Any = ConnectionPool(host="127.0.0.1", port=9)
    storage = RedisStorage("async+redis://", implementation="redispy", key_prefix="x", connection_pool=pool)
    assert isinstance(storage.bridge, RedispyBridge)
    client: Any = storage.bridge.get_connection()
    assert isinstance(client, Redis)
    assert client.connection_pool is pool
    assert storage.bridge.prefixed_key("y") == "x:y"
    await pool.aclose()


@pytest.mark.anyio
async def test_limits_hands_its_options_to_the_cluster_and_the_cluster_out() -> None:
    nodes: Any = [ClusterNode("127.0.0.1", 9)]
    storage = RedisClusterStorage(
        "async+redis+cluster://", implementation="redispy", key_prefix="x", startup_nodes=nodes,
        require_full_coverage=False, username="ada",
    )
    assert isinstance(storage.bridge, RedispyBridge)
    client: Any = storage.bridge.get_connection()
    assert isinstance(client, RedisCluster)
    assert [(n.host, n.port) for n in client.startup_nodes] == [("127.0.0.1", 9)]
    assert client.connection_kwargs["username"] == "ada"
    assert callable(client.aclose)
    await client.aclose()
