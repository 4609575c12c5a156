"""What the page of a spike costs: `python -m bench.pages [--rounds R] [--requests N]`.

The same bytes from this server and from nginx at its best (a file, `open_file_cache`, no log), asked for by the same
program (bench/requests.c) over 32 connections that are kept, in turn in each round: a reader's page plain and
compressed, its 304, and `changes`. With a listener on the blog and without one. CPU is the server's own, from /proc.
"""

from __future__ import annotations

import argparse
import gzip
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import report
from bench.servers import Server, StopPressSse

HERE = Path(__file__).parent
CONNECTIONS = 32
TARGET = 1.3
"""The most CPU for each request, as a share of nginx's."""


class Nginx(Server):
    """Files as nginx serves them best: opened once, sent by the kernel, nothing logged."""

    name = "nginx"

    def start(self) -> None:
        (self.folder / "html").mkdir()
        config = self.folder / "nginx.conf"
        config.write_text(
            f"""
            daemon off; master_process off; worker_processes 1; pid {self.folder}/pid; error_log {self.folder}/error;
            events {{ worker_connections 1024; }}
            http {{
                access_log off; sendfile on; keepalive_requests 100000000; default_type text/html; gzip_static on;
                open_file_cache max=100 inactive=60s; open_file_cache_valid 60s;
                client_body_temp_path {self.folder}/body; proxy_temp_path {self.folder}/proxy;
                fastcgi_temp_path {self.folder}/fastcgi; uwsgi_temp_path {self.folder}/uwsgi;
                scgi_temp_path {self.folder}/scgi;
                server {{ listen 127.0.0.1:{self.port}; root {self.folder}/html; }}
            }}"""
        )
        self.spawn("nginx", "-c", str(config))
        self.wait("/")

    def keep(self, name: str, body: bytes) -> None:
        """A file, and its compressed form beside it."""
        path = self.folder / "html" / name
        path.write_bytes(body)
        path.with_name(name + ".gz").write_bytes(gzip.compress(body, 6, mtime=0))


def request(path: str, *lines: str) -> bytes:
    """What a browser sends, without its longer headers."""
    return "\r\n".join(
        [f"GET {path} HTTP/1.1", "Host: news.example", "User-Agent: Mozilla/5.0", "Accept: text/html,*/*", *lines, "", ""]
    ).encode()


def measure(program: Path, server: Server, asked: bytes, requests: int) -> dict[str, float]:
    """CPU for each request in µs, requests a second, and the bytes of a response."""
    command = [str(program), str(server.port), str(CONNECTIONS)]
    subprocess.run([*command, "2000"], input=asked, check=True, stdout=subprocess.DEVNULL)  # what is made once
    cpu = server.cpu()
    done = subprocess.run([*command, str(requests)], input=asked, check=True, stdout=subprocess.PIPE)
    count, size, seconds = done.stdout.split()
    return {
        "us_cpu": (server.cpu() - cpu) / int(count) * 1e6, "per_second": int(count) / float(seconds),
        "bytes": int(size) / int(count),
    }


def kinds(server: StopPressSse, nginx: Nginx) -> dict[str, tuple[bytes, bytes]]:
    """Each kind of request, to this server and to nginx."""
    plain = server.http.get("/live/bench", headers={"Accept-Encoding": "identity", "Authorization": ""})
    at = server.http.get("/live/bench/changes").json()["position"]
    nginx.keep("page.html", plain.content)
    nginx.keep("changes.html", server.http.get(f"/live/bench/changes?after={at}").content)
    etag = f"If-None-Match: {plain.headers['etag']}"
    theirs = f"If-None-Match: {nginx.http.get('/page.html', headers={'Accept-Encoding': 'identity'}).headers['etag']}"
    zipped = "Accept-Encoding: gzip, deflate, br"
    return {
        "page, plain": (request("/live/bench"), request("/page.html")),
        "page, gzip": (request("/live/bench", zipped), request("/page.html", zipped)),
        "page, 304": (request("/live/bench", etag), request("/page.html", theirs)),
        "changes": (request(f"/live/bench/changes?after={at}"), request("/changes.html")),
    }


def run(rounds: int, requests: int, say: Callable[[str], None]) -> dict[str, list[dict[str, float]]]:
    program = Path(tempfile.mkdtemp(prefix="stoppress-load-")) / "requests"
    subprocess.run(["cc", "-O2", "-D_GNU_SOURCE", "-o", str(program), str(HERE / "requests.c")], check=True)
    server, nginx, found = StopPressSse(), Nginx(), dict[str, list[dict[str, float]]]()
    try:
        server.start()
        nginx.start()
        for _ in range(12):
            server.post(1400)
        time.sleep(1)
        for number in range(rounds):
            for followed in (False, True):
                with socket.create_connection(("127.0.0.1", server.port)) as listener:
                    if followed:
                        listener.sendall(b"GET /live/bench/stream HTTP/1.1\r\nHost: news.example\r\n\r\n")
                    for name, (ours, theirs) in kinds(server, nginx).items():
                        row = name + (", followed" if followed else "")
                        mine, best = (measure(program, s, r, requests) for s, r in ((server, ours), (nginx, theirs)))
                        figures = {
                            "us_cpu": mine["us_cpu"], "nginx_us_cpu": best["us_cpu"],
                            "ratio": mine["us_cpu"] / best["us_cpu"], "bytes": mine["bytes"], "nginx_bytes": best["bytes"],
                            "per_second": mine["per_second"], "nginx_per_second": best["per_second"],
                        }
                        found.setdefault(row, []).append(figures)
                        say(f"round {number + 1}/{rounds}: {row}: " + ", ".join(f"{k} {v:.4g}" for k, v in figures.items()))
    finally:
        server.stop()
        nginx.stop()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.pages", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--out", type=Path, default=HERE / "out")
    chosen = parser.parse_args()
    found = run(chosen.rounds, chosen.requests, lambda line: print(line, file=sys.stderr))
    machine = report.machine()
    results: dict[str, Any] = {
        "command": f"python -m bench.pages {' '.join(sys.argv[1:])}", "machine": machine, "rounds": found,
    }
    figures = list(next(iter(found.values()))[0])
    lines = [
        "# The page of a spike, beside nginx with open_file_cache", "", f"`{results['command']}` on {machine}", "",
        f"Medians of {chosen.rounds} rounds; `ratio` is to be {TARGET} at most.", "",
        "| request | " + " | ".join(figures) + " | ratio in each round |", "| --- |" + " ---: |" * len(figures) + " --- |",
    ]
    for name, rows in found.items():
        cells = [f"{statistics.median(row[f] for row in rows):.4g}" for f in figures]
        lines.append(f"| {name} | " + " | ".join(cells) + " | " + ", ".join(f"{r['ratio']:.2f}" for r in rows) + " |")
    report.keep(chosen.out, "pages", results, lines)


if __name__ == "__main__":
    main()
