"""Uploads are decoded in a process of their own (decoder_process_main.py), one at a time, kept warm.

It is ended when a picture takes too long, when the request that brought it is given up, when it grew large,
and when the server stops. A request that has to wait for its turn waits in line, not in a thread.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any

from server.domain.errors import StopPressError, TooLarge, Unavailable, UnsupportedMedia
from server.domain.message import Message, from_json
from server.media import child_process
from server.media.images import Picture

SECONDS = 12.0
"""For one picture by the clock. The largest that is allowed takes four on a small machine."""
GRACE_SECONDS = 1.0
"""The worker ends itself; so much later it is ended from here."""
LARGE_BYTES = 400 * 1024 * 1024
"""A worker that once needed so much is not kept: the system gets the memory back."""

_ERRORS: dict[str, type[StopPressError]] = {
    error.code: error for error in (TooLarge, UnsupportedMedia)
}


class Decoder:
    """One worker process and the line before it. Used by any number of event loops, one after the other."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self.seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None
        # the thread only reads and writes pipes: whoever kills the process sets it free
        self._talking = ThreadPoolExecutor(max_workers=1, thread_name_prefix="picture")

    async def prepare(self, data: bytes, *, max_bytes: int, max_pixels: int) -> Picture:
        """Make a picture of an upload.

        Raises:
            TooLarge: more bytes, pixels, frames, scans, memory or seconds than allowed.
            UnsupportedMedia: it is not a JPEG, PNG, WebP, GIF or AVIF, or it is damaged.
            Unavailable: the server stops, or there is no process to be had.
        """
        if len(data) > max_bytes:
            raise TooLarge(Message("A picture may have at most %(n)s bytes.", n=max_bytes))
        job = _Job(self, data, max_pixels)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._talking, job.run)
        except asyncio.CancelledError:
            job.give_up()
            raise

    def close(self) -> None:
        """End the worker; the next picture starts another one."""
        process, self._process = self._process, None
        if process is not None:
            _end(process)

    def process(self) -> subprocess.Popen[bytes]:
        """The worker, started if it is not there. For the thread."""
        if self._process is None or self._process.poll() is not None:
            self.close()
            self._process = child_process.start("server.media.decoder_process_main")
        return self._process


class _Job:
    """One picture on its way. `run` is for the thread, `give_up` for the event loop."""

    def __init__(self, decoder: Decoder, data: bytes, max_pixels: int) -> None:
        self._decoder, self._data, self._max_pixels = decoder, data, max_pixels
        self._process: subprocess.Popen[bytes] | None = None
        self._given_up = False

    def give_up(self) -> None:
        """Nobody waits for the picture any more."""
        self._given_up = True
        if self._process is not None:
            self._process.kill()

    def run(self) -> Picture:
        if self._given_up:
            raise Unavailable("The upload was given up.")
        try:
            # known to `give_up` from here on; one that came just before only leaves the picture to be made
            process = self._process = self._decoder.process()
        except OSError as error:
            raise Unavailable("The picture cannot be worked on right now. Try again.") from error
        try:
            return self._talk(process)
        except (OSError, ValueError, EOFError) as error:
            raise self._why(process) from error
        finally:
            self._process = None

    def _talk(self, process: subprocess.Popen[bytes]) -> Picture:
        assert process.stdin is not None and process.stdout is not None
        seconds = self._decoder.seconds
        with child_process.killed_after(process, seconds + GRACE_SECONDS):
            asked = {"bytes": len(self._data), "max_pixels": self._max_pixels, "seconds": seconds}
            process.stdin.write(json.dumps(asked).encode() + b"\n")
            process.stdin.write(self._data)
            process.stdin.flush()
            head = json.loads(process.stdout.readline() or b"!")
            bodies = [_exactly(process.stdout, length) for length in head["lengths"]]
        if head["peak"] > LARGE_BYTES:
            self._decoder.close()
        if "error" in head:
            raise _ERRORS[head["error"]](from_json(head["detail"]))
        made = zip(head["sizes"], bodies, strict=True)
        renditions = {width: body for width, body in made if width is not None}
        return Picture(head["mime"], head["width"], head["height"], bodies[0], renditions)

    def _why(self, process: subprocess.Popen[bytes]) -> StopPressError:
        """What the end of the worker says of the picture."""
        _end(process)
        code = process.returncode
        if self._given_up:
            return Unavailable("The upload was given up.")
        if code in (-signal.SIGALRM, -signal.SIGXCPU, -signal.SIGKILL):
            return TooLarge(Message(
                "The server could not prepare this picture within %(seconds)s seconds. Choose a smaller one.",
                seconds=f"{self._decoder.seconds:g}",
            ))
        if code == -signal.SIGTERM:
            return Unavailable("The server stops; the picture was not kept. Try again.")
        return UnsupportedMedia("The picture is damaged, or needs more memory than a picture may.")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(2)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    child_process.close_pipes(process)


def _exactly(pipe: IO[bytes], length: int) -> bytes:
    data = pipe.read(length)
    if len(data) < length:
        raise EOFError
    return data


_decoder = Decoder()
atexit.register(_decoder.close)


async def prepare(data: bytes, **limits: Any) -> Picture:
    """`Decoder.prepare` of this process's decoder."""
    return await _decoder.prepare(data, **limits)


def close() -> None:
    """End this process's worker."""
    _decoder.close()
