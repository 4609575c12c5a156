"""Starts the server for `stoppress serve` and `stoppress demo`: in one process or in several."""

from __future__ import annotations

import asyncio
import gc
import logging
import resource
import signal
import socket
from collections.abc import Callable

import structlog

from server.app import Application, create_app, make_server
from server.cli import first_login, logs, private_files
from server.cli.local_database import open_desk
from server.cli.start_message import Start, announce
from server.installation import data_lock
from server.serving import sockets, workers
from server.settings import Settings

log = structlog.get_logger()

SPARE_FILES = 200
"""For everything that is not a stream: the database, the broker, requests. Where a process may have few files,
half of them."""


def start(chosen: Settings, *, as_json: bool) -> None:
    """Serve until a signal."""
    logs.set_up(level=chosen.log_level, as_json=chosen.log_json)
    chosen = chosen.model_copy(update={"max_listeners": _take_files(chosen.max_listeners)})
    if workers.in_worker():
        workers.end_with_parent()
        run_one(chosen, workers.listen(chosen.host, chosen.port), listening=workers.report)
        return
    with data_lock(chosen):
        _start_as_parent(chosen, as_json=as_json)


def _start_as_parent(chosen: Settings, *, as_json: bool) -> None:
    """Set up, listen and serve. The lock on the data folder is held also while no worker is alive."""
    password = asyncio.run(_prepare(chosen))
    private_files.tighten(chosen.data_dir)
    kept = first_login.keep(chosen.data_dir, password) if password else None
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
    """Serve in this process until a signal; `listening` is called once connections are taken.

    Raises:
        StopPressError: the application does not start.
    """
    # uvicorn raises the signal again when it has shut down in good order: that is no failure; one that comes
    # before uvicorn listens to signals must not be lost
    signals: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: signals.append(number))

    listeners = [listener, *sockets.metrics_sockets(chosen.metrics_port)]

    app: Application | None = None

    async def whole() -> None:
        nonlocal app
        made = app = create_app(chosen, demo=chosen.demo)
        # the command says why it does not start, once
        logging.getLogger("uvicorn.error").addFilter(lambda _: made.failure is None)
        server = make_server(app, chosen)
        if signals:
            return
        running = asyncio.create_task(server.serve(sockets=listeners))
        while not server.started and not running.done():  # noqa: ASYNC110 (uvicorn has no event for it)
            await asyncio.sleep(0.01)
        if server.started:
            _settle_memory()
            listening()
        await running

    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(whole())
    except SystemExit:  # uvicorn's way to say that it does not start
        if app is None or app.failure is None:
            raise
        raise app.failure from None


def _take_files(listeners: int) -> int:
    """How many streams this process can carry. Each takes a file, and what is left is for posts: many systems
    allow a process 1024 files until it asks for more, and no more than their hard limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = listeners + SPARE_FILES if hard == resource.RLIM_INFINITY else hard
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    most = wanted - min(SPARE_FILES, wanted // 2)
    if most < listeners:
        log.warning(
            "serve.files", allowed=wanted, max_listeners=listeners, streams=most,
            hint="Raise LimitNOFILE (ulimit -Hn), or lower STOPPRESS_MAX_LISTENERS.",
        )
    return min(listeners, most)


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
