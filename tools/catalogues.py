"""Bring `server/locales/*.po` up to date with the messages in the sources: `make catalogues`.

New messages are added without a translation, messages that are gone are removed, and nothing is guessed.
`make catalogues LANGUAGE=pt` begins the file of a new language.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parent.parent
CATALOGUES = ROOT / "server" / "locales"
WIDTH = 112
METHODS = [
    # what only the command line says
    ("newsroom/export_*.py", "ignore"), ("newsroom/import_reader.py", "ignore"),
    *((f"{layer}/**.py", "python") for layer in ("auth", "domain", "media", "newsroom", "text", "web")),
    ("web/templates/**.html", "jinja2"),
]
OPTIONS = {"web/templates/**.html": {"trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}}
KEYWORDS = {
    "_": None, "N_": None, "gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3), "plurals": (1, 2),
    # texts of errors are translated where they are shown
    "NotFound": None, "Problem": (2,), "answer_of": (3,), "Message": (1,), "FieldError": (2,), "field": (2,),
    "Conflict": None, "Forbidden": None, "Unauthenticated": None, "TooLarge": None, "UnsupportedMedia": None,
    "Unavailable": None, "too_many": (2,),
}
"""Functions whose arguments are messages, as Babel's `-k` describes them."""
LEFT_OUT = tuple(f'"{name}: '.encode() for name in (
    "POT-Creation-Date", "PO-Revision-Date", "Last-Translator", "Language-Team", "Report-Msgid-Bugs-To",
    "Generated-By",
))
"""Headers that would make each run differ, or say nothing."""


def messages() -> Catalog:
    """All messages of the sources."""
    found = Catalog(fuzzy=False)
    for path, _line, message, comments, context in _extracted():
        found.add(message, None, [(f"server/{path}", 0)], auto_comments=comments, context=context)
    return found


def _extracted() -> Iterator[tuple[str, int, str | tuple[str, ...], list[str], str | None]]:
    return extract_from_dir(
        ROOT / "server", METHODS, OPTIONS, KEYWORDS, comment_tags=("Translators:",), strip_comment_tags=True
    )


def updated(path: Path) -> bytes:
    """The content of a catalogue, with the messages of the sources and the translations that it has."""
    content = path.read_bytes() if path.exists() else b""
    catalogue = read_po(io.BytesIO(content), locale=path.stem.replace("-", "_"))
    catalogue.update(messages(), no_fuzzy_matching=True)
    catalogue.fuzzy = False
    catalogue.header_comment = f"# {catalogue.locale.english_name} translation of Stop Press."
    catalogue.project, catalogue.version = "Stop Press", "1"
    out = io.BytesIO()
    write_po(out, catalogue, width=WIDTH, sort_by_file=True, ignore_obsolete=True, include_lineno=False)
    return b"".join(line for line in out.getvalue().splitlines(True) if not line.startswith(LEFT_OUT))


def forms(text: str | tuple[str, ...]) -> tuple[str, ...]:
    """The forms of a translation: one, or as many as the language has plurals."""
    return (text,) if isinstance(text, str) else tuple(text)


def main() -> None:
    for path in sorted({*CATALOGUES.glob("*.po"), *(CATALOGUES / f"{tag}.po" for tag in sys.argv[1:])}):
        path.write_bytes(updated(path))
        missing = [m for m in read_po(io.BytesIO(path.read_bytes())) if m.id and not any(forms(m.string))]
        print(f"{path.relative_to(ROOT)}: {len(missing)} without a translation")  # noqa: T201


if __name__ == "__main__":
    main()
