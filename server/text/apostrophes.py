"""A straight `'` that is no quotation mark: the sign of letters left out (`rock 'n' roll`, `'tis`, `'90s`)
becomes an apostrophe, and that of feet and minutes (`6'2"`) stays as typed.

The parser pairs quotation marks by the blanks around them, and takes these for the beginning of a quotation.
What is found here is settled before it looks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import regex
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

APOSTROPHE = "’"
_SHORTENED = {
    "en": "(?i:em|tis|twas|twere|twill|twould|twixt|tween|til|bout|neath|gainst|fraid|nother|nuff|cept|im|er|"
          "cos|coz|cuz)",
    "nl": "(?i:s|t|n|k|m|r|ns)",
    "af": "(?i:n|t|k|s|m)",
    "de": "(?:n|ne|nen|nem|ner|s)",
    "it": r"(?i:ndr\p{L}{1,20}|na|nu|gna)",
    "fr": "(?:tite?s?)",
    "sv": "(?:n|na)", "da": "(?:n)", "nb": "(?:n)", "nn": "(?:n)", "no": "(?:n)",
    "cy": "(?i:r|n|u|w|i|ch|m|th|na|ma|da|ta|sti|nôl)",
}
"""Words that are printed without their beginning, by language. Those that begin a quotation more often ('round,
'cause) are left out."""
_WITH_N = r"(?<=\p{L}\s)'[nN]'?(?=\s\p{L})|(?<=\p{L}\s'[nN])'(?=\s\p{L})"
"""`rock 'n' roll` is written so in every language."""
_DECADE = r"(?<![\p{L}\p{N}])'(?=[0-9][0-9](?:s|er|ers|ies)(?![\p{L}\p{N}]))"
_YEAR = regex.compile(r"(?<![\p{L}\p{N}])'(?=[0-9][0-9](?![\p{L}\p{N}'%]|[.,:][0-9]))")
_CLOSING = regex.compile(r"(?<=[^\s'sS(\[{])'(?![\p{L}\p{N}])")
_MARK = regex.compile("'")
_HIDDEN = "\ufffc"


def rule(language: str) -> Callable[[StateCore], None]:
    """A rule of the parser for texts in this language (a BCP 47 tag); it goes before `smartquotes`."""
    words = _SHORTENED.get(language.lower().split("-")[0])
    shortened = rf"(?<![\p{{L}}\p{{N}}'])'(?={words}(?![\p{{L}}\p{{N}}']))|" if words else ""
    left_out = regex.compile(f"{shortened}{_WITH_N}|{_DECADE}")

    def settle(state: StateCore) -> None:
        for token in state.tokens:
            if token.type == "inline" and token.children and "'" in token.content:
                token.children = _settled(token.children, left_out)

    return settle


def open_paragraphs(mark: str) -> Callable[[StateCore], None]:
    """A rule for after `smartquotes`: `"` that begins a paragraph and is not closed in it becomes this opening
    mark. A quotation over several paragraphs has one at each, and is closed in the last."""

    def settle(state: StateCore) -> None:
        for token in state.tokens:
            first = token.children[0] if token.type == "inline" and token.children else None
            if first is not None and first.type == "text" and regex.match(r'"[\p{L}\p{N}]', first.content):
                first.content = mark + first.content[1:]

    return settle


def _settled(children: Sequence[Token], left_out: regex.Pattern[str]) -> list[Token]:
    whole = "".join(_seen(token) for token in children)
    apostrophes = {place for match in left_out.finditer(whole) for place in _places(match)}
    last_closing = max((match.start() for match in _CLOSING.finditer(whole)), default=-1)
    apostrophes |= {match.start() for match in _YEAR.finditer(whole) if match.start() > last_closing}
    as_typed = _as_typed(whole, apostrophes)
    made: list[Token] = []
    start = 0
    for token in children:
        if token.type == "text":
            made += _split(token, start, apostrophes, as_typed)
        else:
            made.append(token)
        start += len(_seen(token))
    return made


def _places(match: regex.Match[str]) -> list[int]:
    """Where the marks of what was found are: `'n'` has two."""
    return [match.start() + offset for offset, sign in enumerate(match[0]) if sign == "'"]


def _seen(token: Token) -> str:
    """What stands beside the words of a paragraph, for whoever looks at the neighbours of a mark."""
    if token.type == "text":
        return token.content
    if token.type in ("softbreak", "hardbreak"):
        return "\n"
    return _HIDDEN if token.content and token.type != "html_inline" else ""


def _as_typed(whole: str, apostrophes: set[int]) -> set[int]:
    """Marks after a number where no quotation is open, and those between two digits: feet, minutes,
    thousands."""
    found: set[int] = set()
    quoting = False
    for match in _MARK.finditer(whole):
        place = match.start()
        before, after = whole[place - 1:place] or " ", whole[place + 1:place + 2] or " "
        if place in apostrophes:
            continue
        if before.isdigit() and (after.isdigit() or not (quoting or after.isalpha())):
            found.add(place)
        elif not before.isalnum() and not after.isspace():
            quoting = True
        elif not after.isalnum():
            quoting = False
    return found


def _split(token: Token, start: int, apostrophes: set[int], as_typed: set[int]) -> list[Token]:
    """The token with its apostrophes, and the marks that stay as typed in tokens of their own."""
    content = "".join(
        APOSTROPHE if sign == "'" and start + place in apostrophes else sign
        for place, sign in enumerate(token.content)
    )
    made, done = [], 0
    for place in [p for p in range(len(content)) if content[p] == "'" and start + p in as_typed]:
        if place > done:
            made.append(Token("text", "", 0, content=content[done:place], level=token.level))
        made.append(Token("text_special", "", 0, content="'", level=token.level))
        done = place + 1
    if done < len(content):
        made.append(Token("text", "", 0, content=content[done:], level=token.level))
    return made
