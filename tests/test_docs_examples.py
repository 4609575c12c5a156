"""Runs the examples in README.md and docs/: requests, commands and clients, against a real server."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shlex
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from playwright.async_api import Browser, expect

from server.store import feeds
from server.web.stream import changes
from tests.support.app import Running, running
from tests.support.browser import chromium, until, visit
from tests.support.other_site import other_site

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parent.parent
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
RUN_CLIENT = """
import json, sys, threading
source, variables = open(sys.argv.pop(1), encoding="utf-8").read(), {}
threading.Thread(target=exec, args=(source, variables), daemon=True).start()
for _ in sys.stdin:
    found = {id: entry["title"] for id, entry in list(variables.get("entries", {}).items())}
    print("state " + json.dumps(found), flush=True)
"""
"""Runs the Python client in a thread; each line of standard input asks for the entries that it holds."""


class Example(NamedTuple):
    file: str
    language: str
    text: str


def examples() -> list[Example]:
    files = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    return [
        Example(path.name, language, text)
        for path in files
        for language, text in FENCE.findall(path.read_text(encoding="utf-8"))
    ]


def example(file: str, language: str, containing: str = "") -> str:
    found = [e.text for e in examples() if (e.file, e.language) == (file, language) and containing in e.text]
    assert len(found) == 1, f"{len(found)} examples in {file}"
    return found[0]


def test_every_code_example_names_its_language() -> None:
    known = {
        "sh", "python", "javascript", "json", "http", "ini", "nginx", "caddyfile", "yaml", "sql", "toml",
        "text", "vcl", "haproxy", "apache", "diff", "html", "css",
    }
    assert [e for e in examples() if e.language not in known] == []


@pytest.mark.parametrize("found", [e for e in examples() if e.language == "json"], ids=lambda e: e.file)
def test_json_examples_are_json(found: Example) -> None:
    text = found.text
    if "…" in text:
        text = re.sub(r"\[ … \]", "[]", text).replace("…", "")
    json.loads(text)


@pytest.mark.parametrize("found", [e for e in examples() if e.language == "sh"], ids=lambda e: e.file)
async def test_shell_examples_are_shell(found: Example) -> None:
    checking = await asyncio.create_subprocess_exec("bash", "-n", stdin=asyncio.subprocess.PIPE)
    await checking.communicate(found.text.encode())
    assert checking.returncode == 0


async def test_bodies_of_the_api_can_be_posted(server: Running) -> None:
    blog = json.loads(example("api.md", "json", '"headline"')) | {"slug": "documented"}
    answer = await server.http.post("/api/v1/blogs", json=blog)
    assert answer.status_code == 201, answer.text
    entry = json.loads(example("api.md", "json", '"publish_at"'))
    answer = await server.http.post("/api/v1/blogs/documented/entries", json=entry)
    assert answer.status_code == 201, answer.text


async def test_curl_in_the_readme_posts_an_entry(server: Running) -> None:
    await server.blog("storm")
    command = example("README.md", "sh", "curl").replace("http://127.0.0.1:8000", server.url)
    environment = os.environ | {"TOKEN": server.admin_token}
    running_curl = await asyncio.create_subprocess_exec(
        "bash", "-ec", command, env=environment, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    posted, _ = await asyncio.wait_for(running_curl.communicate(), 30)
    assert json.loads(posted)["title"] == "UN to resume aid convoys"


async def test_commands_in_the_readme_run(tmp_path: Path) -> None:
    lines = example("README.md", "sh", "stoppress post").strip().splitlines()
    environment = os.environ | {"STOPPRESS_DATA_DIR": str(tmp_path)}
    stoppress = str(Path(sys.executable).parent / "stoppress")
    for line in lines:
        words = shlex.split(line)
        assert words[0] == "stoppress"
        if words[1] == "tail":  # needs a server; tests/cli has its tests
            continue
        command = await asyncio.create_subprocess_exec(
            stoppress, *words[1:], env=environment, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await asyncio.wait_for(command.communicate(), 60)
        assert command.returncode == 0, said.decode()


class PythonClient:
    """The client of docs/protocol.md as a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def titles(self) -> dict[str, str]:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(b"\n")
        while line := await self._process.stdout.readline():
            if line.startswith(b"state "):
                found: dict[str, str] = json.loads(line[6:])
                return found
        raise AssertionError("the client ended")


