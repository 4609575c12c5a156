"""Processes of our own code beside the server, talked to over their standard input and output: the decoder of
pictures (picture_decoder.py) and the reader of long texts (newsroom/text_process.py)."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

_ROOT = str(Path(__file__).parent.parent.parent)


def start(module: str) -> subprocess.Popen[bytes]:
    """Run a module with nothing of the server's environment: its settings may hold secrets. Raises OSError."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    return subprocess.Popen(  # noqa: S603 - one of our own modules, by name
        [sys.executable, "-m", module],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env=kept | {"PYTHONPATH": _ROOT, "PYTHONUNBUFFERED": "1"},
        start_new_session=True,  # Ctrl+C in a terminal is for the server
    )


@contextlib.contextmanager
def killed_after(process: subprocess.Popen[bytes], seconds: float) -> Iterator[None]:
    """Kills the process unless the block ends in time."""
    watch = threading.Timer(seconds, process.kill)
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()


def close_pipes(process: subprocess.Popen[bytes]) -> None:
    """Close what led to a process that has ended."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):  # what was still to be written has no reader
                pipe.close()
