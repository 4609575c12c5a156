"""The command `stoppress`: every noun and verb in one table, and errors as exit codes.

All command modules are loaded for every command, and for `--help`. So they import what is light at the top, and
what one command needs (the database, the server, an HTTP client) when it runs; a test holds that.
docs/commands.md describes all of them; a test compares the two.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import typer

from server import __version__
from server.cli import (
    backup,
    bench,
    blogs,
    check,
    export_import,
    migrate,
    post,
    private_files,
    serve,
    tail,
    tokens,
    users,
)
from server.cli.output import Exit, complain, exit_code
from server.domain.errors import SettingsError, StopPressError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Stop Press, a live-blog server for newsrooms. Settings come from the environment: STOPPRESS_…",
)
app.command("serve")(serve.serve)
app.command("demo")(serve.demo)
app.add_typer(users.app, name="user")
app.add_typer(tokens.app, name="token")
app.add_typer(blogs.app, name="blog")
app.command("post")(post.post)
app.command("tail")(tail.tail)
app.command("export")(export_import.export)
app.command("import")(export_import.import_)
app.command("bench")(bench.bench)
app.command("migrate")(migrate.migrate)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.command("check")(check.check)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"stoppress {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """Stop Press, a live-blog server for newsrooms."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit with its code; `arguments` are the process's own when not given."""
    private_files.keep_private()
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        app(args=given, prog_name="stoppress")
    except (StopPressError, SettingsError) as error:
        complain(error, as_json="--json" in given)
        sys.exit(exit_code(error))
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # whoever read the output has enough; Python would complain when it writes the rest at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(Exit.FAILED)
