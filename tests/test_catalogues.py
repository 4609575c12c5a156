"""Every message of the reader pages and the console has its translation in each language; templates and scripts
say nothing else."""

from __future__ import annotations

import ast
import io
import re
import runpy
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from jinja2 import Environment, nodes

from server.domain.field_labels import label
from server.domain.message import Message as Said
from server.domain.message import from_json, to_json
from server.web.console import script_words as console_words
from server.web.languages import CATALOGUES, Languages
from server.web.reader import script_words
from tests.support.script_literals import READ_OUT, literals

ROOT = Path(__file__).parent.parent
TEMPLATES = ROOT / "server" / "web" / "templates"
tool: dict[str, Any] = runpy.run_path(str(ROOT / "tools" / "catalogues.py"))
tool["messages"] = cache(tool["messages"])
FILES = sorted(CATALOGUES.glob("*.po"))
ALL_TEMPLATES = sorted(path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.html"))
CONSOLE_SCRIPTS = sorted(p for p in (ROOT / "static" / "console").rglob("*.js") if "dist" not in p.parts)
PLACEHOLDER = re.compile(r"%\((\w+)\)s|%%")
SYMBOLS = {"RSS", "Atom", "JSON Feed", "en, pt-PT, ar …", "https://…"}
"""Names that no language translates."""
ATTRIBUTE = re.compile(r' ([a-z-]+)="([^"]*)"')
ENGLISH = re.compile(r"\s*[A-Z]\w|.*\w \w")
"""A text of a template's expression that is neither a name nor a value of an attribute."""
NOT_SHOWN = (
    nodes.TemplateData, nodes.Call, nodes.Filter, nodes.Compare, nodes.Getitem, nodes.Test,
)


def read(path: Path) -> list[Message]:
    """The messages of a catalogue, without its head."""
    catalogue = read_po(io.BytesIO(path.read_bytes()), locale=path.stem.replace("-", "_"))
    return [message for message in catalogue if message.id]


def key(message: Message) -> tuple[str | None, tuple[str, ...]]:
    return message.context, tool["forms"](message.id)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_catalogue_has_exactly_the_messages_of_the_sources(path: Path) -> None:
    """If this fails, run `make catalogues`, and translate what is new."""
    wanted = {key(message) for message in tool["messages"]() if message.id}
    assert {key(message) for message in read(path)} == wanted


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_message_is_translated(path: Path) -> None:
    missing = [m.id for m in read(path) if not all(tool["forms"](m.string))]
    fuzzy = [m.id for m in read(path) if m.fuzzy]
    assert (missing, fuzzy) == ([], [])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_plural_form_is_there(path: Path) -> None:
    catalogue = read_po(io.BytesIO(path.read_bytes()), locale=path.stem.replace("-", "_"))
    counts = {len(m.string) for m in catalogue if isinstance(m.id, tuple)}
    assert counts == {catalogue.num_plurals}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_placeholders_agree(path: Path) -> None:
    """All of them, except that the forms for 0, 1 and 2 may say the number in words."""
    for message in read(path):
        wanted = set(PLACEHOLDER.findall(tool["forms"](message.id)[-1])) - {""}
        for form in tool["forms"](message.string):
            found = set(PLACEHOLDER.findall(form)) - {""}
            said = {"n", "num"} if isinstance(message.id, tuple) else set()
            assert wanted - said <= found <= wanted, f"{message.id} → {form}"
            assert "%" not in PLACEHOLDER.sub("", form), f"{message.id} → {form}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_spaces_and_ends_agree(path: Path) -> None:
    for message in read(path):
        first = tool["forms"](message.id)[0]
        for form in tool["forms"](message.string):
            if first.strip(" ,;"):
                assert form == form.strip(), f"{message.id} → {form}"
                assert first.endswith(".") == form.endswith("."), f"{message.id} → {form}"


def test_a_new_language_begins_with_all_messages(tmp_path: Path) -> None:
    path = tmp_path / "pt-BR.po"
    path.write_bytes(tool["updated"](path))
    assert {key(message) for message in read(path)} == {key(m) for m in tool["messages"]() if m.id}
    path.write_bytes(path.read_bytes().replace(b'msgid "Live"\nmsgstr ""', b'msgid "Live"\nmsgstr "Ao vivo"'))
    assert Languages(tmp_path).of("pt-BR").gettext("Live") == "Ao vivo"
    assert Languages(tmp_path).of("pt-BR").gettext("Closed") == "Closed", "English until it is translated"
    assert tool["updated"](path) == path.read_bytes(), "a second run changes nothing"


def test_the_script_asks_for_words_that_there_are() -> None:
    asked: dict[str, set[str]] = {"word": set(), "counted": set()}
    for path in (ROOT / "static" / "reader").glob("*.js"):
        for function, arguments in re.findall(r"\b(word|counted)\(([^,)]*)", path.read_text(encoding="utf-8")):
            asked[function] |= set(re.findall(r"[\"']([a-z_]+)[\"']", arguments))
    words = script_words.words(Languages().of("de"))
    with_plurals = {name for name, word in words.items() if isinstance(word, dict)}
    assert asked["counted"] <= with_plurals
    assert asked["word"] | {"live", "reconnecting", "closed"} <= words.keys() - with_plurals


def test_the_console_asks_for_words_that_there_are() -> None:
    sources = "\n".join(path.read_text(encoding="utf-8") for path in CONSOLE_SCRIPTS)
    asked = set(re.findall(r"\bword\(\"([a-z_]+)\"", sources))
    counted = set(re.findall(r"\bcounted\(\"([a-z_]+)\"", sources))
    tools = set(re.findall(r"\{ name: \"([a-z]+)\"", sources))
    offered = set(re.findall(r"\{ name: \"([a-z]+)\"[^\n]*slash: true", sources))
    states = {"sending", "waiting", "log_in", "failed"}
    wanted = asked | tools | {f"{name}_hint" for name in offered} | {f"state_{state}" for state in states}
    words = console_words.words(Languages().of("de"))
    with_plurals = {name for name, word in words.items() if isinstance(word, dict)}
    assert len(tools) > 10
    assert wanted <= words.keys() - with_plurals
    assert counted <= with_plurals


def test_french_keeps_its_signs_with_their_words() -> None:
    """A line never begins with one of `: ; ? ! »`, nor ends with `«`."""
    for message in read(CATALOGUES / "fr.po"):
        for form in tool["forms"](message.string):
            assert not re.search(r" [:;?!»]|« |[^\s\u00a0\u202f:][:?!]( |$)", form), form


def test_arabic_has_arabic_punctuation() -> None:
    for message in read(CATALOGUES / "ar.po"):
        for form in tool["forms"](message.string):
            assert not re.search(r"[,;?]", PLACEHOLDER.sub("", form)), form


# What templates say without gettext


class Words(HTMLParser):
    """Texts and attributes of a template that hold letters of their own."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._code = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._code += tag in ("script", "style")
        self.found += [value for name, value in attrs if name in READ_OUT and value and _says(value)]
        if tag == "meta" and dict(attrs).get("name") == "description" and _says(dict(attrs)["content"] or ""):
            self.found.append(dict(attrs)["content"] or "")

    def handle_endtag(self, tag: str) -> None:
        self._code -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        # a macro may write attributes, without the element that they belong to
        self.handle_starttag("", [(name, value) for name, value in ATTRIBUTE.findall(data)])
        text = ATTRIBUTE.sub("", data)
        if not self._code and _says(text):
            self.found.append(text.strip())


def _says(text: str) -> bool:
    return re.search(r"[^\W\d_]{2}", text) is not None and text.strip(" ()") not in SYMBOLS


def _literals(source: str, environment: Environment) -> Iterator[str]:
    """English in expressions that are put out: `{{ "Live" if … else "Closed" }}`, `{{ title or "Video" }}`."""
    for output in environment.parse(source).find_all((nodes.Output, nodes.Assign)):
        yield from _untranslated(output)


def _untranslated(node: nodes.Node) -> Iterator[str]:
    if isinstance(node, NOT_SHOWN):
        if isinstance(node, nodes.Filter | nodes.Getitem) and node.node is not None:
            yield from _untranslated(node.node)
        return
    if isinstance(node, nodes.Pair):
        yield from _untranslated(node.value)
        return
    if isinstance(node, nodes.Const) and isinstance(node.value, str) and ENGLISH.match(node.value):
        yield node.value
    for child in node.iter_child_nodes():
        yield from _untranslated(child)


def english_of(source: str) -> list[str]:
    """What a template says in plain English."""
    environment = Environment(extensions=["jinja2.ext.i18n"])
    found = list(_literals(source, environment))
    shown = re.sub(r"\{#.*?#\}", "", source, flags=re.DOTALL)
    shown = re.sub(r"\{% *-? *trans\b.*?endtrans *-? *%\}", "", shown, flags=re.DOTALL)
    # quotation marks of an expression must not end the attribute that it stands in
    parser = Words()
    text = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "", shown, flags=re.DOTALL)
    parser.feed(text if "<" in text or "=" not in text else f"<p {text}>")  # attributes that others include
    parser.close()
    return found + parser.found


@pytest.mark.parametrize("name", ALL_TEMPLATES)
def test_no_template_speaks_english_by_itself(name: str) -> None:
    assert english_of((TEMPLATES / name).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "<p>Live</p>", '<p aria-label="Live">', '<p aria-label="{{ x }} updates">', '{{ title or "Video" }}',
        '{{ "Live" if x else "Closed" }}', "{% set word = 'Read more' %}",
        '<meta name="description" content="All of {{ x }}">',
        '{% if x %} aria-label="Live"{% endif %}', '{{ {"draft": "Draft"}[x] }}',
        "<b>{{ x }}</b> and more", "{{ ('Since the' if x else y) | upper }}",
    ],
)
def test_english_in_a_template_is_found(source: str) -> None:
    assert english_of(source)


@pytest.mark.parametrize(
    "source",
    [
        '<p>{{ _("Live") }}</p>', "{# Who wrote #}", "{% trans %}Read more{% endtrans %}",
        '<p class="live">–</p>', '{% if x %} data-shape="post"{% endif %}',
        "{{ 'summary_large_image' if x else 'summary' }}", '<p aria-label="{{ _("More updates") }}">',
        '{{ _("Live") if x == "Live as ever" else y["Two words"] }}', "<script>const live = 1</script>",
    ],
)
def test_what_is_translated_is_not_reported(source: str) -> None:
    assert not english_of(source)


# What errors say

LAYERS = ("auth", "domain", "media", "newsroom", "text", "web/console")
"""Where an error that the console shows arises. What only API clients and the command line see is English."""
COMMAND_LINE = ("export_format.py", "export_import.py", "import_reader.py", "picture_backup.py", "files.py")


def unsaid(tree: ast.Module) -> list[str]:
    """Errors whose words no catalogue can have: they are put together where they are raised."""
    found = []
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        at = (tool["KEYWORDS"].get(name) or (1,))[0] if name in tool["KEYWORDS"] else 0
        if isinstance(at, int) and at and len(call.args) >= at and isinstance(call.args[at - 1], ast.JoinedStr):
            found.append(ast.unparse(call))
    return found


@pytest.mark.parametrize("layer", LAYERS)
def test_errors_can_be_said_in_each_language(layer: str) -> None:
    """If this fails, write `Message("at most %(n)s characters", n=…)` instead of an f-string."""
    paths = [p for p in sorted((ROOT / "server" / layer).rglob("*.py")) if p.name not in COMMAND_LINE]
    found = {p.name: unsaid(ast.parse(p.read_text(encoding="utf-8"))) for p in paths}
    assert {name: errors for name, errors in found.items() if errors} == {}


def test_an_error_that_is_put_together_is_found() -> None:
    assert unsaid(ast.parse('raise Invalid.field("body", f"at most {n}")'))
    assert not unsaid(ast.parse('raise Invalid.field(f"blocks.{n}", Message("at most %(n)s", n=n))'))


def test_an_error_is_said_in_another_language() -> None:
    german = Languages().of("de")
    assert german.said(Said("at most %(most)s; these are %(n)s", most=5000, n=6001)) == (
        "höchstens 5.000; hier sind es 6.001"
    )
    assert german.said(label("blocks.0.alt")) == "Alternativtext (Block 1)"
    assert german.said("no catalogue has this") == "no catalogue has this"
    within = Said("%(place)s: %(message)s", place=Said("line %(n)s", n=3), message="needs some text")
    assert german.said(from_json(to_json(within))) == "Zeile 3: needs some text"


# What the console's scripts say without a word of the catalogues

CODE = {
    "Enter", "Tab", "Escape", "Backspace", "Content-Type", "Idempotency-Key", "block words list", "ArrowUp",
    "ArrowDown", "ArrowLeft", "ArrowRight", "Home", "End", "Accept", "Event", "Error",
}
"""Names of keys and headers, and what a library is told."""
CODE_SHAPES = re.compile(r"(Mod|Shift|If|Alt)-[\w-]+|[#.\[][^\u0020]+.*|[a-z-]+( [a-z]+(-[a-z]+)*--[a-z-]*)+ ?")
"""Shortcuts, headers, selectors, and classes of an element."""
SHOWN = re.compile(r"[A-Z][a-z]+|.*[A-Za-z]{2} [A-Za-z]+ [A-Za-z]{2}", re.DOTALL)
"""A word with a capital, or three words on end."""


def english_in(source: str) -> list[str]:
    """What a script says in plain English."""
    found = (text.strip() for text in literals(source))
    shown = (text for text in found if SHOWN.match(text))
    return [text for text in shown if text not in CODE and not CODE_SHAPES.fullmatch(text)]


@pytest.mark.parametrize("path", CONSOLE_SCRIPTS, ids=lambda path: path.stem)
def test_no_script_of_the_console_speaks_english_by_itself(path: Path) -> None:
    """If this fails, add the words to server/web/console/script_words.py and ask for them with `word()`."""
    assert english_in(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        'button.textContent = "Publish";', "say(`Restored at ${time}. Not sent.`)", "html`<p>Sent back</p>`",
        'html`<input aria-label="Search">`', 'html`<b>${x ? html`<i>Yes</i>` : ""}</b>`',
        'title.textContent = list.length ? "No readers now" : x;', "html`<p>${n} readers are here</p>`",
    ],
)
def test_english_in_a_script_is_found(source: str) -> None:
    assert english_in(source)


@pytest.mark.parametrize(
    "source",
    [
        '// Sent to the editors\nbutton.textContent = word("publish");', 'if (event.key === "Enter") go();',
        "html`<p class=${`row row--${state}`}>${word(name)}</p>`", 'console.warn("The plain form stays");',
        'found.match(/^Sent "by" `x`/)', '/* It was `sent` */ document.querySelector("#said button")',
    ],
)
def test_what_a_script_takes_from_the_catalogue_is_not_reported(source: str) -> None:
    assert not english_in(source)
