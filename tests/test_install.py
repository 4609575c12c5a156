"""`pip install .` as the README says it: no pinned versions, no link to the checkout, called from elsewhere."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.install import copy, outside
from tests.support.process import ROOT

pytestmark = pytest.mark.slow

INSTALL_SECONDS = 300
SECONDS = 60
Run = Callable[..., str]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the commands of a virtual environment with nothing but Stop Press and what it asks for."""
    folder = tmp_path_factory.mktemp("install")
    source, environment = folder / "source", folder / "environment"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", "server", "static"):
        copy(ROOT / name, source / name)
    subprocess.run([sys.executable, "-m", "venv", environment], check=True, timeout=INSTALL_SECONDS)
    done = subprocess.run(
        [environment / "bin" / "python", "-m", "pip", "install", "--disable-pip-version-check", "."],
        cwd=source, env=outside() | {"PIP_NO_COMPILE": "1"}, capture_output=True, text=True,
        timeout=INSTALL_SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return environment / "bin"


@pytest.fixture
def run(installed: Path, tmp_path: Path) -> Run:
    """Runs one command of the installation in an empty folder; what it printed."""
    def command(*words: str) -> str:
        done = subprocess.run(
            [installed / "stoppress", *words], cwd=tmp_path, env=outside(data_dir=str(tmp_path / "data")),
            capture_output=True, text=True, timeout=SECONDS,
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        return done.stdout

    return command


def test_commands_run_in_any_folder(run: Run, tmp_path: Path) -> None:
    assert " post " in run("--help")
    assert json.loads(run("migrate", "--json"))["migrated"]
    assert json.loads(run("blog", "add", "storm", "--headline", "Storm", "--json"))["slug"] == "storm"
    assert json.loads(run("post", "storm", "Rain", "--json"))["number"] == 1
    assert json.loads(run("check", "--json"))["ok"]
    assert [json.loads(line)["type"] for line in run("export", "storm").splitlines()][-2:] == ["entry", "end"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["data"]


def test_nothing_in_it_contradicts_anything_else(installed: Path) -> None:
    done = subprocess.run(
        [installed / "python", "-m", "pip", "check", "--disable-pip-version-check"],
        env=outside(), capture_output=True, text=True, timeout=SECONDS,
    )
    assert done.returncode == 0, done.stdout
