"""Processes of `stoppress` without the second that its imports take.

A fork server has imported all that a server needs, and waits; for each process that a test asks for it forks,
and the child runs the command as `python -m server` would, with a session, an environment and files of its own.
Most of what a start costs is the imports, and a run of all tests starts hundreds.
"""

from __future__ import annotations

import asyncio
import atexit
import functools
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
_MESSAGE_BYTES = 1 << 17


class Spawned:
    """A process that the fork server started, with what tests use of `asyncio.subprocess.Process`."""

    def __init__(self, server: ForkServer, pid: int) -> None:
        self._server = server
        self._pidfd = os.pidfd_open(pid)
        self.pid = pid
        self.returncode: int | None = None

    async def wait(self) -> int:
        """Wait until it has ended; its exit code, negative for a signal."""
        if self.returncode is None:
            loop = asyncio.get_running_loop()
            ended = asyncio.Event()
            watched = os.dup(self._pidfd)  # one for each waiter
            loop.add_reader(watched, ended.set)
            try:
                await ended.wait()
            finally:
                loop.remove_reader(watched)
                os.close(watched)
        return self._reap()

    def send_signal(self, number: signal.Signals) -> None:
        """Raises: ProcessLookupError: it has ended."""
        if self.returncode is not None:
            raise ProcessLookupError(self.pid)
        signal.pidfd_send_signal(self._pidfd, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _reap(self) -> int:
        if self.returncode is None:
            self.returncode = self._server.reap(self.pid)
            os.close(self._pidfd)
        return self.returncode


class ForkServer:
    """Starts processes of `stoppress`. One serves all tests of this process."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(theirs.fileno())], cwd=ROOT, pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True,
        )
        theirs.close()

    def spawn(
        self, words: Sequence[str], *, env: Mapping[str, str], stdout: int, stderr: int, stdin: int = -1
    ) -> Spawned:
        """Start `stoppress` with these words, environment and these descriptors. The caller closes them."""
        message = json.dumps({"words": list(words), "env": dict(env)}).encode()
        descriptors = [stdout, stderr] if stdin < 0 else [stdout, stderr, stdin]
        socket.send_fds(self._socket, [message], descriptors)
        return Spawned(self, self._answer())

    def reap(self, pid: int) -> int:
        """The exit code of a process that has ended."""
        self._socket.send(json.dumps({"reap": pid}).encode())
        return self._answer()

    def close(self) -> None:
        self._socket.close()
        self._process.wait()

    def _answer(self) -> int:
        answer = self._socket.recv(_MESSAGE_BYTES)
        assert answer, "the fork server has ended"
        return int(answer)


@functools.cache
def fork_server() -> ForkServer:
    """The one of this process; it ends with it."""
    server = ForkServer()
    atexit.register(server.close)
    return server


def _serve(channel: socket.socket) -> list[str]:
    """Fork for each request. Returns only in a child: the words of its command line.

    Raises:
        SystemExit: the tests have ended.
    """
    while True:
        message, descriptors, _, _ = socket.recv_fds(channel, _MESSAGE_BYTES, 3)
        if not message:
            sys.exit()
        request = json.loads(message)
        if "reap" in request:
            _, status = os.waitpid(request["reap"], 0)
            channel.send(str(os.waitstatus_to_exitcode(status)).encode())
            continue
        pid = os.fork()
        if pid == 0:
            os.setsid()
            channel.send(str(os.getpid()).encode())  # only now: it can be found as the head of its group
            channel.close()
            _become(request["env"], descriptors)
            return list(request["words"])
        for descriptor in descriptors:
            os.close(descriptor)


def _become(env: dict[str, str], descriptors: list[int]) -> None:
    os.environ.clear()
    os.environ.update(env)
    for descriptor, number in zip(descriptors, (1, 2, 0), strict=False):
        os.dup2(descriptor, number)
        os.close(descriptor)


def _main() -> None:
    import gc

    import server.cli.main
    import server.cli.server_process  # what `serve` imports when it runs
    from tests.support.made_once import make_now, make_once

    make_once()
    make_now()
    gc.collect()
    gc.freeze()
    words = _serve(socket.socket(fileno=int(sys.argv[1])))
    sys.argv[:] = ["stoppress", *words]
    server.cli.main.main()


if __name__ == "__main__":
    _main()
