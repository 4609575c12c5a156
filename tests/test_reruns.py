"""Only fault tests run again when they fail, and the run says which."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.process import ROOT

CONFTEST = """
from pathlib import Path
from tests.support.reruns import allow_reruns
def pytest_collection_modifyitems(items):
    allow_reruns(items, Path(__file__).parent / "faults")
"""
FAILS_ONCE = """
tries = 0
def test_once():
    global tries
    tries += 1
    assert tries == 2
"""


def test_a_fault_test_that_fails_runs_again_and_is_named_and_others_fail(tmp_path: Path) -> None:
    (tmp_path / "faults").mkdir()
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "faults" / "test_fault.py").write_text(FAILS_ONCE)
    (tmp_path / "test_other.py").write_text(FAILS_ONCE)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rR", "--rootdir", str(tmp_path), str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, timeout=120,
    )
    assert "RERUN faults/test_fault.py::test_once" in done.stdout
    assert "RERUN test_other.py" not in done.stdout
    assert "1 failed, 1 passed, 1 rerun" in done.stdout


def test_no_command_runs_others_again(request: pytest.FixtureRequest) -> None:
    assert "--reruns" not in (ROOT / "Makefile").read_text(encoding="utf-8")
    faults = ROOT / "tests" / "faults"
    again = [item for item in request.session.items if item.get_closest_marker("flaky")]
    assert [item.nodeid for item in again if not item.path.is_relative_to(faults)] == []
