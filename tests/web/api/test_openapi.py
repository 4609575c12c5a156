"""The document: that it is OpenAPI 3.1, that it says all there is, and that the server does what it says."""

from __future__ import annotations

import asyncio
import io
import re
import sys
from pathlib import Path

import pytest
from PIL import Image

from server.web.api.field_types import ZONES
from server.web.api.openapi import document
from server.web.api.operation import PREFIX
from server.web.api.route_table import OPERATIONS
from server.web.errors import PROBLEMS
from tests.support.app import running
from tests.web.api.conftest import Cast

pytestmark = pytest.mark.anyio

DOCS = Path(__file__).parents[3] / "docs" / "api.md"
GENERATOR = Path(__file__).parents[3] / ".venv-client" / "bin"
CONFIG = Path(__file__).with_name("schemathesis.toml")


async def test_document_is_served_to_anyone(cast: Cast) -> None:
    answer = await cast["anonymous"].get("/api/v1/openapi.json")
    assert answer.json() == document(OPERATIONS, cast.server.site.limits)


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


def test_a_time_zone_is_no_enumeration() -> None:
    zone = document(OPERATIONS)["components"]["schemas"]["TimeZone"]
    assert zone["type"] == "string" and "enum" not in zone
    assert all(re.search(zone["pattern"], z) and len(z) <= zone["maxLength"] for z in ZONES)


async def test_the_limits_of_the_document_are_those_of_the_server(tmp_path: Path) -> None:
    async with running(tmp_path, max_upload_bytes=20_000, max_body_bytes=70_000) as server:
        await server.blog()
        found = (await server.anonymous.get("/api/v1/openapi.json")).json()
        assert found["x-limits"]["upload_bytes"] == 20_000
        upload = found["paths"]["/api/v1/media"]["post"]["requestBody"]["content"]["multipart/form-data"]
        upload = upload["schema"]
        assert "20000 bytes" in upload["properties"]["file"]["description"]
        files = {"file": ("a.png", picture(), "image/png")}
        for name, most in {n: p["maxLength"] for n, p in upload["properties"].items() if n != "file"}.items():
            for length, status in ((most, 201), (most + 1, 422)):
                answer = await server.http.post("/api/v1/media", files=files, data={name: "x" * length})
                assert answer.status_code == status, (name, length)
        large = {"file": ("a.png", picture() + b"x" * 20_000, "image/png")}
        assert (await server.http.post("/api/v1/media", files=large)).status_code == 413
        for method, path, field, rest in (
            ("BlogBody", "/api/v1/blogs", "headline", {"slug": "a"}),
            ("EntryBody", "/api/v1/blogs/storm/entries", "title", {}),
            ("NewBylineBody", "/api/v1/bylines", "name", {}),
        ):
            most = found["components"]["schemas"][method]["properties"][field]["maxLength"]
            for length, status in ((most + 1, 422), (most, 201)):
                answer = await server.http.post(path, json=rest | {field: "x" * length})
                assert answer.status_code == status, (path, length)


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (60, 40), "navy").save(out, "PNG")
    return out.getvalue()


GENERATED = """
import io, sys
from pathlib import Path
from client import AuthenticatedClient, Client
from client.api.blogs import create_blog, get_blog
from client.api.bylines import list_bylines
from client.api.entries import create_entry, edit_entry, list_entries
from client.api.media import upload_media
from client.models import (
    BlogBody, BlogBodyStatus, BylineBody, EntryBody, EntryChanges, ImageBody, Problem, UploadMediaBody
)
from client.types import File

url, token, path = sys.argv[1:]
with AuthenticatedClient(base_url=url, token=token) as client:
    blog = create_blog.sync(client=client, body=BlogBody(
        slug="made", headline="Made by a client", status=BlogBodyStatus.LIVE, time_zone="Europe/Lisbon",
        topics=["Weather"],
    ))
    assert blog.time_zone == "Europe/Lisbon", blog
    sent = File(payload=io.BytesIO(Path(path).read_bytes()), file_name="a.png", mime_type="image/png")
    picture = upload_media.sync(client=client, body=UploadMediaBody(file=sent, alt="A pier", caption="Früh"))
    assert (picture.width, picture.height, picture.alt, picture.caption) == (60, 40, "A pier", "Früh"), picture
    body = EntryBody(
        title="First", body="Rain since *noon*", topics=["Weather"],
        bylines=[BylineBody(name="Ada", role="Reporter", place="Lisbon"), "Bea"],
        blocks=[ImageBody(type_="image", media_id=picture.id, alt="A pier")],
    )
    entry = create_entry.sync("made", client=client, body=body, idempotency_key="one")
    assert [b.type_ for b in entry.blocks] == ["text", "image"], entry
    parts = [(b.name, b.role, b.place) for b in entry.bylines]
    assert parts == [("Ada", "Reporter", "Lisbon"), ("Bea", "", "")], entry
    assert create_entry.sync("made", client=client, body=body, idempotency_key="one").id == entry.id
    changes = EntryChanges(title="Second")
    edited = edit_entry.sync("made", entry.id, client=client, body=changes, if_match='"1"')
    assert (edited.title, edited.byline, edited.topics) == ("Second", "Ada, Bea", ["Weather"]), edited
    assert [b.name for b in list_bylines.sync(client=client).bylines] == ["Ada", "Bea"]
    refused = create_entry.sync("made", client=client, body=EntryBody(topics=["Sport"], body="x"))
    assert isinstance(refused, Problem) and refused.code == "invalid", refused
with Client(base_url=url) as reader:
    assert [e.title for e in list_entries.sync("made", client=reader).entries] == ["Second"]
    assert get_blog.sync("made", client=reader).position
print("done")
"""


async def _run(*command: str, cwd: Path) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        *command, cwd=cwd, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        said, _ = await asyncio.wait_for(process.communicate(), timeout=120)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode, said.decode()


@pytest.mark.slow
async def test_a_generated_client_posts(tmp_path: Path) -> None:
    assert GENERATOR.is_dir(), "make .make/client installs the generator of clients"
    (tmp_path / "config.yml").write_text("post_hooks: []\n")
    (tmp_path / "a.png").write_bytes(picture())
    (tmp_path / "use.py").write_text(GENERATED)
    async with running(tmp_path / "data") as server:
        document = tmp_path / "openapi.json"
        document.write_bytes((await server.anonymous.get("/api/v1/openapi.json")).content)
        made, said = await _run(
            str(GENERATOR / "openapi-python-client"), "generate", "--path", str(document), "--output-path",
            "client", "--meta", "none", "--config", "config.yml", "--fail-on-warning", cwd=tmp_path,
        )
        assert made == 0, said
        used, said = await _run(
            str(GENERATOR / "python"), "use.py", server.url, server.admin_token, "a.png", cwd=tmp_path
        )
        assert (used, said.strip()) == (0, "done"), said


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
