"""Several server processes on one port: each with a listening socket of its own (SO_REUSEPORT), so that the
kernel spreads connections evenly; one parent that starts them, and starts one again that died."""

from __future__ import annotations

import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from types import FrameType

import structlog

from server.domain.errors import Unavailable

log = structlog.get_logger()

READY = "STOPPRESS_WORKER_READY_FD"
"""Set in a worker only: the pipe on which it says that it listens."""
RESTART_SECONDS = 1.0


def in_worker() -> bool:
    return READY in os.environ


def listen(host: str, port: int, *, listening: bool = True) -> socket.socket:
    """A socket bound to the address; without `listening` it only keeps the port, for the workers' own.

    Raises:
        Unavailable: the address is in use or not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if in_worker() or not listening:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise Unavailable(f"Cannot listen on {host}:{port}: {error.strerror}.") from error
    if listening:
        bound.listen(2048)
    bound.setblocking(False)
    return bound


def report() -> None:
    """In a worker: tell the parent that connections are taken."""
    with os.fdopen(int(os.environ[READY]), "wb") as pipe:
        pipe.write(b".")


def run_many(count: int, reserved: socket.socket, *, listening: Callable[[], None]) -> None:
    """Keep `count` workers running until SIGTERM or SIGINT, then let them drain."""
    stopping = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    host, port = reserved.getsockname()[:2]
    running = [_start(host, port, first=n == 0) for n in range(count)]
    for process, pipe in running:
        _wait_ready(process, pipe)
    if all(process.poll() is None for process, _ in running):
        listening()
    while not stopping:
        time.sleep(0.2)
        for place, (process, _) in enumerate(running):
            if process.poll() is not None and not stopping:
                log.error("worker.died", pid=process.pid, code=process.returncode)
                time.sleep(RESTART_SECONDS)
                running[place] = _start(host, port, first=place == 0)
    for process, _ in running:
        process.terminate()
    for process, _ in running:
        process.wait()
    reserved.close()


def _start(host: str, port: int, *, first: bool) -> tuple[subprocess.Popen[bytes], int]:
    """One worker. Only the first runs the demo: two would tell the story at once."""
    read, write = os.pipe()
    environment = os.environ | {READY: str(write), "STOPPRESS_WORKERS": "1"}
    if not first:
        environment["STOPPRESS_DEMO"] = "0"
    command = [sys.executable, "-m", "server", *sys.argv[1:2], "--host", host, "--port", str(port)]
    process = subprocess.Popen(command, env=environment, pass_fds=[write])  # noqa: S603 (our own command)
    os.close(write)
    return process, read


def _wait_ready(process: subprocess.Popen[bytes], pipe: int) -> None:
    """Until the worker listens, or is gone: either way its end of the pipe closes."""
    with os.fdopen(pipe, "rb") as stream, selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while process.poll() is None and not selector.select(timeout=1.0):
            pass
