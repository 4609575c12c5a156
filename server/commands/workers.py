"""Several server processes on one port: each with a listening socket of its own (SO_REUSEPORT), so that the
kernel spreads connections evenly; one parent that starts them, and starts one again that died."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType

import structlog

from server.domain.errors import Unavailable
from server.web.stream import serving

log = structlog.get_logger()

READY = "STOPPRESS_WORKER_READY_FD"
"""Set in a worker only: the pipe on which it says that it listens."""
PARENT = "STOPPRESS_WORKER_PARENT_FD"
"""Set in a worker only: a pipe that the parent holds open for as long as it lives."""
RESTART_SECONDS = 1.0


def in_worker() -> bool:
    return READY in os.environ


def listen(host: str, port: int) -> socket.socket:
    """A socket bound to the address. In the parent of several workers it only keeps the port for them.

    Raises:
        Unavailable: the address is in use or not this machine's.
    """
    try:
        # SO_REUSEPORT would let a second installation share the port in silence, so ask without it first
        if port and not in_worker():
            with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((host, port))
        return serving.listening_socket(host, port)
    except OSError as error:
        raise Unavailable(f"Cannot listen on {host}:{port}: {error.strerror or error}.") from error


def report() -> None:
    """In a worker: tell the parent that connections are taken."""
    with os.fdopen(int(os.environ[READY]), "wb") as pipe:
        pipe.write(b".")


def end_with_parent() -> None:
    """In a worker: end as on SIGTERM when the parent is gone, killed ones included. Nobody else would ever
    end the worker, and it would keep the port."""

    def watch() -> None:
        os.read(int(os.environ[PARENT]), 1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent", daemon=True).start()


def run_many(count: int, reserved: socket.socket, *, demo: bool, listening: Callable[[], None]) -> None:
    """Keep `count` workers running until SIGTERM or SIGINT, then let them drain. Only the first runs the
    demo: two would tell the story at once."""
    stopping = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    host, port = reserved.getsockname()[:2]
    alive, _held = os.pipe()
    running = [_start(host, port, alive, demo=demo and place == 0) for place in range(count)]
    if all(process.poll() is None for process in running):
        listening()
    while not stopping:
        time.sleep(0.2)
        for place, process in enumerate(running):
            if process.poll() is not None and not stopping:
                log.error("worker.died", pid=process.pid, code=process.returncode)
                time.sleep(RESTART_SECONDS)
                running[place] = _start(host, port, alive, demo=demo and place == 0)
    for process in running:
        process.terminate()
    for process in running:
        process.wait()
    reserved.close()


def _start(host: str, port: int, alive: int, *, demo: bool) -> subprocess.Popen[bytes]:
    """One worker, once it listens or is gone."""
    read, write = os.pipe()
    environment = os.environ | {
        READY: str(write), PARENT: str(alive), "STOPPRESS_WORKERS": "1", "STOPPRESS_DEMO": str(int(demo)),
    }
    command = [sys.executable, "-m", "server", "serve", "--host", host, "--port", str(port)]
    process = subprocess.Popen(command, env=environment, pass_fds=[write, alive])  # noqa: S603 (our own command)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        pipe.read(1)  # ends when the worker has written, and when it died and its end is closed
    return process
