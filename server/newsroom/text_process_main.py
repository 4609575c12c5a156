"""The process that reads long texts: `python -m server.newsroom.text_process_main`, started by text_process.py.

It has nothing of the server's environment, gives way to the event loops of the server, and ends when the
server's end of its pipe closes. Both ways: one line of JSON.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from server.domain import blocks, message
from server.domain.blocks import Block, Quote, Text
from server.domain.errors import Invalid
from server.newsroom import text_to_blocks
from server.text.errors import TextError
from server.text.sanitise import Clean

NICE = 5


def to_json(block: Block) -> dict[str, Any]:
    """The block, with whether its HTML is clean already."""
    clean = isinstance(block, Text | Quote) and isinstance(block.html, Clean)
    return blocks.to_json(block) | {"clean": clean}


def from_json(data: dict[str, Any]) -> Block:
    """Inverse of `to_json`."""
    html = {"html": Clean(data["html"])} if data["clean"] else {}
    return blocks.from_json(data | html)


def _answer(asked: dict[str, Any]) -> dict[str, Any]:
    try:
        if asked["do"] == "words":
            found = text_to_blocks.words(asked["body"], asked["language"])
        else:
            found = text_to_blocks.prepared([from_json(b) for b in asked["blocks"]], asked["language"])
    except TextError as error:
        return {"error": [message.to_json(error.message), message.to_json(error.place)]}
    except Invalid as error:
        return {"fields": [[f.field, message.to_json(f.message)] for f in error.fields]}
    return {"blocks": [to_json(b) for b in found]}


def main() -> None:
    """Answer one line after the other until standard input ends."""
    os.nice(NICE)
    for line in sys.stdin.buffer:
        sys.stdout.buffer.write(json.dumps(_answer(json.loads(line))).encode() + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
