"""The document: that it is OpenAPI 3.1, that it says all there is, and that the server does what it says."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

import pytest

from server.web.api.openapi import document
from server.web.api.operation import PREFIX
from server.web.api.operations import OPERATIONS
from server.web.errors import PROBLEMS
from tests.support.app import running
from tests.web.api.conftest import Cast

pytestmark = pytest.mark.anyio

DOCS = Path(__file__).parents[3] / "docs" / "api.md"
CONFIG = Path(__file__).with_name("schemathesis.toml")


async def test_document_is_served_to_anyone(cast: Cast) -> None:
    answer = await cast["anonymous"].get("/api/v1/openapi.json")
    assert answer.json() == document(OPERATIONS)


def test_document_names_every_operation_once() -> None:
    items = document(OPERATIONS)["paths"].values()
    names = [o["operationId"] for item in items for method, o in item.items() if method != "parameters"]
    assert sorted(names) == sorted(o.name for o in OPERATIONS)
    assert len(set(names)) == len(names)


def test_every_reference_has_its_schema() -> None:
    found = document(OPERATIONS)
    text = str(found)
    wanted = set(re.findall(r"#/components/schemas/(\w+)", text))
    assert wanted <= set(found["components"]["schemas"])


def test_docs_name_every_operation() -> None:
    documented = set(re.findall(r"^\| `(GET|POST|PUT|PATCH|DELETE) (\S+)` \|", DOCS.read_text("utf-8"), re.M))
    assert documented == {(o.method, PREFIX + o.path) for o in OPERATIONS}


def test_docs_name_every_code_with_its_status() -> None:
    documented = {
        code: int(status)
        for code, status in re.findall(r"^\| `(\w+)` \| (\d{3}) \|", DOCS.read_text("utf-8"), re.M)
    }
    assert documented == {code: problem.status for code, problem in PROBLEMS.items()}


# revokeToken has a run of its own: in one with the others it would revoke the token that the run has
@pytest.mark.slow
@pytest.mark.parametrize("only", ["--exclude-operation-id", "--include-operation-id"])
async def test_server_does_what_the_document_says(tmp_path: Path, only: str) -> None:
    async with running(tmp_path / "data") as server:
        await server.blog()
        await server.post()
        process = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).with_name("schemathesis")),
            "--config-file", str(CONFIG), "run", f"{server.url}/api/v1/openapi.json",
            "-H", f"Authorization: Bearer {server.admin_token}", only, "revokeToken",
            "--checks", "all", "--max-examples", "5", "--seed", "20", "--no-color",
            cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )
        try:
            said, _ = await asyncio.wait_for(process.communicate(), timeout=300)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert process.returncode == 0, said.decode()
