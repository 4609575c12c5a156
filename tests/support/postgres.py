"""A private PostgreSQL for a run of tests: its own folder and port, one database for each test."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from server.store import migrate
from server.store.database import Database
from tests.support.ports import free_port

TEMPLATE = "stoppress_template"
DEADLINE = 30.0
_SETTINGS = {
    # nobody cuts the power of a test; what a crash of the server does is tested with kill()
    "fsync": "off", "full_page_writes": "off", "max_connections": "60", "shared_buffers": "32MB",
}


class Postgres:
    """One server. Every address it gives out stays right over `stop`, `kill` and `start`."""

    def __init__(self) -> None:
        self._binaries = _binaries()
        # pytest's own temporary folders are closed to the user that PostgreSQL must run as
        self._folder = Path(tempfile.mkdtemp(prefix="stoppress-postgres-"))
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._user = _user()
        if self._user is not None:
            shutil.chown(self._folder, self._user)
        self._run("initdb", "-D", str(self._data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync",
                  "--locale=C", "--no-instructions")

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def url(self, database: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def start(self, *, standby: bool = False) -> None:
        """Start, and wait until it answers; as a standby of nobody if wanted."""
        if standby:
            path = self._data / "standby.signal"
            path.touch()
            if self._user is not None:
                shutil.chown(path, self._user)
        arguments = [str(self._binaries / "postgres"), "-D", str(self._data), "-p", str(self.port),
                     "-h", "127.0.0.1", "-k", str(self._folder)]
        for name, value in _SETTINGS.items():
            arguments += ["-c", f"{name}={value}"]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                arguments, stdout=log, stderr=log, stdin=subprocess.DEVNULL, user=self._user, cwd="/"
            )
        deadline = time.monotonic() + DEADLINE
        while True:
            try:
                psycopg.connect(self.url("postgres"), connect_timeout=2).close()
                return
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    log_text = (self._folder / "log").read_text(errors="replace")
                    raise RuntimeError(f"PostgreSQL did not start:\n{log_text[-2000:]}") from None
                time.sleep(0.02)

    def stop(self) -> None:
        """Shut down in order: transactions are undone, connections ended."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """Crash: every process of it ends at once, and the next start recovers."""
        self._end(signal.SIGQUIT)

    def kill_all(self) -> None:
        """kill -9, of every process of it."""
        processes = self._processes()
        _signal(processes, signal.SIGSTOP)  # the first one cannot tell the others to end in order
        _signal(processes, signal.SIGKILL)
        self._end(signal.SIGKILL)
        deadline = time.monotonic() + DEADLINE
        while any(Path(f"/proc/{pid}").exists() for pid in processes) and time.monotonic() < deadline:
            time.sleep(0.01)  # whoever is left would keep the next one from starting

    def freeze(self, *, first: bool = True) -> None:
        """Stop every process of it where it stands; connections stay open, and nobody answers. Without the
        `first` one new connections can be made, and those that are open do not answer."""
        _signal(self._processes()[0 if first else 1 :], signal.SIGSTOP)

    def thaw(self) -> None:
        _signal(self._processes()[::-1], signal.SIGCONT)

    def execute(self, statement: LiteralString, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run one statement as the superuser; the rows that it returned."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def create(self, *, template: str = "template0") -> str:
        """Make a database; its name."""
        name = f"test_{secrets.token_hex(6)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            # copied as files: half the work of one that goes through the log
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'.encode())
        return name

    def drop(self, name: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())

    def remove(self) -> None:
        self.thaw()
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(DEADLINE)
            self._process = None

    def _processes(self) -> list[int]:
        """The first process, which starts the others, and then those."""
        if self._process is None:
            return []
        first = self._process.pid
        return [first, *(int(pid) for pid in Path(f"/proc/{first}/task/{first}/children").read_text().split())]

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(self._binaries / program), *arguments],
            check=True, capture_output=True, user=self._user, cwd="/",
        )


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """A running server with a template that holds today's schema. Each worker of pytest-xdist has its own."""
    server = Postgres()
    try:
        server.start()
        server.execute(f'CREATE DATABASE "{TEMPLATE}" TEMPLATE template0')
        asyncio.run(_migrate(server.url(TEMPLATE)))
        yield server
    finally:
        server.remove()


@pytest.fixture
def postgres_url(postgres_server: Postgres) -> Iterator[str]:
    """A fresh database with today's schema and nothing in it."""
    name = postgres_server.create(template=TEMPLATE)
    yield postgres_server.url(name)
    postgres_server.drop(name)


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    """A server that the test may stop and kill."""
    server = Postgres()
    try:
        server.start()
        yield server
    finally:
        server.remove()


def _signal(processes: list[int], number: signal.Signals) -> None:
    for pid in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


async def _migrate(url: str) -> None:
    database = Database(url)
    await migrate.upgrade(database)
    await database.close()


def _binaries() -> Path:
    found = shutil.which("postgres")
    folders = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda p: int(p.parts[-3]), reverse=True
    )
    if folders:
        return folders[0].parent
    if found:
        return Path(found).resolve().parent
    pytest.fail("PostgreSQL is not installed: install it, or leave these tests out with -m 'not postgres'")


def _user() -> str | None:
    """Who runs the server: initdb refuses root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"
