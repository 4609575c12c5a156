"""Configurations as docs/deployment.md shows them: the fenced blocks below a heading."""

from __future__ import annotations

from pathlib import Path

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "deployment.md"
FENCE = "```"


def block(heading: str, language: str) -> str:
    """The first block of a language below a heading."""
    here, inside = "", ""
    lines: list[str] = []
    for line in DOCUMENT.read_text(encoding="utf-8").splitlines():
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
