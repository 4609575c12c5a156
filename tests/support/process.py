"""`stoppress` as a process of its own: a server that can be terminated, killed and started again on the same
data, and single commands."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import httpx2

from tests.support import empty_database
from tests.support.fork_server import ROOT, Spawned, fork_server

DEADLINE = 60.0


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """What `--json` printed: one object."""
        found: dict[str, Any] = json.loads(self.out)
        return found

    @property
    def error(self) -> dict[str, Any]:
        """What `--json` complained: `{"code", "detail"}`."""
        found: dict[str, Any] = json.loads(self.err.splitlines()[-1])["error"]  # the log comes before it
        return found


def environment(**chosen: Any) -> dict[str, str]:
    """This process's environment without any setting of Stop Press, and with those chosen:
    `data_dir=…` becomes STOPPRESS_DATA_DIR."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("STOPPRESS_")}
    settings = {f"STOPPRESS_{name.upper()}": str(value) for name, value in chosen.items()}
    return kept | {"STOPPRESS_FETCH": "0"} | settings


async def run(*words: str, stdin: bytes = b"", seconds: float = DEADLINE, **chosen: Any) -> Ended:
    """Run one command to its end, e.g. `run("token", "list", "--json", data_dir=folder)`."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write(stdin)
        given.seek(0)
        process = fork_server().spawn(
            words, env=environment(**chosen), stdout=out.fileno(), stderr=err.fileno(), stdin=given.fileno()
        )
        try:
            async with asyncio.timeout(seconds):
                code = await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        out.seek(0)
        err.seek(0)
        return Ended(code, out.read().decode(), err.read().decode())


async def new_token(role: str = "admin", *, name: str = "tests", **chosen: Any) -> str:
    """Make an API token on the installation with these settings, which may be a new one."""
    empty_database.prepare(**chosen)
    ended = await run("token", "add", name, "--role", role, "--json", **chosen)
    assert ended.code == 0, ended.err
    return str(ended.json["token"])


class Process:
    """A server of its own. It keeps its port over restarts, so that clients find it again.

    Args:
        folder: for its log, and for its data when no `data_dir` is chosen.
        module: what is run in place of `stoppress`.
    """

    def __init__(self, folder: Path, *, module: str = "server", **chosen: Any) -> None:
        self._module = module
        self.chosen = {"data_dir": folder, "drain_seconds": 0} | chosen
        self.port = 0
        self.said: dict[str, Any] = {}
        self.preexec: Callable[[], None] | None = None
        """Run in the process before the server is, for limits of its own."""
        folder.mkdir(parents=True, exist_ok=True)
        self._log = folder / "server.log"
        self._process: asyncio.subprocess.Process | Spawned | None = None
        self._output: asyncio.StreamWriter | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", self.port

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    async def start(self) -> None:
        """Start, and wait until it says that it listens."""
        assert self._process is None, "it runs already"
        ours, theirs = socket.socketpair()
        with theirs, self._log.open("ab") as log:
            words = "serve", "--port", str(self.port), "--json"
            self._process = await self._spawned(*words, out=theirs, log=log)
        reader, self._output = await asyncio.open_connection(sock=ours)
        async with asyncio.timeout(DEADLINE):
            line = await reader.readline()
        assert line, f"it ended before it listened:\n{self.log[-2000:]}"
        self.said = json.loads(line)
        assert self.said["event"] == "listening"
        self.port = int(self.said["url"].rpartition(":")[2])

    async def _spawned(
        self, *words: str, out: socket.socket, log: IO[bytes]
    ) -> asyncio.subprocess.Process | Spawned:
        env = environment(**self.chosen)
        if self._module == "server" and self.preexec is None:
            return fork_server().spawn(words, env=env, stdout=out.fileno(), stderr=log.fileno())
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", self._module, *words, cwd=ROOT, env=env, preexec_fn=self.preexec,
            stdin=asyncio.subprocess.DEVNULL, stdout=out, stderr=log,
            start_new_session=True,  # a group of its own: its workers can be found at the end
        )

    async def terminate(self) -> int:
        """SIGTERM, and its exit code."""
        self.signal(signal.SIGTERM)
        return await self.ended()

    async def kill(self) -> None:
        """kill -9."""
        self.signal(signal.SIGKILL)
        await self.ended()

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)

    async def ended(self, *, seconds: float = DEADLINE) -> int:
        """Wait until it has ended; its exit code, negative for a signal."""
        assert self._process is not None
        async with asyncio.timeout(seconds):
            code = await self._process.wait()
        self._sweep()
        self._forget()
        return code

    async def remove(self) -> None:
        """End it, however it stands, and everything that it started."""
        if self._process is not None:
            self._sweep()
            await self._process.wait()
            self._forget()

    def _forget(self) -> None:
        self._process = None
        if self._output is not None:
            self._output.close()

    def _sweep(self) -> None:
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def client(self, token: str = "", *, timeout: float = 15.0) -> httpx2.AsyncClient:
        """A client that sends with this token, or as a reader."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx2.AsyncClient(base_url=self.url, headers=headers, verify=False, timeout=timeout)


async def history(reader: httpx2.AsyncClient, slug: str = "storm") -> list[dict[str, Any]]:
    """What a reader is told who begins at the very beginning: the changes in their order."""
    here = (await reader.get(f"/live/{slug}/changes")).json()["position"]
    begin = here.partition(".")[0] + ".0"
    answer = await reader.get(f"/live/{slug}/changes", params={"after": begin, "view": "json"})
    assert answer.status_code == 200, answer.text
    assert not answer.json()["reset"]
    found: list[dict[str, Any]] = answer.json()["changes"]
    return found


@contextlib.asynccontextmanager
async def serving(folder: Path, **chosen: Any) -> AsyncIterator[Process]:
    """A started server with its data in `folder`; nothing of it is left at the end."""
    process = Process(folder, **chosen)
    try:
        await process.start()
        yield process
    finally:
        await process.remove()
