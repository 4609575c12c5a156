"""What a script says by itself: string literals, and the texts and read-out attributes of `html` templates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

READ_OUT = {"alt", "aria-label", "aria-roledescription", "aria-description", "placeholder", "title", "label"}
"""Attributes that people see or hear."""
_CODE = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)
    |(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    |(?P<template>`)
    |(?P<regex>(?<=[=(,:!&|?{};\n])[ ]*/(?![/*])(?:[^/\\\n\[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*)
    |(?P<brace>[{}])""",
    re.DOTALL | re.VERBOSE,
)
_HOLE = "\ufffc"
"""Stands for `${…}` in a template."""


class _Shown(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in READ_OUT and value]

    def handle_data(self, data: str) -> None:
        self.found.append(data)


def literals(source: str) -> Iterator[str]:
    """Each string of a script, what `console` is told left out, and each text of a template in it."""
    yield from _literals(source, 0, None)


def _literals(source: str, at: int, until: str | None) -> Iterator[str]:
    stack: list[list[str]] = []  # of templates that are open: their texts
    depth: list[int] = []
    braces = 0
    while match := _CODE.search(source, at):
        at = match.end()
        kind = match.lastgroup
        if kind == "string" and not re.search(r"console\.\w+\($", source[max(0, at - 200) : match.start()]):
            yield match[0][1:-1]
        elif kind == "brace":
            braces += 1 if match[0] == "{" else -1
            if depth and braces == depth[-1]:
                depth.pop()
                at, closed = _template(source, at, stack[-1])
                if closed:
                    yield from _said("".join(stack.pop()))
                else:
                    depth.append(braces)
                    braces += 1
        elif kind == "template":
            stack.append([])
            at, closed = _template(source, at, stack[-1])
            if closed:
                yield from _said("".join(stack.pop()))
            else:
                depth.append(braces)
                braces += 1


def _template(source: str, at: int, texts: list[str]) -> tuple[int, bool]:
    """The text of a template up to its end, or to a `${`; where it goes on, and whether it ended."""
    match = re.compile(r"((?:[^`\\$]|\\.|\$(?!\{))*)(`|\$\{)", re.DOTALL).match(source, at)
    assert match, source[at : at + 80]
    texts.append(match[1])
    if match[2] == "${":
        texts.append(_HOLE)
    return match.end(), match[2] == "`"


def _said(template: str) -> list[str]:
    if "<" not in template:
        return [template.replace(_HOLE, " ")]
    parser = _Shown()
    parser.feed(re.sub(rf"=\s*{_HOLE}", f'="{_HOLE}"', template))
    parser.close()
    return [text.replace(_HOLE, " ").strip() for text in parser.found]
