"""The process that decodes pictures: `python -m server.media.decoder_process_main`, started and ended by
picture_decoder.py.

Decoders meet hostile bytes, and a picture of a few kilobytes can ask for minutes and gigabytes. Here that costs
a process that the system bounds (memory, processor time, time by the clock) and anybody may kill. It has no
settings, no secrets and no database; it ends when the server's end of its pipe closes.

Both ways: a line of JSON, then the bytes whose number that line says.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
from pathlib import Path
from typing import Any, BinaryIO

from server.domain.errors import TooLarge, UnsupportedMedia
from server.domain.message import to_json
from server.media import images

BASE_BYTES = 512 * 1024 * 1024
BYTES_PER_PIXEL = 20
"""Address space that may be used for each pixel allowed: the picture a few times over, four bytes each."""


def main() -> None:
    """Serve one request after the other until standard input ends."""
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    while line := requests.readline():
        asked = json.loads(line)
        data = requests.read(asked["bytes"])
        if len(data) < asked["bytes"]:
            return
        _bound(asked["max_pixels"], asked["seconds"])
        _answer(answers, data, asked["max_pixels"])
        signal.setitimer(signal.ITIMER_REAL, 0)


def _bound(max_pixels: int, seconds: float) -> None:
    """Let the system end this process when it takes more than a request may, also when the server is gone."""
    size = BASE_BYTES + BYTES_PER_PIXEL * max_pixels
    resource.setrlimit(resource.RLIMIT_AS, (size, resource.RLIM_INFINITY))
    usage = resource.getrusage(resource.RUSAGE_SELF)
    used = usage.ru_utime + usage.ru_stime
    # several threads of a decoder count together
    resource.setrlimit(resource.RLIMIT_CPU, (int(used + 2 * seconds) + 1, resource.RLIM_INFINITY))
    signal.setitimer(signal.ITIMER_REAL, seconds)


def _answer(answers: BinaryIO, data: bytes, max_pixels: int) -> None:
    try:
        picture = images.make(data, max_pixels)
    except (TooLarge, UnsupportedMedia) as error:
        _write(answers, {"error": error.code, "detail": to_json(error.detail)}, [])
        return
    sizes = [None, *sorted(picture.renditions)]
    bodies = [picture.full, *(picture.renditions[width] for width in sizes if width is not None)]
    head = {"mime": picture.mime, "width": picture.width, "height": picture.height, "sizes": sizes}
    _write(answers, head, bodies)


def _write(answers: BinaryIO, head: dict[str, Any], bodies: list[bytes]) -> None:
    head |= {"lengths": [len(body) for body in bodies], "peak": _peak()}
    answers.write(json.dumps(head).encode() + b"\n")
    for body in bodies:
        answers.write(body)
    answers.flush()


def _peak() -> int:
    """The most memory that this process ever had, in bytes. What `getrusage` says begins with the server's own,
    which started this process; 0 where the system does not tell."""
    try:
        with Path("/proc/self/status").open() as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        return 0


if __name__ == "__main__":
    main()
