"""The documentation names every route, setting, error code and kind of change, and no setting that is gone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.routing import Route

from server.domain import blocks, errors
from server.domain.blog import STATUSES as BLOG_STATUSES
from server.domain.change import KINDS
from server.domain.entry import STATUSES as ENTRY_STATUSES
from server.domain.permissions import ROLES
from server.settings import PREFIX, Settings
from server.web import routes

DOCS = Path(__file__).parent.parent / "docs"


def _read(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def _all() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(DOCS.glob("*.md")))


def _paths() -> list[str]:
    """Every address, without the types of its parameters."""
    return sorted({re.sub(r":\w+}", "}", str(getattr(r, "path", ""))) for r in routes.table()})


def _operations() -> Iterator[str]:
    for route in routes.table():
        if isinstance(route, Route) and route.path.startswith("/api/"):
            for method in (route.methods or set()) - {"HEAD", "OPTIONS"}:
                yield f"{method} {route.path}"


def _codes(root: type[errors.StopPressError]) -> Iterator[str]:
    yield root.code
    for kind in root.__subclasses__():
        yield from _codes(kind)


@pytest.mark.parametrize("operation", sorted(set(_operations())))
def test_every_operation_of_the_api_is_in_its_documentation(operation: str) -> None:
    assert f"`{operation}`" in _read("api.md")


def test_every_other_route_is_documented_somewhere() -> None:
    text = _all()
    # the console's own pages are found from /console, and their addresses are nobody's business
    shown = [p for p in _paths() if not p.startswith(("/api/", "/console/"))]
    missing = [p for p in shown if not re.search(rf"(?<![\w/]){re.escape(p)}(?![\w/{{])", text)]
    assert missing == []


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_documented(name: str) -> None:
    assert f"`{PREFIX}{name.upper()}`" in _read("settings.md")


def test_no_setting_is_documented_that_does_not_exist() -> None:
    named = set(re.findall(rf"\b{PREFIX}[A-Z0-9_]+\b", _all()))
    known = {f"{PREFIX}{name.upper()}{suffix}" for name in Settings.model_fields for suffix in ("", "_FILE")}
    assert named - known == set()


def test_every_error_code_is_documented() -> None:
    # a server with the wrong schema does not start: that code is for the command line
    codes = set(_codes(errors.StopPressError)) - {errors.SchemaMismatch.code}
    assert {code for code in codes if f"`{code}`" not in _read("api.md")} == set()


def test_every_kind_of_change_is_documented() -> None:
    text = _read("protocol.md")
    assert {kind for kind in (*KINDS, "reset") if f"`{kind}`" not in text} == set()


def test_every_status_role_and_block_is_documented() -> None:
    text = _read("api.md")
    words = {*BLOG_STATUSES, *ENTRY_STATUSES, *ROLES, *blocks.KINDS}
    assert {word for word in words if not re.search(rf"\b{word}\b", text)} == set()


def test_tests_named_in_the_documents_exist() -> None:
    root = DOCS.parent
    text = _all() + "".join((root / name).read_text("utf-8") for name in ("README.md", "CONTRIBUTING.md"))
    named = set(re.findall(r"tests/[\w/]+\.py", text))
    assert len(named) > 10
    assert [name for name in sorted(named) if not (root / name).is_file()] == []
