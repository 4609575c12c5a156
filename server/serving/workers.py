"""Several server processes on one port: each with a listening socket of its own (SO_REUSEPORT), so that the
kernel spreads connections evenly; one parent that starts them, and starts one again that died."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from types import FrameType

from server.domain.errors import Unavailable
from server.serving.sockets import PLACE, listening_socket
from server.serving.worker_supervisor import READY, Place, Program

PARENT = "STOPPRESS_WORKER_PARENT_FD"
"""Set in a worker only: a pipe that the parent holds open for as long as it lives."""
SERVE = (sys.executable, "-m", "server", "serve")
LOOK_SECONDS = 0.1
"""How often the parent looks what became of its workers, and of itself."""


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
        return listening_socket(host, port)
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


def run_many(
    count: int,
    reserved: socket.socket,
    *,
    demo: bool,
    listening: Callable[[], None],
    command: Sequence[str] = SERVE,
) -> None:
    """Keep `count` workers running until SIGTERM or SIGINT, then let them drain. Only the first runs the
    demo: two would tell the story at once.

    Args:
        reserved: keeps the port.
        listening: called once each worker has come up or died for the first time, and one takes connections.
        command: what a worker runs; `--host` and `--port` are added.

    Raises:
        Unavailable: every worker died before it took connections. To try that again and again helps nobody.
    """
    signals = 0

    def count_signal(_number: int, _frame: FrameType | None) -> None:
        nonlocal signals
        signals += 1

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, count_signal)
    places = _places(count, reserved, demo=demo, command=command)
    announced = False
    try:
        while not signals:
            for place in places:
                place.look(time.monotonic())
            if not announced and all(place.settled for place in places):
                if not any(place.listened for place in places):
                    raise Unavailable("No worker came up; each has said why.")
                announced = True
                listening()
            time.sleep(LOOK_SECONDS)
    finally:
        _end(places, lambda: signals)
        reserved.close()


def _places(
    count: int, reserved: socket.socket, *, demo: bool, command: Sequence[str]
) -> list[Place]:
    host, port = reserved.getsockname()[:2]
    alive, _held = os.pipe()
    environment = os.environ | {PARENT: str(alive), "STOPPRESS_WORKERS": "1"}
    whole = [*command, "--host", host, "--port", str(port)]
    own = [{PLACE: str(number), "STOPPRESS_DEMO": str(int(demo and number == 0))} for number in range(count)]
    return [Place(Program(whole, environment | each, alive)) for each in own]


def _end(places: list[Place], signals: Callable[[], int]) -> None:
    """Let all workers drain; a further signal is passed on to them, and ends them at once."""
    passed_on = -1
    while not all(place.gone() for place in places):
        if signals() > passed_on:
            passed_on = signals()
            for place in places:
                place.terminate()
        time.sleep(LOOK_SECONDS)
