"""Templates are compiled beside the event loop, before anybody asks for their pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.web import compiled_templates
from tests.support.app import running
from tests.support.listeners import until

pytestmark = pytest.mark.anyio


async def test_all_templates_are_compiled_after_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path) as server:
        environment = server.site.renderer.environment
        names = environment.list_templates()
        assert environment.cache is not None
        await until(lambda: {name for _, name in environment.cache} == set(names))
        compiled = len(compiled_templates._compiled)
    assert compiled >= len(names)
    async with running(tmp_path) as server:  # what this process has compiled, it does not compile again
        monkeypatch.setattr(server.site.renderer.environment, "_compile", None)
        assert (await server.anonymous.get("/")).status_code == 200
    assert len(compiled_templates._compiled) == compiled
