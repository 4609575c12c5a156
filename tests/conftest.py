"""What every test may ask for: a database of each kind, a broker, and asyncio to run in."""

from __future__ import annotations

import gc
import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from server.auth import passwords
from server.store.database import Database
from tests.support import empty_database
from tests.support.desk import Newsroom, open_newsroom
from tests.support.disks import small_disk
from tests.support.hashers import CHEAP
from tests.support.made_once import make_once
from tests.support.postgres import own_postgres, postgres_server, postgres_url
from tests.support.reruns import allow_reruns
from tests.support.temporary_folder import use_memory
from tests.support.valkey import own_valkey, valkey_server

__all__ = ["own_postgres", "own_valkey", "postgres_server", "postgres_url", "small_disk", "valkey_server"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    allow_reruns(items, Path(__file__).parent / "faults")


def pytest_configure() -> None:
    use_memory()
    make_once()


def pytest_collection_finish() -> None:
    """What was imported stays, so collections need not look at it: they take a tenth of the time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Of the widest scope, so that fixtures of every scope may be asynchronous."""
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """Hashes of passwords are costly on purpose: 64 MiB, tens of milliseconds. Tests in this process make cheap
    ones of the same kind, besides those of tests/auth."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", CHEAP)
        yield


@pytest.fixture(autouse=True)
def sockets_of_broken_connections(request: pytest.FixtureRequest) -> Iterator[None]:
    """asyncio leaves the socket of a connection that was cancelled while it was made to the collector. Tests
    that break connections collect it when they end, neither before nor later: a collection in their middle
    would blame them, and one in another test that one."""
    breaks = request.node.get_closest_marker("redis") or request.node.get_closest_marker("postgres")
    if not breaks:
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()
        gc.enable()  # only now: it may collect at once


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A fresh SQLite database with today's schema."""
    path = tmp_path / empty_database.NAME
    empty_database.copy_to(path)
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh database with today's schema: the test runs once on each kind."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The same, open."""
    opened = Database(database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def newsroom(database: Database, tmp_path: Path) -> Newsroom:
    """A live blog `storm` on a database of either kind."""
    return await open_newsroom(database, tmp_path)
