"""Long texts are read in a process of their own: the same blocks and errors, and nothing is lost with it."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.domain.blocks import Block, Image, Quote, Text
from server.domain.entry import Content
from server.domain.errors import Invalid
from server.newsroom import content, text_process, text_to_blocks
from server.newsroom.text_process import TextProcess
from server.text import sanitise
from server.text.errors import TextError

GIVEN: tuple[Block, ...] = (
    Text("", 'He said "no"\n\n> Yes\n> — Ada'), Text("<div>a</div>"), Quote("<p>b</p>", "C"),
    Text(sanitise.html("<p>d</p>")), Image("a" * 16, "A roof", widths=(320, 640)),
)
LONG = "*a* " * 600


@pytest.fixture
def reading() -> Iterator[TextProcess]:
    process = TextProcess()
    yield process
    process.close()


def test_the_process_reads_as_this_one_does(reading: TextProcess) -> None:
    assert reading.prepared(GIVEN, "de") == text_to_blocks.prepared(GIVEN, "de")
    made = reading.words('So "ein" Satz', "fr")
    assert made == text_to_blocks.words('So "ein" Satz', "fr")
    assert reading.process is not None
    [text] = made
    assert isinstance(text, Text)
    assert isinstance(text.html, sanitise.Clean), "it need not be cleaned again"


def test_errors_of_the_process_are_those_of_this_one(reading: TextProcess) -> None:
    for given in ((Text("", "[" * 4000),), (Text("<p>a"), Quote("", "Ada"))):
        with pytest.raises(Invalid) as here:
            text_to_blocks.prepared(given, "en")
        with pytest.raises(Invalid) as there:
            reading.prepared(given, "en")
        assert there.value.fields == here.value.fields
    with pytest.raises(TextError, match="line 1: at most 4,000") as caught:
        reading.words("[" * 4000, "en")
    assert caught.value.place == "line 1"


def test_a_process_that_ends_loses_no_text(reading: TextProcess) -> None:
    reading.words("a", "en")
    first = reading.process
    assert first is not None
    first.kill()
    first.wait()
    assert reading.words("b", "en") == (Text("<p>b</p>", "b"),)
    second = reading.process
    assert second is not None
    assert second.pid != first.pid
    os.kill(second.pid, signal.SIGSTOP)  # it hangs: what is asked of it meanwhile is read here
    reading.seconds = 0.2
    assert reading.words("c", "en") == (Text("<p>c</p>", "c"),)
    assert reading.process is None


def test_without_a_process_the_text_is_read_here(
    reading: TextProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no more processes")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    assert reading.prepared(GIVEN, "de") == text_to_blocks.prepared(GIVEN, "de")


@pytest.mark.anyio
async def test_only_long_texts_go_to_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    here = list[threading.Thread]()
    clean = sanitise.html

    def cleaned(text: str) -> sanitise.Clean:
        here.append(threading.current_thread())
        return clean(text)

    monkeypatch.setattr(sanitise, "html", cleaned)
    await content.prepare(Content(blocks=(Text("", LONG),)), "en")
    await content.words(LONG, "en")
    assert here == []
    assert text_process.shared.process is not None
    await content.words("Rain", "en")
    assert here != []


def test_the_process_ends_with_the_server(tmp_path: Path) -> None:
    """Also when the server is killed: the pipe closes."""
    code = (
        "from server.newsroom.text_process import shared; shared.words('a', 'en'); "
        "print(shared.process.pid, flush=True); input()"
    )
    server = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert server.stdin is not None
    assert server.stdout is not None
    with server.stdin, server.stdout:
        worker = os.pidfd_open(int(server.stdout.readline()))
        server.kill()
        server.wait()
        assert select.select([worker], [], [], 20)[0], "the worker went on"
        os.close(worker)
