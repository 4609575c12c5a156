"""Long texts are read in a process of their own (text_process_main.py), so that reading does not hold the
interpreter that the event loop needs: ten people who post the longest text permitted delayed all other
deliveries.

Where there is no process to be had, or it ended, the text is read in this one: slower for others, never lost.
"""

from __future__ import annotations

import atexit
import json
import subprocess
from collections.abc import Sequence
from typing import Any

import structlog

from server.domain.blocks import Block
from server.domain.errors import FieldError, Invalid
from server.domain.message import from_json
from server.media import child_process
from server.newsroom import text_process_main, text_to_blocks
from server.text.errors import TextError

log = structlog.get_logger()

SECONDS = 20.0
"""For one text by the clock; the longest takes a quarter of a second. Later it is read here."""


class TextProcess:
    """One process, started with the first text. For one thread at a time, besides `close`."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self.seconds = seconds
        self.process: subprocess.Popen[bytes] | None = None

    def prepared(self, given: Sequence[Block], language: str) -> tuple[Block, ...]:
        """As `text_to_blocks.prepared`, with the same errors."""
        blocks = [text_process_main.to_json(b) for b in given]
        asked = {"do": "prepared", "blocks": blocks, "language": language}
        answer = self._ask(asked)
        if answer is None:
            return text_to_blocks.prepared(given, language)
        if "fields" in answer:
            raise Invalid(*(FieldError(name, from_json(said)) for name, said in answer["fields"]))
        return _blocks(answer)

    def words(self, body: str, language: str) -> tuple[Block, ...]:
        """As `text_to_blocks.words`, with the same errors."""
        answer = self._ask({"do": "words", "body": body, "language": language})
        if answer is None:
            return text_to_blocks.words(body, language)
        if "error" in answer:
            raise TextError(*map(from_json, answer["error"]))
        return _blocks(answer)

    def close(self) -> None:
        """End the process; the next text starts another."""
        process, self.process = self.process, None
        if process is None:
            return
        process.kill()
        process.wait()
        child_process.close_pipes(process)

    def _ask(self, asked: dict[str, Any]) -> dict[str, Any] | None:
        """The answer; None if there is none, for whatever reason."""
        try:
            process = self._running()
            with child_process.killed_after(process, self.seconds):
                return _talk(process, json.dumps(asked).encode() + b"\n")
        except (OSError, ValueError) as error:
            log.warning("text.process", error=str(error) or type(error).__name__)
            self.close()
            return None

    def _running(self) -> subprocess.Popen[bytes]:
        if self.process is None or self.process.poll() is not None:
            self.close()
            self.process = child_process.start("server.newsroom.text_process_main")
        return self.process


def _talk(process: subprocess.Popen[bytes], line: bytes) -> dict[str, Any]:
    """Raises OSError or ValueError when the process ended."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(line)
    process.stdin.flush()
    answer: dict[str, Any] = json.loads(process.stdout.readline())
    return answer


def _blocks(answer: dict[str, Any]) -> tuple[Block, ...]:
    return tuple(text_process_main.from_json(data) for data in answer["blocks"])


shared = TextProcess()
"""That of this process."""
atexit.register(shared.close)