@contextlib.asynccontextmanager
async def python_client(folder: Path, url: str, slug: str) -> AsyncIterator[PythonClient]:
    source = folder / "client.py"
    source.write_text(example("protocol.md", "python"), encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", RUN_CLIENT, str(source), url, slug, stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield PythonClient(process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGKILL)
        await process.wait()


class BrowserClient:
    """The client of docs/protocol.md in a page of Chromium."""

    def __init__(self, page: Any) -> None:
        self._page = page

    async def titles(self) -> dict[str, str]:
        found: dict[str, str] = await self._page.evaluate(
            "Object.fromEntries([...window.entries].map(([id, entry]) => [id, entry.title]))"
        )
        return found


@contextlib.asynccontextmanager
async def browser_client(browser: Browser, url: str, slug: str) -> AsyncIterator[BrowserClient]:
    source = example("protocol.md", "javascript").replace("export async function", "async function")
    context = await browser.new_context(bypass_csp=True)
    try:
        page = await context.new_page()
        await page.goto(f"{url}/healthz")
        await page.evaluate(
            f"() => {{ {source}; window.entries = new Map(); follow('{url}', '{slug}', window.entries); }}"
        )
        yield BrowserClient(page)
    finally:
        await context.close()


async def published(server: Running, slug: str) -> dict[str, str]:
    """The titles of all published entries as the API lists them, by id."""
    found: dict[str, str] = {}
    before: str | None = ""
    while before is not None:
        query: dict[str, Any] = {"limit": 100} | ({"before": before} if before else {})
        page = (await server.anonymous.get(f"/api/v1/blogs/{slug}/entries", params=query)).json()
        found |= {entry["id"]: entry["title"] for entry in page["entries"]}
        before = page["next"]
    return found


async def converges(client: PythonClient | BrowserClient, server: Running, slug: str) -> None:
    expected = await published(server, slug)

    async def level() -> bool:
        return await client.titles() == expected

    await until(level, within=30, what=f"the client has the {len(expected)} entries of the blog")


async def survives(client: PythonClient | BrowserClient, server: Running) -> None:
    """Posts, edits and retractions, then more changes than one answer holds, then a reset."""
    old = [await server.post("long", title=f"Old {n}") for n in range(3)]
    await converges(client, server, "long")
    await server.edit(old[0], "long", title="Edited")
    await server.retract(old[1], "long")
    for n in range(30):
        await server.post("long", title=f"New {n}", body="x" * 500)
    await converges(client, server, "long")
    async with server.desk.database.write() as connection:
        await feeds.renew_epoch(connection)
    await server.post("long", title="After the reset")
    await converges(client, server, "long")


@contextlib.asynccontextmanager
async def long_blog(folder: Path, port: int) -> AsyncIterator[Running]:
    """A server with a blog of more entries than one page of the API."""
    async with running(folder, port=port) as server:
        await server.blog("long")
        for n in range(105):
            await server.post("long", title=f"Entry {n}")
        yield server


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path) as started:
        yield started


@pytest.fixture
def small_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A poll's answer ends after 2,000 bytes; the rest needs another request."""
    monkeypatch.setattr(changes, "MAX_BYTES", 2_000)


@pytest.mark.slow
async def test_the_python_client_loses_nothing(tmp_path: Path, small_answers: None) -> None:
    port = free_port()
    async with contextlib.AsyncExitStack() as stack:
        async with long_blog(tmp_path, port) as server:
            client = await stack.enter_async_context(python_client(tmp_path, server.url, "long"))
            await survives(client, server)
        async with running(tmp_path, port=port) as restarted:
            await restarted.post("long", title="After the restart")
            await converges(client, restarted, "long")


@pytest.mark.slow
@pytest.mark.browser
async def test_the_javascript_client_loses_nothing(tmp_path: Path) -> None:
    port = free_port()
    async with contextlib.AsyncExitStack() as stack:
        browser = await stack.enter_async_context(chromium())
        async with long_blog(tmp_path, port) as server:
            client = await stack.enter_async_context(browser_client(browser, server.url, "long"))
            await survives(client, server)
        async with running(tmp_path, port=port) as restarted:
            await restarted.post("long", title="After the restart")
            await converges(client, restarted, "long")


EXAMPLE_SITE = "https://live.example.org"


def in_a_page(url: str, *parts: str) -> str:
    """A page with these examples, for the blog at another address than that of the documentation."""
    return f"<!doctype html><title>Elsewhere</title>{''.join(parts)}".replace(EXAMPLE_SITE, url)


@pytest.mark.browser
async def test_a_blog_is_embedded_as_the_documentation_says(tmp_path: Path) -> None:
    async with running(tmp_path, frame_ancestors="*") as server, chromium() as browser:
        await server.blog()
        await server.post(title="First")
        component = example("embedding.md", "html", "<stop-press-blog")
        style = f"<style>{example('embedding.md', 'css')}</style>"
        needs = example("embedding.md", "text", "script-src").strip().replace(EXAMPLE_SITE, server.url)
        policy = {"Content-Security-Policy": f"default-src 'none'; style-src 'unsafe-inline'; {needs}"}
        frame = example("embedding.md", "html", "<iframe")
        with (
            other_site(in_a_page(server.url, style, component), policy) as with_component,
            other_site(in_a_page(server.url, frame)) as with_frame,
        ):
            async with visit(browser) as context:
                page = await context.new_page()
                await page.goto(with_component)
                await expect(page.locator("stop-press-blog h3")).to_have_text("First", timeout=15_000)
                accent = await page.locator(".flag--live").evaluate("(e) => getComputedStyle(e).color")
                assert accent == "rgb(11, 110, 79)"
                await page.goto(with_frame)
                await expect(page.frame_locator("iframe").locator("h3")).to_have_text("First")
                await expect(page.locator("iframe")).not_to_have_attribute("height", "800")


async def test_oembed_data_is_asked_for_as_the_documentation_says(tmp_path: Path) -> None:
    async with running(tmp_path, frame_ancestors="*") as server:
        await server.blog()
        command = example("embedding.md", "sh", "oembed").replace(EXAMPLE_SITE, server.url)
        asking = await asyncio.create_subprocess_exec(
            "bash", "-ec", command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
        answer, _ = await asyncio.wait_for(asking.communicate(), 30)
        assert json.loads(answer)["width"] == 600
