"""`stoppress bench URL`: load on one's own server, bounded in listeners and time."""

from __future__ import annotations

import asyncio
import ipaddress
import re
from typing import Annotated

import typer

from server.cli.output import AsJson, Exit, blog_address, print_json, show, table
from server.domain.errors import Invalid

MOST_LISTENERS = 15_000
MOST_SECONDS = 600


def bench(
    url: Annotated[str, typer.Argument(help="The page of a blog on your own server, http://…/live/SLUG.")],
    listeners: Annotated[int, typer.Option(min=1, max=MOST_LISTENERS, help="Streams to open.")] = 500,
    seconds: Annotated[int, typer.Option(min=1, max=MOST_SECONDS, help="How long to listen at most.")] = 20,
    posts: Annotated[int, typer.Option(min=0, max=1000, help="Entries to post; needs --token.")] = 10,
    token: Annotated[
        str, typer.Option("--token", envvar="STOPPRESS_TOKEN", help="API token of an editor.", show_envvar=True)
    ] = "",
    mine: Annotated[bool, typer.Option("--mine", help="Say that a server elsewhere is yours to load.")] = False,
    as_json: AsJson = False,
) -> None:
    """Put load on your own server. What it posts is retracted in the end."""
    from rich.console import Console

    from server.cli import load_generator

    wanted_url = "the page of a blog, http://HOST:PORT/live/SLUG"
    parts = blog_address(url, wanted_url)
    slug = re.fullmatch(r"/live/([a-z0-9-]+)/?", parts.path)
    if parts.scheme != "http" or slug is None:
        raise Invalid.field("URL", wanted_url)
    host = parts.hostname or ""
    if not mine and not _is_loopback(host):
        raise Invalid.field("--mine", "required for a server that is not on this machine")
    console = Console(stderr=True, quiet=as_json)
    wanted = posts if token else 0
    result = asyncio.run(
        load_generator.run(
            host, parts.port or 80, slug[1], listeners, seconds, wanted, token, console
        )
    )
    if as_json:
        print_json(result)
    else:
        rows = [[name.replace("_", " "), value] for name, value in result.items()]
        show(table(f"{listeners} listeners", ["figure", "value"], rows))
    bad = result["lost"] or result["disorder"] or result["missing"]
    raise typer.Exit(Exit.FAILED if bad else Exit.OK)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
