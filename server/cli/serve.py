"""`stoppress serve` and `stoppress demo`."""

from __future__ import annotations

from typing import Annotated

import typer

from server.cli.output import AsJson

Host = Annotated[str | None, typer.Option(help="Address to listen on.")]
Port = Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.")]


def serve(host: Host = None, port: Port = None, as_json: AsJson = False) -> None:
    """Run the server until SIGTERM or Ctrl+C."""
    from server import settings
    from server.cli.server_process import start

    start(settings.load(host=host, port=port), as_json=as_json)


def demo(host: Host = None, port: Port = None, as_json: AsJson = False) -> None:
    """Run the server with a live blog that updates by itself."""
    from server import settings
    from server.cli.server_process import start

    start(settings.load(host=host, port=port, demo=True), as_json=as_json)
