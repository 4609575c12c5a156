"""Settings from environment variables `STOPPRESS_…`, or `STOPPRESS_…_FILE` with the name of a file that
contains the value, for secrets. docs/settings.md lists them; a test compares the two."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from server import setting_checks as checks
from server.domain.errors import SettingsError

PREFIX = "STOPPRESS_"


class Settings(BaseSettings):
    """All settings of a deployment. Only cli/ and app.py use them."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    data_dir: Path = Field(Path("./data"), description="Folder for the SQLite database and uploaded pictures.")
    database_url: str = Field("", description="SQLite in the data folder, or `postgresql://…`.")
    redis_url: str = Field(
        "",
        description="Unset: the in-process broker. `redis://…`, `rediss://…`, `unix://…`, "
        "`redis+sentinel://host:port,host:port/SERVICE` or `redis+cluster://host:port,…`.",
    )
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 picks a free one.")
    workers: int = Field(1, ge=1, le=64, description="Server processes; more than one needs Redis.")
    public_url: str = Field(
        "", description="The site's URL for readers, for links, cookies and structured data; no path."
    )
    demo: bool = Field(False, description="Run the demo blog that updates by itself.")
    fetch: bool = Field(True, description="Look up links that are posted, for their title and picture.")
    mastodon_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Mastodon servers, comma-separated, whose posts are shown."
    )
    frame_ancestors: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Origins, comma-separated, whose pages may show a blog in a frame; `*`: all."
    )
    theme: Path | None = Field(None, description="Folder with a style, pictures and templates of your own.")
    slot_every: int = Field(10, ge=2, le=39, description="Updates between two places of a theme's own.")
    csp_sources: str = Field(
        "", description="Sources added to the policy of readers' pages: `script-src https://ads.example; …`."
    )
    publish_delay: float = Field(
        0.0, ge=0, le=300, description="Seconds between Publish and going out, in which it can be stopped."
    )
    site_name: str = Field("Stop Press", min_length=1, max_length=80, description="Name of the publication.")
    language: str = Field(
        "en", description="Language of pages that belong to no blog: a BCP 47 tag such as `de` or `ar-EG`."
    )
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$", description="Lowest level logged.")
    log_json: bool = Field(False, description="Log lines as JSON.")
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        ("127.0.0.1", "::1"),
        description="Addresses or networks, comma-separated, whose X-Forwarded-For and -Proto are trusted.",
    )
    max_body_bytes: int = Field(1_048_576, ge=1024, description="Largest request, except picture uploads.")
    max_upload_bytes: int = Field(20_971_520, ge=1024, description="Largest picture in bytes.")
    max_upload_pixels: int = Field(50_000_000, ge=10_000, description="Largest picture in pixels.")
    request_timeout: float = Field(30.0, gt=0, le=600, description="Seconds for one request, except streams.")
    session_days: int = Field(14, ge=1, le=365, description="Days until an unused session expires.")
    session_max_days: int = Field(90, ge=1, le=365, description="Days until any log-in ends, used or not.")
    heartbeat_seconds: float = Field(15.0, ge=1, le=60, description="Seconds between heartbeats of a stream.")
    retry_ms: int = Field(2000, ge=100, le=60_000, description="Least time before a reader reconnects.")
    history_changes: int = Field(1000, ge=10, le=100_000, description="Most changes of a feed in memory.")
    history_bytes: int = Field(
        33_554_432, ge=65_536, description="Most bytes of a feed's changes in memory."
    )
    listener_buffer_bytes: int = Field(
        65_536, ge=1024, description="Send buffer of one listener."
    )
    listener_lag_seconds: float = Field(
        30.0, ge=1, le=600, description="Seconds a listener may lag before it is closed."
    )
    drain_seconds: float = Field(
        10.0, ge=0, le=300, description="Seconds over which streams are closed after SIGTERM."
    )
    compress_streams: bool = Field(True, description="Compress streams, once for all listeners.")
    stream_path: Literal["fast", "parsed", "portable"] = Field(
        "fast",
        description="How streams are served: `fast`, `parsed` (each request parsed), `portable` (by ASGI).",
    )
    max_listeners: int = Field(18_000, ge=1, description="Most open streams of one process.")
    max_listeners_per_address: int = Field(
        1_000, ge=1, description="Most open streams from one client address."
    )
    metrics_token: str = Field("", description="If set, `/metrics` requires it as a bearer token.")
    metrics_port: int = Field(
        0, ge=0, le=65535, description="If set, worker K (from 0) also listens on 127.0.0.1 at this port + K."
    )

    @field_validator("trusted_proxies", "mastodon_hosts", "frame_ancestors", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(v.strip() for v in value.split(",") if v.strip()) if isinstance(value, str) else value

    @field_validator("data_dir", mode="before")
    @classmethod
    def _folder(cls, value: Any) -> Any:
        return checks.folder(value)

    @field_validator("database_url")
    @classmethod
    def _database_url(cls, value: str) -> str:
        return checks.database_url(value) if value else value

    @field_validator("host")
    @classmethod
    def _host(cls, value: str) -> str:
        return checks.host(value)

    @field_validator("public_url")
    @classmethod
    def _public_url(cls, value: str) -> str:
        return checks.public_url(value) if value else value

    @field_validator("trusted_proxies")
    @classmethod
    def _proxies(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(checks.proxy(each) for each in value)

    @field_validator("language")
    @classmethod
    def _language(cls, value: str) -> str:
        return checks.language(value)

    @field_validator("theme", mode="before")
    @classmethod
    def _theme(cls, value: Any) -> Any:
        return checks.theme(Path(value)) if value else None

    @field_validator("csp_sources")
    @classmethod
    def _sources(cls, value: str) -> str:
        checks.policy_sources(value)
        return value

    @field_validator("frame_ancestors")
    @classmethod
    def _ancestors(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(checks.frame_ancestor(each) for each in value)

    @field_validator("mastodon_hosts")
    @classmethod
    def _hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(checks.public_host(each) for each in value)

    @field_validator("site_name", "metrics_token")
    @classmethod
    def _printable(cls, value: str) -> str:
        return checks.printable(value)

    @field_validator("redis_url")
    @classmethod
    def _redis_url(cls, value: str) -> str:
        if value:
            from server.broker.redis import url  # avoid loading redis-py if it is not needed

            url.check_url(checks.printable(value))
            for each in url.hosts(value):
                checks.host(each)
        return value

    @model_validator(mode="after")
    def _together(self) -> Settings:
        if self.workers > 1 and not self.redis_url:
            raise ValueError(
                "workers: more than one process requires STOPPRESS_REDIS_URL, which delivers updates to "
                "the readers of all processes"
            )
        if self.metrics_port + self.workers > 65_536:
            raise ValueError("metrics_port: too high; the last worker's port would exceed 65535")
        if self.metrics_port and self.metrics_port <= self.port < self.metrics_port + self.workers:
            raise ValueError("metrics_port: the workers' metrics ports must not include STOPPRESS_PORT")
        return self

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir / 'stoppress.db'}"


def load(**given: Any) -> Settings:
    """Load the settings from the environment; values in `given` that are not None override them.

    Raises:
        SettingsError: one does not fit.
    """
    chosen = {name: value for name, value in given.items() if value is not None}
    for name in Settings.model_fields:
        path = os.environ.get(f"{PREFIX}{name.upper()}_FILE")
        if path and name not in chosen:
            try:
                chosen[name] = Path(path).read_text(encoding="utf-8").strip()
            except OSError as error:
                raise SettingsError(f"{PREFIX}{name.upper()}_FILE: {error.strerror}: {path}") from error
            except ValueError as error:
                raise SettingsError(f"{PREFIX}{name.upper()}_FILE: not UTF-8 text: {path}") from error
    try:
        return Settings(**chosen)
    except ValidationError as error:
        raise SettingsError("\n".join(_line(e) for e in error.errors())) from error


def _line(error: Any) -> str:
    name = PREFIX + str(error["loc"][0]).upper() if error["loc"] else ""
    said = " ".join(str(error["msg"]).removeprefix("Value error, ").split())
    if not name and ":" in said:
        field, _, said = said.partition(": ")
        name = PREFIX + field.upper()
    return f"{name}: {said}"
