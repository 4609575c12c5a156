"""How quickly posts are taken: `python -m bench.posts [--rounds R] [--posts N]`.

One editor posts one entry after the other; then sixteen post at the same time, each in turn. Beside them, in the same
round, what the disk gives: bare inserts into a SQLite file of its own, committed one by one with full synchronous. The
ratio tells how much of a post is ours, whatever the machine does meanwhile. CPU is the server's own, from /proc.
"""

from __future__ import annotations

import argparse
import json
import socket
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import report
from bench.servers import StopPressSse

HERE = Path(__file__).parent
BODY = "Convoys of the relief agency left the port at noon and are expected at the northern crossing by dusk. " * 4
EDITORS = 16
TARGETS = {"alone_ms_p50": 2.5, "together_per_second": 700.0}


class Editor:
    """One connection that is kept, without a client library in between: its work would count as waiting."""

    def __init__(self, server: StopPressSse) -> None:
        self.socket = socket.create_connection(("127.0.0.1", server.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.token = server.http.headers["Authorization"].encode()

    def post(self) -> float:
        """Seconds until the 201."""
        body = json.dumps({"body": BODY}).encode()
        start = time.perf_counter()
        self.socket.sendall(
            b"POST /api/v1/blogs/bench/entries HTTP/1.1\r\nHost: a\r\nAuthorization: %b\r\n"
            b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (self.token, len(body), body)
        )
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self._read()
        head, _, rest = answer.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 201"):
            raise RuntimeError(answer[:300])
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        while len(rest) < length:
            rest += self._read()
        return time.perf_counter() - start

    def _read(self) -> bytes:
        data = self.socket.recv(65_536)
        if not data:
            raise RuntimeError("the server closed the connection")
        return data


def bare(posts: int) -> dict[str, float]:
    """Inserts of a row as large, each in a transaction of its own."""
    with tempfile.TemporaryDirectory(prefix="stoppress-bench-") as folder:
        connection = sqlite3.connect(Path(folder) / "bare.db", isolation_level=None)
        for statement in ("journal_mode=WAL", "synchronous=FULL"):
            connection.execute(f"PRAGMA {statement}")
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT)")
        times = []
        for _ in range(posts):
            start = time.perf_counter()
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO t (body) VALUES (?)", (BODY * 3,))
            connection.execute("COMMIT")
            times.append(time.perf_counter() - start)
        connection.close()
    return {"bare_ms_p50": statistics.median(times) * 1e3, "bare_per_second": posts / sum(times)}


def alone(server: StopPressSse, posts: int) -> dict[str, float]:
    editor = Editor(server)
    cpu, times = server.cpu(), sorted(editor.post() for _ in range(posts))
    return {
        "alone_ms_p50": statistics.median(times) * 1e3, "alone_ms_p99": times[int(posts * 0.99) - 1] * 1e3,
        "alone_per_second": posts / sum(times), "alone_ms_cpu": (server.cpu() - cpu) / posts * 1e3,
    }


def together(server: StopPressSse, posts: int) -> dict[str, float]:
    editors, times = [Editor(server) for _ in range(EDITORS)], list[float]()

    def run(editor: Editor) -> None:
        times.extend(editor.post() for _ in range(posts // EDITORS))

    threads = [threading.Thread(target=run, args=(editor,)) for editor in editors]
    cpu, start = server.cpu(), time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - start
    return {
        "together_ms_p50": statistics.median(times) * 1e3, "together_per_second": len(times) / seconds,
        "together_ms_cpu": (server.cpu() - cpu) / len(times) * 1e3,
    }


def run(rounds: int, posts: int, say: Callable[[str], None]) -> list[dict[str, float]]:
    found = []
    for number in range(rounds):
        server = StopPressSse()
        try:
            server.start()
            alone(server, 50)  # what is made once
            figures = bare(posts) | alone(server, posts) | together(server, posts)
        finally:
            server.stop()
        figures["alone_to_bare"] = figures["alone_ms_p50"] / figures["bare_ms_p50"]
        figures["together_to_bare"] = figures["bare_per_second"] / figures["together_per_second"]
        say(f"round {number + 1}/{rounds}: " + ", ".join(f"{k} {v:.4g}" for k, v in figures.items()))
        found.append(figures)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.posts", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--posts", type=int, default=800)
    parser.add_argument("--out", type=Path, default=HERE / "out")
    chosen = parser.parse_args()
    rounds = run(chosen.rounds, chosen.posts, lambda line: print(line, file=sys.stderr))
    machine = report.machine()
    results: dict[str, Any] = {
        "command": f"python -m bench.posts {' '.join(sys.argv[1:])}", "machine": machine, "rounds": rounds,
    }
    lines = [
        f"# Posts: one editor alone, and {EDITORS} at the same time", "", f"`{results['command']}` on {machine}", "",
        "| figure | median | each round | target |", "| --- | ---: | --- | ---: |",
    ]
    for name in rounds[0]:
        values = [figures[name] for figures in rounds]
        each = ", ".join(f"{value:.4g}" for value in values)
        lines.append(f"| {name} | {statistics.median(values):.4g} | {each} | {TARGETS.get(name, '')} |")
    report.keep(chosen.out, "posts", results, lines)


if __name__ == "__main__":
    main()
