"""Whether the value of a setting makes sense, before anything is started with it. Nothing is connected to.

Each function returns the value to use, or raises ValueError with a reason that repeats no password.
"""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

_HOST_NAME = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9_-]{1,63}(?<!-))*\.?", re.ASCII)
_DRIVERS = {"sqlite": ("sqlite", "sqlite+aiosqlite"), "postgresql": ("postgresql", "postgresql+psycopg")}
MAX_HOST_NAME = 253

_SOURCE = re.compile(
    r"(https|wss)://(\*\.)?(?P<host>[^/:]+)(:\d{1,5})?(/[\w./%~-]*)?", re.ASCII
)
_HASH = re.compile(r"'sha(256|384|512)-[A-Za-z0-9+/]{40,90}={0,2}'", re.ASCII)
EXTENSIBLE = (
    "script-src", "style-src", "img-src", "media-src", "connect-src", "font-src", "frame-src", "form-action",
)
"""Directives of the Content-Security-Policy that a site may add sources to."""

_LANGUAGE = re.compile(r"[a-z]{2,8}(-[a-z0-9]{1,8})*", re.ASCII | re.IGNORECASE)


def language(value: str) -> str:
    """A BCP 47 tag. One that there is no catalogue for has English words, as a blog's has."""
    if not _LANGUAGE.fullmatch(value):
        raise ValueError("must be a BCP 47 language tag, for example en-GB")
    return value


def printable(value: str) -> str:
    if not value.isprintable():
        raise ValueError("must not hold control characters")
    return value


def folder(value: str | Path) -> Path:
    """A folder that is there, or could be made."""
    if not printable(str(value)).strip():
        raise ValueError("must name a folder")
    path = Path(value)
    try:
        there = next((p for p in (path, *path.parents) if p.exists()), None)
    except OSError as error:
        raise ValueError(f"cannot be a folder: {error.strerror}") from None
    if there is not None and not there.is_dir():
        raise ValueError(f"{there} is not a folder")
    return path


def database_url(value: str) -> str:
    printable(value)
    try:
        url = make_url(value)
    except (ArgumentError, ValueError):
        raise ValueError("must be sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME") from None
    kind = url.get_backend_name()
    if url.drivername not in _DRIVERS.get(kind, ()):
        raise ValueError("must start with sqlite:/// or postgresql://")
    if kind == "sqlite":
        _sqlite(url.host, url.database, dict(url.query))
    else:
        _postgresql(value)
    return value


def _sqlite(host: str | None, database: str | None, query: dict[str, object]) -> None:
    if host:
        raise ValueError("sqlite:// takes three slashes before the path, four before one from the root")
    if not database or database == ":memory:":
        raise ValueError("sqlite:/// needs the path of a file")
    if query:
        raise ValueError("sqlite:/// takes no options")
    if Path(database).is_dir():
        raise ValueError(f"{database} is a folder; name a file")
    folder(Path(database).parent)


def _postgresql(value: str) -> None:
    # the driver finds out about these only when it connects
    from psycopg.conninfo import conninfo_to_dict
    from psycopg.errors import ProgrammingError

    parts = urlsplit(value)
    try:
        conninfo_to_dict(value.replace("postgresql+psycopg://", "postgresql://", 1))
        port = parts.port
    except (ProgrammingError, ValueError) as error:
        said = str(error).strip().partition("\n")[0]
        reason = said if parts.password is None or parts.password not in said else "cannot be understood"
        raise ValueError(f"postgresql://: {reason}") from None
    query = dict(parse_qsl(parts.query))
    if not parts.hostname and "host" not in query and "service" not in query:
        raise ValueError("postgresql:// needs a host")
    if parts.hostname and "," not in parts.netloc and not parts.hostname.startswith("%2f"):
        host(parts.hostname)
    if port == 0:
        raise ValueError("postgresql://: the port is a number from 1 to 65535")


def host(value: str) -> str:
    """An address of this machine or a name; whether it is this machine's shows when it is listened on."""
    try:
        ipaddress.ip_address(value.partition("%")[0])
    except ValueError:
        numbers_only = re.fullmatch(r"[0-9.]+", value, re.ASCII)
        if numbers_only or len(value) > MAX_HOST_NAME or not _HOST_NAME.fullmatch(value):
            raise ValueError("must be an IP address or the name of a host") from None
    return value


def public_host(value: str) -> str:
    """The name of a site, in lower case: at least two labels, and no address or port."""
    name = value.lower().rstrip(".")
    if "." not in name or not re.search("[a-z]", name.rpartition(".")[2]):
        raise ValueError(f"{value[:100]!r} is not the name of a site, like social.example.org")
    return host(name)


def frame_ancestor(value: str) -> str:
    """`*`, or an origin whose host may begin with `*.`, as `frame-ancestors` takes it."""
    if value == "*":
        return value
    if re.match(r"https?://\*\.", value):
        public_host(value.partition("*.")[2].partition(":")[0])
        return public_url(value.replace("*.", "", 1)).replace("://", "://*.")
    return public_url(value)


def proxy(value: str) -> str:
    """An address or a network, or `*` for everybody."""
    if value == "*":
        return value
    try:
        ipaddress.ip_network(value)
    except ValueError as error:
        raise ValueError(f"{value[:100]!r} is not an IP address or network: {str(error)[:200]}") from None
    return value


def public_url(value: str) -> str:
    """Scheme, host and perhaps a port; without the slash at its end."""
    wanted = "must be like https://live.example.org"
    if not value.startswith(("http://", "https://")):
        raise ValueError("must start with http:// or https://")
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"{wanted}: {error}") from None
    if not value.isprintable() or " " in value or not parts.hostname or port == 0:
        raise ValueError(wanted)
    if parts.path not in ("", "/") or parts.query or parts.fragment or "?" in value or "#" in value:
        raise ValueError(f"{wanted}, with no path")
    if "@" in parts.netloc:
        raise ValueError(f"{wanted}, without a user")
    host(parts.hostname)
    return value.rstrip("/")


def policy_sources(value: str) -> dict[str, tuple[str, ...]]:
    """Sources to add to directives of the policy: `script-src https://ads.example; img-src https://*.cdn.example`.
    Hosts by name and hashes only: what allows inline scripts, every host or plain HTTP is refused."""
    found: dict[str, tuple[str, ...]] = {}
    for part in filter(None, (each.strip() for each in value.split(";"))):
        name, *sources = part.split()
        if name not in EXTENSIBLE:
            raise ValueError(f"{name[:40]!r} is none of {', '.join(EXTENSIBLE)}")
        if not sources or name in found:
            raise ValueError(f"{name} needs its sources, once")
        found[name] = tuple(_source(each) for each in sources)
    return found


def _source(value: str) -> str:
    if _HASH.fullmatch(value):
        return value
    parts = _SOURCE.fullmatch(value)
    if parts is None:
        raise ValueError(
            f"{value[:60]!r} is no source: a site like https://ads.example or https://*.ads.example, or a hash"
        )
    public_host(parts["host"])
    return value


def theme(value: Path) -> Path:
    """The folder of a theme, with templates that can be read. See web/theme.py."""
    from server.web import theme as themes  # the library of templates is not needed without one

    printable(str(value))
    themes.check(value)
    return value
