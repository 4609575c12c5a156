"""Servers that start together, and a server whose database goes away while it starts."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

from server.app import create_app
from server.cli.output import Exit
from server.domain.errors import Unavailable
from server.settings import Settings
from tests.support.postgres import Postgres
from tests.support.process import ROOT, Process, environment, run

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

SERVERS = 3


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def fresh_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An address where nothing is yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'data' / 'stoppress.db'}"
    server: Postgres = request.getfixturevalue("postgres_server")
    return server.url(server.create())


async def test_servers_that_start_together_set_up_once(tmp_path: Path, fresh_url: str) -> None:
    data = tmp_path / "data"
    servers = [
        Process(tmp_path / f"log{n}", data_dir=data, database_url=fresh_url) for n in range(SERVERS)
    ]
    try:
        await asyncio.gather(*(server.start() for server in servers))
        first = [server.said for server in servers if "password" in server.said]
        assert len(first) == 1, [server.said for server in servers]
        login = {"username": "admin", "password": first[0]["password"]}
        for server in servers:
            async with server.client() as client:
                assert (await client.get("/readyz")).status_code == 200
                assert (await client.post("/api/v1/session", json=login)).status_code in (200, 201)
            assert "Traceback" not in server.log
            assert await server.terminate() == 0
    finally:
        for server in servers:
            await server.remove()


async def test_commands_that_come_first_together_set_up_once(tmp_path: Path, fresh_url: str) -> None:
    names = ("ada", "cem", "olga", "tom")
    chosen = {"data_dir": tmp_path / "data", "database_url": fresh_url}
    ended = await asyncio.gather(*(run("user", "add", name, "--json", **chosen) for name in names))
    assert [(e.code, e.err) for e in ended] == [(0, "")] * len(names)
    found = await run("user", "list", "--json", **chosen)
    assert {user["username"] for user in found.json["users"]} == set(names)


GOES_AWAY = """
import sys
from server.cli import server_process

whole, prepared = server_process._prepare, sys.argv.pop()

async def prepare(chosen):
    password = await whole(chosen)
    open(prepared, "w").close()
    sys.stdin.readline()  # until the database is gone
    return password

server_process._prepare = prepare
from server.cli.main import main
main()
"""


@pytest.mark.postgres
async def test_a_database_that_goes_away_during_the_start_is_said_in_one_sentence(
    tmp_path: Path, own_postgres: Postgres
) -> None:
    prepared = tmp_path / "prepared"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", GOES_AWAY, "serve", "--port", "0", str(prepared),
        cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment(data_dir=tmp_path, database_url=own_postgres.url(own_postgres.create())),
    )
    try:
        async with asyncio.timeout(60):
            while not prepared.exists():
                await asyncio.sleep(0.02)
            await asyncio.to_thread(own_postgres.stop)
            out, err = await process.communicate(b"\n")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == Exit.UNAVAILABLE
    assert out == b""
    said = [line for line in err.decode().splitlines() if "audit.user_added" not in line]
    assert said == ["The database cannot be reached; nothing was written. Try again."]


async def test_another_server_is_told_why_it_does_not_start_without_a_traceback(tmp_path: Path) -> None:
    """As uvicorn, hypercorn and the like see it."""
    (tmp_path / "stoppress.db").mkdir()
    app = create_app(Settings(data_dir=tmp_path))
    said = []

    async def receive() -> dict[str, str]:
        return {"type": "lifespan.startup"}

    async def send(message: dict[str, str]) -> None:
        said.append(message)

    with pytest.raises(Unavailable):
        await app({"type": "lifespan", "asgi": {"version": "3.0"}}, receive, send)  # type: ignore[arg-type]
    assert [m["type"] for m in said] == ["lifespan.startup.failed"]
    assert "Traceback" not in json.dumps(said)
