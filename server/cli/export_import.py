"""`stoppress export BLOG` and `stoppress import FILE`: a blog as one file of JSON Lines."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from server.cli.output import AsJson, say
from server.domain.errors import Invalid, NotFound, Unavailable
from server.domain.permissions import SYSTEM

if TYPE_CHECKING:
    from server.newsroom.desk import Desk

STANDARD = "-"


def export(
    blog: Annotated[str, typer.Argument(help="Slug of the blog.")],
    file: Annotated[str, typer.Argument(help="Where to; `-` is standard output.")] = STANDARD,
    as_json: AsJson = False,
) -> None:
    """Write a blog with its entries, their versions and pictures to one file; also what was retracted."""
    from server.cli.local_database import on_desk

    if file == STANDARD:
        on_desk(lambda desk: _export(desk, blog, sys.stdout.buffer))
        return
    with _whole(Path(file)) as out:
        counts = on_desk(lambda desk: _export(desk, blog, out))
    text = f"Exported /live/{blog} to {file}: {_told(counts)}"
    say({"blog": blog, "file": file, **counts}, text, as_json=as_json)


def import_(
    file: Annotated[str, typer.Argument(help="What `export` wrote; `-` is standard input.")],
    slug: Annotated[str, typer.Option(help="Another address for the blog.")] = "",
    as_json: AsJson = False,
) -> None:
    """Put an exported blog into this installation, all of it or nothing."""
    from server.cli.local_database import on_desk

    with _opened(file) as source:
        made = on_desk(lambda desk: _import(desk, source, slug))
    text = f"Imported [bold]/live/{made['slug']}[/bold]: {_told(made)}"
    if made["held"]:
        text += f"\n{made['held']} entries were due meanwhile; they wait for an editor as pending."
    if made["new_ids"]:
        text += "\nIts ids were in use here, so it has new ones."
    say(made, text, as_json=as_json)


async def _export(desk: Desk, slug: str, out: BinaryIO) -> dict[str, int]:
    from server.newsroom import export_import

    line: dict[str, Any] = {}
    # closed here, not by the collector: it holds a connection, and whoever reads the output may stop early
    async with contextlib.aclosing(export_import.export_blog(desk, SYSTEM, slug)) as lines:
        async for line in lines:
            out.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
    out.flush()
    return {name: count for name, count in line.items() if name != "type"}


async def _import(desk: Desk, source: BinaryIO, slug: str) -> dict[str, Any]:
    import dataclasses

    from server import settings
    from server.newsroom import export_import

    pixels = settings.load().max_upload_pixels
    made = await export_import.import_blog(desk, SYSTEM, _lines(source), slug=slug or None, max_pixels=pixels)
    return dataclasses.asdict(made)


def _lines(source: BinaryIO) -> Iterator[bytes]:
    from server.newsroom.export_format import MOST_LINE_BYTES

    while line := source.readline(MOST_LINE_BYTES + 1):
        yield line


@contextlib.contextmanager
def _opened(file: str) -> Iterator[BinaryIO]:
    if file == STANDARD:
        yield sys.stdin.buffer
        return
    with contextlib.ExitStack() as stack:
        try:
            source = stack.enter_context(Path(file).open("rb"))
        except FileNotFoundError as error:
            raise NotFound(f"There is no file {file}.") from error
        except OSError as error:
            raise Invalid.field("file", f"{error.strerror}: {file}") from error
        yield source


@contextlib.contextmanager
def _whole(path: Path) -> Iterator[BinaryIO]:
    """A file that is there when all of it is written, for its owner alone: it holds drafts and what was
    retracted. A file that is there already is not touched."""
    if path.exists():
        raise Invalid.field("file", f"{path} is there already; name another, or remove it")
    waiting = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        waiting.replace(path)
    except OSError as error:
        raise Unavailable(f"{path} could not be written: {error.strerror or error}") from error
    finally:
        waiting.unlink(missing_ok=True)


def _told(counts: dict[str, Any]) -> str:
    return f"{counts['entries']} entries, {counts['revisions']} revisions, {counts['pictures']} pictures"
