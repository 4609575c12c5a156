"""A command loads what it needs and no more: nine tenths of the time of a short one are imports."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.process import ROOT, environment

SERVER = {
    "uvicorn", "starlette", "websockets", "sse_starlette", "jinja2", "prometheus_client", "limits", "redis",
    "PIL", "argon2", "server.app", "server.web.routes", "server.hub",
}
"""What only a running server needs."""
DATABASE = {"sqlalchemy", "alembic", "aiosqlite", "psycopg", "server.store", "server.newsroom"}
WRITING = {"nh3", "pydantic_settings", "structlog", "server.settings"}
CLIENT = {"httpx2"}

_RUN = """
import json, sys
from server.cli.main import main
try:
    main(json.loads(sys.argv[1]))
except SystemExit as ended:
    code = ended.code or 0
sys.stderr.write(json.dumps([code, sorted(sys.modules)]))
"""


def _loaded(folder: Path, *words: str, ends: int = 0) -> set[str]:
    """The modules that a command had loaded when it ended, with this code."""
    done = subprocess.run(
        [sys.executable, "-c", _RUN, json.dumps(words)], cwd=ROOT, env=environment(data_dir=folder),
        capture_output=True, text=True, timeout=60,
    )
    code, names = json.loads(done.stderr.splitlines()[-1])
    assert code == ends, done.stdout
    return set(names)


@pytest.mark.parametrize(
    "words", [["--help"], ["--version"], ["post", "--help"], ["serve", "--help"], ["user", "add", "--help"]]
)
def test_help_loads_neither_server_nor_database(words: list[str], tmp_path: Path) -> None:
    assert _loaded(tmp_path, *words) & (SERVER | DATABASE | WRITING | CLIENT) == set()


def test_a_post_loads_the_database_and_not_the_server(tmp_path: Path) -> None:
    _loaded(tmp_path, "blog", "add", "storm", "--headline", "Storm")
    loaded = _loaded(tmp_path, "post", "storm", "Rain")
    assert loaded >= {"sqlalchemy", "aiosqlite", "server.newsroom.entries"}
    assert loaded & (SERVER | CLIENT) == set()


def test_a_post_to_a_server_elsewhere_loads_no_database(tmp_path: Path) -> None:
    loaded = _loaded(tmp_path, "post", "storm", "Rain", "--url", "ftp://x", "--token", "sp_x", ends=2)
    assert loaded & (SERVER | DATABASE) == set()
