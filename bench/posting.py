"""What a listener feels while others post the longest text that is permitted: `python -m bench.posting`.

Ten contributors post the worst permitted bodies as fast as they are taken. Meanwhile an editor posts a short entry
every tenth of a second, and a listener on SSE says when it arrives: from the moment that the request was sent. The
same is measured without the ten. A timed test would fail on a busy machine; this is run by hand and its result kept.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import socket
import statistics
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2

from bench import report
from bench.servers import StopPressSse
from server.domain.text_limits import MAX_BODY, MAX_MARKUP

HERE = Path(__file__).parent
SECONDS = 20.0
POSTERS = 10
EVERY_SECONDS = 0.1


def _filled(unit: str, times: int) -> str:
    words = "the convoy left the harbour at noon "
    room = (MAX_BODY - len(unit) * times) // times
    return (unit + (words * (room // len(words) + 1))[:room]) * times


BODIES: dict[str, str] = {
    "headings": "# a\n" * (MAX_MARKUP // 2 - 10),
    "quotation marks": _filled("' ", MAX_MARKUP - 10),
    "addresses": _filled("http://a.b/_c_ ", 900),
    "paragraphs": _filled("a\n\n", MAX_MARKUP // 2 - 10),
    "formatting": "*a* " * (MAX_MARKUP // 2 - 10),
    "table": "|a|b|\n|-|-|\n" + "|a|b|\n" * 980,
}
"""The slowest bodies of their kinds that are taken."""


class Listener(threading.Thread):
    """Reads a stream and keeps when each mark arrived."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.arrived: dict[str, float] = {}
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.sendall(b"GET /live/bench/stream HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n")

    def run(self) -> None:
        held = b""
        while data := self._socket.recv(1 << 20):
            now = time.monotonic()
            held += data
            while (start := held.find(b"@@")) >= 0 and (end := held.find(b"@@", start + 2)) >= 0:
                self.arrived.setdefault(held[start + 2:end].decode(errors="replace"), now)
                held = held[end + 2:]
            held = held[-200:] if b"@@" not in held else held


def _post_worst(url: str, token: str, body: str, until: float, taken: multiprocessing.Queue[float]) -> None:
    """One contributor, in a process of its own: its work must not delay what the listener's clock says."""
    with httpx2.Client(base_url=url, headers={"Authorization": token}, timeout=60) as http:
        while time.monotonic() < until:
            start = time.monotonic()
            answer = http.post("/api/v1/blogs/bench/entries", json={"body": body, "status": "draft"})
            assert answer.status_code == 201, answer.text[:300]
            taken.put(time.monotonic() - start)


def _measure(server: StopPressSse, listener: Listener, seconds: float) -> dict[str, float]:
    sent: dict[str, float] = {}
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        mark = str(time.monotonic_ns())
        sent[mark] = time.monotonic()
        server.http.post("/api/v1/blogs/bench/entries", json={"body": f"@@{mark}@@ Rain"}).raise_for_status()
        time.sleep(max(0.0, EVERY_SECONDS - (time.monotonic() - sent[mark])))
    time.sleep(0.5)
    delays = sorted((listener.arrived[m] - at) * 1e3 for m, at in sent.items() if m in listener.arrived)
    return {
        "posts": len(sent), "lost": len(sent) - len(delays), "p50_ms": statistics.median(delays),
        "p99_ms": delays[int(len(delays) * 0.99) - 1], "worst_ms": delays[-1],
    }


def run(seconds: float, say: Callable[[str], None]) -> dict[str, Any]:
    server = StopPressSse()
    try:
        server.start()
        listener = Listener(server.port)
        listener.start()
        time.sleep(0.5)
        found: dict[str, Any] = {"alone": _measure(server, listener, seconds / 2)}
        say(f"alone: {found['alone']}")
        for name, body in BODIES.items():
            queue: multiprocessing.Queue[float] = multiprocessing.Queue()
            url, token = str(server.http.base_url), server.http.headers["Authorization"]
            until = time.monotonic() + seconds + 1
            posters = [
                multiprocessing.Process(target=_post_worst, args=(url, token, body, until, queue))
                for _ in range(POSTERS)
            ]
            for poster in posters:
                poster.start()
            time.sleep(1)
            found[name] = _measure(server, listener, seconds)
            for poster in posters:
                poster.join()
            taken = [queue.get() for _ in range(queue.qsize())]
            found[name] |= {"worst_bodies_taken": len(taken), "characters": len(body),
                            "worst_body_seconds": statistics.median(taken)}
            say(f"{name}: {found[name]}")
    finally:
        server.stop()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.posting", description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--out", type=Path, default=HERE / "results")
    chosen = parser.parse_args()
    found = run(chosen.seconds, lambda line: print(line, file=sys.stderr))
    figures = ["posts", "lost", "p50_ms", "p99_ms", "worst_ms", "characters", "worst_bodies_taken", "worst_body_seconds"]
    lines = [
        f"# A short post's way to a listener while {POSTERS} contributors post the longest bodies", "",
        f"`python -m bench.posting {' '.join(sys.argv[1:])}` on {report.machine()};"
        f" load average {os.getloadavg()[0]:.1f} in the end, the posters' included. Times are from the "
        "moment that the short post was sent to its arrival at the listener: log-in, transaction and delivery.", "",
        "| meanwhile | " + " | ".join(figures) + " |", "| --- |" + " ---: |" * len(figures),
        *(f"| {name} | " + " | ".join(f"{row[f]:.4g}" if f in row else "" for f in figures) + " |"
          for name, row in found.items()),
    ]
    report.keep(chosen.out, "posting", found, lines)


if __name__ == "__main__":
    main()
