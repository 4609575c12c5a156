"""What a command says and how it ends: rich text for people, JSON for scripts, exit codes that mean something.

docs/commands.md lists the codes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import SplitResult, urlsplit

import typer

from server.domain import errors
from server.domain.errors import SettingsError

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]


class Exit(IntEnum):
    """How a command ended."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    REFUSED = 4
    UNAVAILABLE = 5
    SCHEMA = 6


_CODES: tuple[tuple[type[Exception], Exit], ...] = (
    (SettingsError, Exit.USAGE),
    (errors.Invalid, Exit.USAGE),
    (errors.NotFound, Exit.NOT_FOUND),
    (errors.Gone, Exit.NOT_FOUND),
    (errors.Unavailable, Exit.UNAVAILABLE),
    (errors.Throttled, Exit.UNAVAILABLE),
    (errors.SchemaMismatch, Exit.SCHEMA),
    (errors.StopPressError, Exit.REFUSED),
)


def blog_address(url: str, wanted: str) -> SplitResult:
    """The parts of the address of a blog's page.

    Args:
        wanted: what to say of one that is none.

    Raises:
        Invalid: it is none.
    """
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.port != 0 and parts.path.startswith("/live/")
    except ValueError:
        usable = False
    if not usable:
        raise errors.Invalid.field("URL", wanted)
    return parts


def exit_code(error: Exception) -> Exit:
    """The code that tells a script what kind of failure this was."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), Exit.FAILED)


def say(data: Mapping[str, Any], text: RenderableType, *, as_json: bool) -> None:
    """Print a result on standard output: `data` as one line of JSON, or `text` for a person."""
    if as_json:
        print_json(data)
    else:
        show(text)


def show(text: RenderableType) -> None:
    """Print on standard output for a person; a line that is longer than the terminal is left to it."""
    from rich.console import Console

    Console(soft_wrap=True).print(text)


def print_json(data: Mapping[str, Any]) -> None:
    """One JSON object on one line, flushed: whoever waits for it gets it at once."""
    sys.stdout.write(json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def complain(error: Exception, *, as_json: bool) -> None:
    """Say on standard error what went wrong."""
    detail = error.detail if isinstance(error, errors.StopPressError) else str(error)
    code = error.code if isinstance(error, errors.StopPressError) else "settings"
    if isinstance(error, errors.Invalid) and error.fields:
        detail = "; ".join(f"{f.field}: {f.message}" for f in error.fields)
    if as_json:
        sys.stderr.write(json.dumps({"error": {"code": code, "detail": detail}}, ensure_ascii=False) + "\n")
    else:
        from rich.console import Console

        Console(stderr=True, soft_wrap=True).print(detail, style="red", markup=False, highlight=False)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Table:
    """A table for a person; None shows as a dash."""
    from rich.table import Table

    shown = Table(title=title, title_justify="left", title_style="bold", header_style="dim")
    for column in columns:
        shown.add_column(column)
    for row in rows:
        shown.add_row(*("–" if cell is None or cell == "" else str(cell) for cell in row))
    return shown
