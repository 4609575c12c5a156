"""The only place where the parts of a server are put together."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from starlette.applications import Starlette
from starlette.types import Message, Receive, Scope, Send

from server.auth.throttle import Throttle
from server.background.task_supervisor import Supervisor
from server.broker.protocol import Broker
from server.delivery import framing, payload
from server.delivery.listener_limits import StreamGate
from server.domain.change import Change, FeedKey
from server.domain.errors import StopPressError
from server.domain.position import Position, new_id
from server.domain.providers import Providers
from server.fetch.client import FetchClient
from server.fetch.link_lookup import Lookup
from server.hub.hub import Hub, HubOptions
from server.installation import data_lock, make_desk
from server.media import picture_decoder
from server.newsroom import audience, callers, link_checks, rights_signal, schedule, text_process
from server.newsroom import feeds as newsroom_feeds
from server.newsroom.desk import Desk
from server.newsroom.readiness import WriteProbe
from server.serving import uvicorn_server
from server.serving.acceptor import HEADER_SECONDS
from server.setting_checks import policy_sources
from server.settings import Settings
from server.store import feeds, migrate
from server.store.database import Database
from server.web import errors, routes, theme
from server.web.assets import Assets
from server.web.kept_responses import KeptResponses
from server.web.middleware import middleware
from server.web.ops import audience_counts
from server.web.render import BUNDLES, REWRITES, Renderer
from server.web.security_headers import ResponseHeaders, policy
from server.web.site import Limits, Site
from server.web.stream.stream_authorisation import authoriser

SCHEDULE_SECONDS = 1.0
RIGHTS_SECONDS = 1.0
"""How long a private stream may go on after its rights ended without a signal: by a command without Redis."""
AUDIENCE_SECONDS = 20.0
"""How often readers are counted: a few times in each minute of the numbers that are kept."""
TIDY_SECONDS = 3600.0
TASK_WAIT_SECONDS = 5.0
"""The longest wait before a task that failed goes on: how late a scheduled entry may be after the database was
away."""


def static_folder() -> Path:
    """`static/` beside the package in a checkout, or the copy inside an installed wheel."""
    beside = Path(__file__).parent.parent / "static"
    return beside if beside.is_dir() else Path(__file__).parent / "_static"


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a running server."""

    database: Database
    broker: Broker
    desk: Desk
    hub: Hub
    site: Site
    gate: StreamGate


def make_throttle(settings: Settings) -> Throttle:
    """Log-in throttling; processes with the same Redis count together."""
    if not settings.redis_url:
        return Throttle()
    from server.broker.redis.login_counts import login_counts_from_url

    counters = login_counts_from_url(settings.redis_url)
    return Throttle(counters.storage, close_shared=counters.close)


def build(settings: Settings, *, demo: bool = False) -> Parts:
    """Create all parts. Starts nothing and does not touch any file."""
    providers = Providers(settings.mastodon_hosts)
    previews = Lookup(FetchClient(), providers) if settings.fetch and not demo else None
    desk = replace(
        make_desk(settings), previews=previews, publish_delay=timedelta(seconds=settings.publish_delay)
    )
    database, broker = desk.database, desk.broker

    async def read_changes(feed: FeedKey, seq: int) -> tuple[Position, list[Change]]:
        async with database.read() as connection:
            return await feeds.changes_after(connection, feed, seq)

    async def read_heads(wanted: list[FeedKey]) -> dict[FeedKey, Position]:
        async with database.read() as connection:
            return await feeds.heads(connection, wanted)

    async def renew_epoch(feed: FeedKey, seen: Position, rewritten: bool) -> Position:
        return await newsroom_feeds.renew_epoch(desk, feed, seen=seen, rewritten=rewritten)

    assets = Assets(
        static_folder(), bundles=BUNDLES, rewrites=REWRITES,
        theme=settings.theme / theme.STATIC if settings.theme else None,
    )
    renderer = Renderer(
        assets, site_name=settings.site_name, public_url=settings.public_url, language=settings.language,
        providers=providers, theme=settings.theme, slot_every=settings.slot_every,
    )
    hub = Hub(
        broker,
        read_changes=read_changes,
        read_heads=read_heads,
        renew_epoch=renew_epoch,
        encode=payload.encoder(renderer),
        signals=framing.SIGNALS,
        options=HubOptions(
            history_changes=settings.history_changes,
            history_bytes=settings.history_bytes,
            heartbeat_seconds=settings.heartbeat_seconds,
            lag_seconds=settings.listener_lag_seconds,
        ),
    )
    gate = StreamGate(
        hub,
        retry_ms=settings.retry_ms,
        buffer_bytes=settings.listener_buffer_bytes,
        compress=settings.compress_streams,
        max_listeners=settings.max_listeners,
        max_per_address=settings.max_listeners_per_address,
        trusted_proxies=settings.trusted_proxies,
    )
    rights_signal.subscribe(broker, gate.private.end)
    site = Site(
        name=settings.site_name,
        public_url=settings.public_url,
        database=database,
        desk=desk,
        hub=hub,
        renderer=renderer,
        assets=assets,
        throttle=make_throttle(settings),
        limits=Limits(
            settings.max_body_bytes, settings.max_upload_bytes, settings.max_upload_pixels,
            settings.request_timeout,
        ),
        session_days=settings.session_days,
        session_max_days=settings.session_max_days,
        probe=WriteProbe(desk),
        supervisor=Supervisor(longest_wait=TASK_WAIT_SECONDS, expected=StopPressError),
        metrics_token=settings.metrics_token,
        frame_ancestors=settings.frame_ancestors,
        security=ResponseHeaders(
            policy({"frame-src": providers.frames}),
            policy({"frame-src": providers.frames}, policy_sources(settings.csp_sources)),
        ),
    )
    return Parts(database, broker, desk, hub, site, gate)


