"""House style of the style sheets: colours from tokens, one declaration a line, logical properties only."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from server.web.assets import BUNDLES as DIST
from server.web.render import BUNDLES

CSS = Path(__file__).parent.parent / "static" / "css"
EMBEDDING = CSS.parent.parent / "docs" / "embedding.md"
FILES = sorted(
    path.relative_to(CSS).as_posix() for path in CSS.rglob("*.css") if DIST not in path.relative_to(CSS).parts
)
COLOUR_FILES = {"tokens.css"}
"""The only files that may hold raw colours."""

RAW_COLOUR = re.compile(
    r"#[0-9a-f]{3,8}\b|\b(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch|color)\(|"
    r"(?<![\w-])(?:black|white|silver|gray|grey|red|maroon|green|lime|blue|navy|teal|aqua|yellow|orange|purple|"
    r"fuchsia|pink|brown|gold|beige|ivory|crimson|tomato|salmon|indigo|violet|cyan|magenta)(?![\w-])",
    re.IGNORECASE,
)
PHYSICAL_PROPERTY = re.compile(
    r"(?:(?:margin|padding|border|scroll-margin|scroll-padding|inset)-)?(?:top|right|bottom|left)(?:-\w+)?|"
    r"border-(?:top|bottom)-(?:left|right)-radius|(?:min-|max-)?(?:width|height)"
)
PHYSICAL_SIDES = {"margin", "padding", "inset", "border-width", "border-style", "border-color", "scroll-margin"}
"""Shorthands of four sides: the second and the fourth value are right and left, so they must be the same."""
PHYSICAL_VALUES = {"text-align", "float", "clear"}


class Declaration(NamedTuple):
    line: int
    property: str
    value: str


def _without_comments(css: str) -> str:
    """Comments become spaces; line breaks stay, so that line numbers are right."""
    return re.sub(r"/\*.*?\*/", lambda found: re.sub(r"[^\n]", " ", found[0]), css, flags=re.DOTALL)


def _plain(css: str) -> str:
    """Without comments and the contents of strings."""
    return re.sub(r"\"[^\"\n]*\"|'[^'\n]*'", '""', _without_comments(css))


def _declarations(css: str) -> list[Declaration]:
    """Every declaration; selectors and at-rules are left out."""
    plain, found, start = _plain(css), [], 0
    for end in re.finditer(r"[;{}]", plain):
        text = plain[start : end.start()]
        name, colon, value = text.partition(":")
        if end[0] != "{" and colon and not text.lstrip().startswith("@"):
            line = plain.count("\n", 0, start + len(text) - len(text.lstrip())) + 1
            found.append(Declaration(line, name.strip(), " ".join(value.split())))
        start = end.end()
    return found


def _values(value: str) -> list[str]:
    """`0 calc(1px + 2px) auto` → `["0", "calc(1px + 2px)", "auto"]`"""
    parts, depth = [""], 0
    for character in value:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == " " and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part for part in parts if part]


def _physical(declaration: Declaration) -> bool:
    name, value = declaration.property, declaration.value.removesuffix("!important").strip()
    if PHYSICAL_PROPERTY.fullmatch(name) or (name in PHYSICAL_VALUES and value in ("left", "right")):
        return True
    sides = _values(value)
    return name in PHYSICAL_SIDES and len(sides) == 4 and sides[1] != sides[3]


def _raw_colours(css: str) -> list[Declaration]:
    return [each for each in _declarations(css) if RAW_COLOUR.search(each.value)]


def _physical_ones(css: str) -> list[Declaration]:
    return [each for each in _declarations(css) if _physical(each)]


def _crowded_lines(css: str) -> list[int]:
    """Lines that hold two declarations, or a declaration beside its selector or a brace."""
    lines = _plain(css).split("\n")
    return [
        number
        for number, line in enumerate(lines, start=1)
        if line.count(";") > 1 or sum(mark in line for mark in "{};") > 1
    ]


def _read(name: str) -> str:
    return (CSS / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(set(FILES) - COLOUR_FILES))
def test_colours_come_from_tokens(name: str) -> None:
    assert not _raw_colours(_read(name))


@pytest.mark.parametrize("name", FILES)
def test_each_declaration_has_its_own_line(name: str) -> None:
    assert not _crowded_lines(_read(name))


@pytest.mark.parametrize("name", FILES)
def test_properties_are_logical(name: str) -> None:
    assert not _physical_ones(_read(name))


@pytest.mark.parametrize("name", FILES)
def test_a_file_declares_rules_in_one_layer(name: str) -> None:
    layers = re.findall(r"@layer ([\w, ]+)[{;]", _read(name))
    assert len(layers) == 1


def test_every_file_is_part_of_a_bundle() -> None:
    bundled = {part for parts in BUNDLES.values() for part in parts}
    assert {f"css/{name}" for name in FILES} | {"fonts/faces.css", "theme/theme.css"} == bundled


def test_every_custom_property_that_is_used_is_defined() -> None:
    every = "\n".join(_read(name) for name in FILES)
    used = set(re.findall(r"var\((--[\w-]+)", every))
    theirs = {name for name in used if name.startswith("--stop-press-")}
    documented = set(re.findall(r"^\| `(--stop-press-[\w-]+)`", EMBEDDING.read_text(encoding="utf-8"), re.M))
    assert theirs == documented, "set by the sites that embed a blog"
    assert used - theirs <= {each.property for each in _declarations(every)}


@pytest.mark.parametrize(
    "declaration",
    [
        "color: #fff", "color: #B3121D80", "background: rgb(0 0 0 / 30%)", "color: white",
        "border: 1px solid Black", "background: linear-gradient(hsl(1 2% 3%), transparent)",
    ],
)
def test_a_raw_colour_is_found(declaration: str) -> None:
    assert _raw_colours(f".a {{\n  {declaration};\n}}")


@pytest.mark.parametrize(
    "declaration",
    [
        "margin-left: 1px", "left: 0", "top: 0", "text-align: left", "float: right", "width: 1px",
        "max-height: 1px", "border-top-color: var(--rule)", "padding: 0 1px 0 2px",
        "border-top-left-radius: 1px", "scroll-margin-top: 1px",
    ],
)
def test_a_physical_property_is_found(declaration: str) -> None:
    assert _physical_ones(f".a {{\n  {declaration};\n}}")


@pytest.mark.parametrize(
    "declaration",
    [
        "color: var(--red)", "content: \"white\"", "margin: 0 auto", "text-align: start",
        "padding: 0 calc(1px + 2px) 0 calc(1px + 2px)", "line-height: 1", "white-space: nowrap",
        "vertical-align: top", "color: currentColor",
    ],
)
def test_what_is_allowed_is_not_reported(declaration: str) -> None:
    css = f".left:hover {{ /* left: 0; color: #fff; */\n  {declaration};\n}}\n@media (min-width: 2rem) {{\n}}"
    assert not _raw_colours(css)
    assert not _physical_ones(css)


@pytest.mark.parametrize(
    "css", [".a { color: red; }", ".a {\n  color: red; top: 0;\n}", ".a {\n  color: red; }"]
)
def test_crowded_lines_are_found(css: str) -> None:
    assert _crowded_lines(css)
