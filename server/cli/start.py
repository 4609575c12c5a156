"""Starts the server for `stoppress serve` and `stoppress demo`: in one process or in several."""

from __future__ import annotations

import asyncio
import gc
import resource
import signal
import socket
from collections.abc import Callable

import structlog

from server.app import create_app, make_server
from server.cli import first_login, logs
from server.cli.announcement import Start, announce
from server.cli.local import open_desk
from server.serving import sockets, workers
from server.settings import Settings

log = structlog.get_logger()

SPARE_FILES = 200
"""For everything that is not a listener: the database, the broker, requests."""

def start(chosen: Settings, *, as_json: bool) -> None:
    logs.set_up(level=chosen.log_level, as_json=chosen.log_json)
    _take_files(chosen.max_listeners)
    if workers.in_worker():
        workers.end_with_parent()
        run_one(chosen, workers.listen(chosen.host, chosen.port), listening=workers.report)
        return
    password = asyncio.run(_prepare(chosen))
    kept = first_login.keep(chosen.data_dir, password) if password and chosen.demo else None
    if kept is None and (chosen.data_dir / first_login.FILE).exists():
        kept = chosen.data_dir / first_login.FILE
    reserved = workers.listen(chosen.host, chosen.port)
    started = Start(_address(chosen, reserved), chosen.public_url, password, kept, demo=chosen.demo)

    def listening() -> None:
        announce(started, as_json=as_json)

    if chosen.workers == 1:
        run_one(chosen, reserved, listening=listening)
    else:
        workers.run_many(chosen.workers, reserved, demo=chosen.demo, listening=listening)


async def _prepare(chosen: Settings) -> str | None:
    """Set up an empty database and its first user, before anything listens."""
    async with open_desk(chosen) as desk:
        return await first_login.make(desk)


def run_one(chosen: Settings, listener: socket.socket, *, listening: Callable[[], None]) -> None:
    """Serve in this process until a signal; `listening` is called once connections are taken."""
    # uvicorn raises the signal again when it has shut down in good order: that is no failure; one that comes
    # before uvicorn listens to signals must not be lost
    signals: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: signals.append(number))

    listeners = [listener, *sockets.metrics_sockets(chosen.metrics_port)]

    async def whole() -> None:
        server = make_server(create_app(chosen, demo=chosen.demo), chosen)
        if signals:
            return
        running = asyncio.create_task(server.serve(sockets=listeners))
        while not server.started and not running.done():  # noqa: ASYNC110 (uvicorn has no event for it)
            await asyncio.sleep(0.01)
        if server.started:
            _settle_memory()
            listening()
        await running

    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(whole())


def _take_files(listeners: int) -> None:
    """Each listener takes a file. Many systems allow a process 1024 until it asks for more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = listeners + SPARE_FILES if hard == resource.RLIM_INFINITY else hard
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    if wanted < listeners + SPARE_FILES:
        log.warning(
            "serve.files", allowed=wanted, max_listeners=listeners,
            hint="Raise LimitNOFILE (ulimit -Hn), or lower STOPPRESS_MAX_LISTENERS.",
        )


def _settle_memory() -> None:
    """Let the garbage collector look at what comes and goes, and not again and again at what stays: the
    program itself, and tens of thousands of connections. It took a fifth of the CPU of a crowd that arrives."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def _address(chosen: Settings, listener: socket.socket) -> str:
    port = listener.getsockname()[1]
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(chosen.host, chosen.host)  # noqa: S104 (to show)
    return f"http://[{host}]:{port}" if ":" in host and "[" not in host else f"http://{host}:{port}"
