"""Imports go one way, as docs and DESIGN say. What may import what is written here once."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

SERVER = Path(__file__).parent.parent / "server"

MAY_IMPORT: dict[str, set[str]] = {
    "background": set(),
    "domain": set(),
    "text": {"domain"},
    "store": {"domain"},
    "broker": {"background", "domain"},
    "hub": {"background", "broker", "domain"},
    "auth": {"domain", "store"},
    "media": {"domain", "store"},
    "fetch": {"domain"},
    "newsroom": {"auth", "background", "broker", "domain", "fetch", "media", "store", "text"},
    "delivery": {"domain", "hub"},
    "serving": {"delivery", "domain", "hub"},
    "web": {
        "auth", "background", "broker", "delivery", "domain", "hub", "media", "newsroom", "store", "text",
    },
    "demo": {"domain", "media", "newsroom", "store", "text"},
}
"""Each layer, and the layers below it. What is not named here (app, cli) stands above all."""

NO_INPUT_OUTPUT = {"asyncio", "socket", "sqlalchemy", "httpx2", "redis", "starlette", "aiosqlite", "psycopg"}


def _modules() -> Iterator[tuple[str, Path, ast.Module]]:
    for path in sorted(SERVER.rglob("*.py")):
        relative = path.relative_to(SERVER)
        yield relative.parts[0].removesuffix(".py"), path, ast.parse(path.read_text(encoding="utf-8"))


def _imported(tree: ast.Module) -> set[str]:
    """The full names of the modules that a module imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide the direction"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


MODULES = list(_modules())


def _name(path: Path) -> str:
    """What a module is called, e.g. `server.store.feeds`, or `server.store` for its `__init__.py`."""
    parts = path.relative_to(SERVER.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _graph() -> dict[str, set[str]]:
    """Each module of ours with those that it imports, wherever in it: at the top, in a function or only for
    the type checker."""
    names = {_name(path) for _, path, _ in MODULES}
    graph: dict[str, set[str]] = {}
    for _, path, tree in MODULES:
        imported = _imported(tree)
        # `from server.store.feeds import head` names a function: its module is what is imported
        found = {n if n in names else n.rpartition(".")[0] for n in imported}
        graph[_name(path)] = (found & names) - {_name(path)}
    return graph


def _cycle(graph: Mapping[str, set[str]]) -> list[str]:
    """One circle of imports, or nothing."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        found: list[str] = error.args[1]
        return found
    return []


def test_no_module_imports_itself_through_others() -> None:
    assert _cycle(_graph()) == []


def test_a_circle_is_found_wherever_the_import_stands() -> None:
    hidden = ast.parse("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from server.b import B")
    late = ast.parse("def f():\n    import server.a")
    assert "server.b.B" in _imported(hidden)
    assert "server.a" in _imported(late)
    assert _cycle({"server.a": {"server.b"}, "server.b": {"server.a"}, "server.c": set()})


@pytest.mark.parametrize("layer", sorted(MAY_IMPORT))
def test_a_layer_imports_only_what_is_below_it(layer: str) -> None:
    allowed = MAY_IMPORT[layer] | {layer}
    wrong = [
        f"{path.relative_to(SERVER)}: {name}"
        for own, path, tree in MODULES if own == layer
        for name in sorted(_imported(tree))
        if name.startswith("server.") and name.split(".")[1] not in allowed
    ]
    assert wrong == []


def test_every_folder_has_its_place() -> None:
    folders = {path.parent.name for path in SERVER.glob("*/__init__.py")}
    assert folders - set(MAY_IMPORT) == {"cli"}


@pytest.mark.parametrize("layer", ["domain", "text"])
def test_pure_layers_do_no_input_or_output(layer: str) -> None:
    for own, path, tree in MODULES:
        if own == layer:
            assert not {n.split(".")[0] for n in _imported(tree)} & NO_INPUT_OUTPUT, path
            assert not [n for n in ast.walk(tree) if isinstance(n, ast.Await)], path


def test_the_hub_knows_no_http_and_no_sql() -> None:
    for own, path, tree in MODULES:
        if own == "hub":
            roots = {name.split(".")[0] for name in _imported(tree)}
            assert not roots & {"starlette", "uvicorn", "sqlalchemy", "websockets", "httptools"}, path


def test_only_those_above_all_see_the_settings() -> None:
    for own, path, tree in MODULES:
        if own in MAY_IMPORT:
            assert not [n for n in _imported(tree) if n.startswith("server.settings")], path


def test_web_never_writes() -> None:
    """It reads through the store; only the newsroom opens a write."""
    for own, path, tree in MODULES:
        if own in ("web", "hub", "auth", "media", "text"):
            wrong = [
                node.lineno for node in ast.walk(tree)
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
                and node.func.attr == "write" and ast.unparse(node.func.value).endswith("database")
            ]
            assert wrong == [], path


def test_one_module_imports_sse_starlette() -> None:
    """It replaces uvicorn's signal handling when it is imported."""
    users = [
        path.relative_to(SERVER).as_posix() for _, path, tree in MODULES
        if any(name.split(".")[0] == "sse_starlette" for name in _imported(tree))
    ]
    assert users == ["web/stream/sse.py"]


def test_one_file_uses_the_inner_parts_of_uvicorn() -> None:
    """Elsewhere only its middleware for proxy headers, which is public."""
    users = {
        path.relative_to(SERVER).as_posix() for _, path, tree in MODULES
        if any(
            name.split(".")[0] == "uvicorn" and not name.startswith("uvicorn.middleware")
            for name in _imported(tree)
        )
    }
    assert users == {"serving/uvicorn_server.py"}
