"""One server, one Chromium and one newsroom for each file of tests; a blog of its own for each test."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator

import pytest
from PIL import Image
from playwright.async_api import Browser, BrowserContext

from tests.support.app import Running, running
from tests.support.browser import chromium
from tests.support.console import at_work, hire


@pytest.fixture(scope="module")
async def server(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running(tmp_path_factory.mktemp("browser")) as started:
        yield started


@pytest.fixture(scope="session")
async def browser(anyio_backend: str) -> AsyncIterator[Browser]:
    async with chromium() as started:
        yield started


@pytest.fixture(scope="module")
async def cast(server: Running) -> None:
    """The people of the console are in the newsroom."""
    await hire(server)


@pytest.fixture
async def eddy(cast: None, server: Running, browser: Browser) -> AsyncIterator[BrowserContext]:
    """An editor's browser, in which the console has its full editor."""
    async with at_work(browser, server, "eddy", plain=False) as context:
        yield context


@pytest.fixture
async def plain_eddy(cast: None, server: Running, browser: Browser) -> AsyncIterator[BrowserContext]:
    """An editor's browser, in which the console has its plain form."""
    async with at_work(browser, server, "eddy") as context:
        yield context


@pytest.fixture(scope="session")
def jpeg() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (900, 600), (70, 110, 140)).save(file, "JPEG")
    return file.getvalue()
