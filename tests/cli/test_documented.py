"""docs/commands.md and the command say the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer

from server.cli.main import app
from server.cli.output import Exit

TEXT = (Path(__file__).parent.parent.parent / "docs" / "commands.md").read_text(encoding="utf-8")


def commands() -> dict[str, Any]:
    """Every command by its words, e.g. `user add`."""
    found = {}
    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        below = getattr(command, "commands", None)
        for word, inner in (below or {"": command}).items():
            found[f"{name} {word}".strip()] = inner
    return found


@pytest.mark.parametrize("name", commands())
def test_command_and_its_options_are_documented(name: str) -> None:
    assert f"`stoppress {name}" in TEXT
    for parameter in commands()[name].params:
        for option in parameter.opts:
            if option.startswith("--"):
                assert re.search(rf"{option}\b", TEXT), f"{name} {option}"


def test_documented_commands_exist() -> None:
    named = set(re.findall(r"^\| `stoppress ([a-z]+(?: [a-z]+)?)", TEXT, re.MULTILINE))
    assert named == set(commands())


def test_exit_codes_are_documented() -> None:
    codes = {int(code) for code in re.findall(r"^\| (\d+) \|", TEXT, re.MULTILINE)}
    assert codes == {int(code) for code in Exit} | {130}
