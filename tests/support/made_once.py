"""What every server of a run of tests would make alike is made once: compiled templates, catalogues, compressed
files. A server of a newsroom makes them once too, when it starts; here hundreds start."""

from __future__ import annotations

import functools
from io import BytesIO
from typing import Any

import jinja2
from jinja2.bccache import Bucket

from server.app import static_folder
from server.web import assets, languages, render


class _CompiledTemplates(jinja2.BytecodeCache):
    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.load_bytecode(BytesIO(self._kept[bucket.key]))

    def dump_bytecode(self, bucket: Bucket) -> None:
        kept = BytesIO()
        bucket.write_bytecode(kept)
        self._kept[bucket.key] = kept.getvalue()


def make_once() -> None:
    """For all servers of this process from now on."""
    for module, name in ((languages, "_compiled"), (assets, "_asset")):
        setattr(module, name, functools.cache(getattr(module, name)))
    compiled = _CompiledTemplates()
    made: Any = functools.partial(render.Environment, bytecode_cache=compiled)
    setattr(render, "Environment", made)  # noqa: B010 - mypy takes the class for a constant


def make_now() -> None:
    """Make all of it, for servers that are forks of this process."""
    files = assets.Assets(static_folder(), bundles=render.BUNDLES)
    environment = render.Renderer(files, site_name="", public_url="").environment
    for name in environment.list_templates():
        environment.get_template(name)
