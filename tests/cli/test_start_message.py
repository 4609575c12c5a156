"""What a start says to a person, in terminals of every width and where there is none."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import shlex
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from tests.support.process import ROOT, environment

pytestmark = pytest.mark.slow

SECONDS = 60.0
LAST = b"Ctrl+C stops it"
LONG = "https://live." + "a-newsroom-with-a-long-name." * 4 + "example.org"
_CODES = re.compile(r"\x1b\]8;[^\x1b]*\x1b\\|\x1b\[[0-9;?]*[A-Za-z]")


def _said(folder: Path, *, columns: int | None, **chosen: str) -> tuple[str, str]:
    """What `stoppress serve` prints in a terminal that is so wide, or in none; and its plain words without
    colours, links and the borders of a box."""
    reading, writing = pty.openpty() if columns else os.pipe()
    if columns:
        fcntl.ioctl(writing, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    variables = environment(data_dir=folder, drain_seconds=0, **chosen) | {"TERM": "xterm-256color"}
    variables.pop("COLUMNS", None)
    process = subprocess.Popen(
        [sys.executable, "-m", "server", "serve", "--port", "0"], cwd=ROOT, env=variables,
        stdin=subprocess.DEVNULL, stdout=writing, stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    try:
        data, deadline = b"", time.monotonic() + SECONDS
        while LAST not in data or data.count("╭".encode()) > data.count("╯".encode()):
            assert select.select([reading], [], [], deadline - time.monotonic())[0], data
            data += os.read(reading, 65_536)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(SECONDS)
        os.close(reading)
    plain = _CODES.sub("", data.decode(errors="ignore")).replace("\r\n", "\n")
    return plain, re.sub(r" *[│╭╮╰╯─]+ ?", "", plain)


@pytest.mark.parametrize("public_url", ["https://live.example.org", LONG])
@pytest.mark.parametrize("columns", [200, 80, 40, None])
def test_nothing_that_a_start_says_is_cut(columns: int | None, public_url: str, tmp_path: Path) -> None:
    plain, words = _said(tmp_path, columns=columns, public_url=public_url, demo="1")
    assert re.search(r"http://127\.0\.0\.1:\d+/live/un-aid-convoys\b", words)
    assert re.search(r"http://127\.0\.0\.1:\d+/console\b", words)
    assert public_url in words
    assert re.search(r"user admin, password (\w{4}-){3}\w{4}\b", words)
    assert str(tmp_path / "first-login.txt") in words
    assert "…" not in words
    boxed = [line for line in plain.splitlines() if line.startswith(("│", "╭", "╰"))]
    assert all(len(line) <= (columns or 0) and line.endswith(("│", "╮", "╯")) for line in boxed)
    assert bool(boxed) == (columns == 200)


def test_the_command_that_a_start_names_runs_from_the_same_folder(tmp_path: Path) -> None:
    _, words = _said(tmp_path, columns=80)
    (command,) = re.findall(r"^Command +(.+) --help$", words, re.MULTILINE)
    done = subprocess.run(
        [*shlex.split(command), "--version"], cwd=ROOT, capture_output=True, text=True, timeout=SECONDS
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("stoppress ")
    assert "first-login.txt" in words
