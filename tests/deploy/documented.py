"""Configurations as docs/deployment.md shows them: the fenced blocks below a heading."""

from __future__ import annotations

from pathlib import Path

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "deployment.md"
FENCE = "```"


def block(heading: str, language: str) -> str:
    """The first block of a language below a heading."""
    here, inside = "", ""
    lines: list[str] = []
    for line in _lines():
        if line.startswith(FENCE):
            if inside and (here, inside) == (heading, language):
                return "\n".join(lines) + "\n"
            inside = "" if inside else line.removeprefix(FENCE) or "text"
            lines = []
        elif inside:
            lines.append(line)
        elif line.startswith("#"):
            here = line.lstrip("# ")
    raise AssertionError(f"docs/deployment.md has no block of {language} below {heading!r}")


def text_below(heading: str) -> str:
    """What is between a heading and the first block below it."""
    text = "\n".join(_lines())
    return text.partition(f"# {heading}\n")[2].partition(FENCE)[0]


def _lines() -> list[str]:
    return DOCUMENT.read_text(encoding="utf-8").splitlines()
