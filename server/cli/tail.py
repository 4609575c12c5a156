"""`stoppress tail URL`: follow a blog in the terminal."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from server.cli.output import AsJson, blog_address, print_json


def tail(
    url: Annotated[str, typer.Argument(help="Address of a blog's page, e.g. https://example.org/live/slug")],
    position: Annotated[str | None, typer.Option("--from", help="Start after this position.")] = None,
    count: Annotated[int | None, typer.Option(min=1, help="Stop after this many changes.")] = None,
    as_json: AsJson = False,
) -> None:
    """Follow a blog; resumes by itself. With --json one change on each line."""
    from rich.console import Console

    from server.cli.stream_follower import Follower, line

    parts = blog_address(url, "the address of a blog's page, https://HOST/live/SLUG")
    follower = Follower(f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}", position)
    console = Console(soft_wrap=True)

    async def whole() -> None:
        seen = 0
        async for change in follower.changes():
            if as_json:
                print_json(change)
            else:
                console.print(line(change))
            seen += 1
            if seen == count:
                return

    try:
        asyncio.run(whole())
    except KeyboardInterrupt:
        raise typer.Exit(0) from None