SWITCH_SECONDS = 0.0005
"""How long the event loop waits for a thread that reads a long text to hand the interpreter over. Python's 5 ms
add up: a post hands over some twenty times (bench/posting.py)."""


class Application(Starlette):
    """Says in one line why it does not start, where Starlette gives the server a traceback to log. `failure`:
    the error, for whoever runs the server in this process."""

    failure: StopPressError | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await super().__call__(scope, receive, send)
            return

        async def say(message: Message) -> None:
            if message["type"] == "lifespan.startup.failed" and self.failure is not None:
                message = {**message, "message": self.failure.detail}
            await send(message)

        await super().__call__(scope, receive, say)


def create_app(settings: Settings, *, demo: bool = False) -> Application:
    """The ASGI application. Its lifespan starts broker, hub and schedule, and stops them again.

    Raises (when it starts):
        SchemaMismatch: the database needs `stoppress migrate`, or a newer Stop Press.
    """
    parts = build(settings, demo=demo)
    sys.setswitchinterval(SWITCH_SECONDS)

    @contextlib.asynccontextmanager
    async def lifespan(app: Application) -> AsyncIterator[None]:
        lock = data_lock(settings)
        try:
            await asyncio.to_thread(lock.share)
            async with _running(parts, demo=demo):
                yield
        except StopPressError as error:
            app.failure = error
            raise
        finally:
            lock.release()

    app = Application(
        routes=routes.table(),
        middleware=middleware(settings.trusted_proxies, parts.site.limits),
        exception_handlers=errors.HANDLERS,
        lifespan=lifespan,
    )
    app.state.site = parts.site
    app.state.gate = parts.gate
    app.state.kept = KeptResponses(parts.gate, one_host=bool(settings.public_url))
    return app


def _start_tasks(parts: Parts, *, demo: bool) -> None:
    """What goes on beside requests, for as long as the server runs."""
    supervisor, desk = parts.site.supervisor, parts.desk
    parts.hub.start(supervisor)
    supervisor.start("write_probe", parts.site.probe.run)
    waiting = schedule.Waiting()
    supervisor.every(SCHEDULE_SECONDS, "schedule", lambda: schedule.publish_due(desk, waiting=waiting))
    supervisor.every(RIGHTS_SECONDS, "rights", lambda: _end_outlived(parts))
    process = new_id()
    supervisor.every(
        AUDIENCE_SECONDS, "audience",
        lambda: audience.sample(desk, process, audience_counts.readers(parts.hub)),
    )
    supervisor.every(TIDY_SECONDS, "tidy", lambda: schedule.tidy(desk))
    supervisor.every(TIDY_SECONDS, "link_checks", lambda: link_checks.check_due(desk))
    if demo:
        from server.demo.player import run as run_demo

        supervisor.start("demo", lambda: run_demo(desk))


async def _end_outlived(parts: Parts) -> None:
    """End what is open on rights that have ended without a signal."""
    private = parts.gate.private
    held = private.authorities()
    if held:
        for caller_id in await callers.outlived(parts.desk, held):
            private.end(caller_id)


@contextlib.asynccontextmanager
async def _running(parts: Parts, *, demo: bool) -> AsyncIterator[None]:
    await migrate.check(parts.database, create=True)
    await parts.broker.start()
    _start_tasks(parts, demo=demo)
    warming = asyncio.create_task(asyncio.to_thread(parts.site.renderer.warm_up))
    try:
        yield
    finally:
        await asyncio.wait([warming])
        await parts.site.supervisor.close()
        picture_decoder.close()
        text_process.shared.close()
        await parts.hub.close()
        await parts.broker.close()
        await parts.site.throttle.close()
        await parts.database.close()


def make_server(
    app: Starlette, settings: Settings, *, header_seconds: float = HEADER_SECONDS
) -> uvicorn_server.Server:
    """The server around the application: its acceptor serves streams, and they drain before it stops."""
    config = uvicorn_server.make_config(
        app, compress=settings.compress_streams, request_seconds=settings.request_timeout,
        header_seconds=header_seconds,
    )
    return uvicorn_server.Server(
        config,
        app.state.gate,
        path=settings.stream_path,
        authorise=authoriser(app, settings.trusted_proxies),
        answer_kept=app.state.kept.answer,
        security_headers=app.state.site.security.of,
        drain_seconds=settings.drain_seconds,
        header_seconds=header_seconds,
    )

