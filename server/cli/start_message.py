"""What a start says to the person at the terminal: where to read, where to write, how to log in, how to call
the command. Nothing of it is ever cut: a box where it fits, plain lines where it does not."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from server.cli import first_login
from server.cli.output import print_json
from server.demo.blog_head import SLUG

TITLE = "Stop Press is live"
BORDER = 4
"""Columns that a box takes at its sides."""


@dataclass(frozen=True, slots=True)
class Start:
    """What a person wants to know when the server listens. `password` only at the first start."""

    url: str
    public_url: str
    password: str | None
    password_file: Path | None
    demo: bool

    @property
    def console(self) -> str:
        return f"{self.url}/console"

    @property
    def reader(self) -> str:
        return f"{self.url}/live/{SLUG}" if self.demo else self.url


def announce(start: Start, *, as_json: bool) -> None:
    """Say that the server listens, on standard output."""
    if as_json:
        said = {"event": "listening", "url": start.url, "console": start.console, "pid": os.getpid()}
        if start.password:
            said |= {"username": first_login.USERNAME, "password": start.password}
        print_json(said)
        return
    console = Console(soft_wrap=True, highlight=False)
    text = Text("\n").join(_lines(start, own_command()))
    widest = max(line.cell_len for line in text.split("\n"))
    if console.is_terminal and widest + BORDER <= console.width:
        console.print(Panel(text, title=TITLE, subtitle="Ctrl+C stops it", expand=False))
    else:
        # a terminal wraps a long line where it ends; a box of ours would be cut there
        console.print(Text(TITLE, "bold"), text, Text("Ctrl+C stops it"), sep="\n")


def own_command() -> str:
    """How a shell in this folder calls `stoppress`: by its name where it is found, else by its path."""
    script = Path(sys.executable).parent / "stoppress"
    if not script.exists():
        return f"{shlex.quote(sys.executable)} -m server"
    found = shutil.which("stoppress")
    if found and Path(found).absolute() == script.absolute():
        return "stoppress"
    here = Path.cwd()
    path = script.relative_to(here) if script.is_relative_to(here) else script
    return shlex.quote(str(path))


def _lines(start: Start, command: str) -> list[Text]:
    places = {"Public": start.public_url} if start.public_url else {}
    places |= {"Reader": start.reader, "Console": start.console}
    lines = [_line(label, Text(url, f"link {url}")) for label, url in places.items()]
    return [*lines, *_log_in(start, command), *_told({"Command": f"{command} --help"})]


def _log_in(start: Start, command: str) -> list[Text]:
    if start.password:
        words = Text.assemble(
            "user ", (first_login.USERNAME, "bold"), ", password ", (start.password, "bold")
        )
        if start.password_file:
            return [
                _line("Log in", words),
                *_told({"": f"kept in {start.password_file}", " ": "delete it when you have read it"}),
            ]
        return [
            _line("Log in", words),
            *_told({"": "shown this once; another:", " ": f"{command} user reset {first_login.USERNAME}"}),
        ]
    if start.password_file:
        return _told({"Log in": f"see {start.password_file}"})
    return _told({"Log in": "with your user name; a new password:", "": f"{command} user reset NAME"})


def _told(lines: Mapping[str, str]) -> list[Text]:
    return [_line(label, Text(text)) for label, text in lines.items()]


def _line(label: str, text: Text) -> Text:
    return Text(f"{label.strip():<11}") + text
