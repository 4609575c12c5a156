"""Run the comparison: `python -m bench [--listeners N] [--rounds R] [--out FOLDER]`.

Every server meets the same listeners (bench/load.c) in the same run, one after the other in each round, and
the figures are compared as ratios to nchan and to the queue-each server. CPU is the server's own, from /proc;
the load generator's is shown beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.servers import (
    NchanSse,
    NchanWebSocket,
    QueueEach,
    Server,
    StopPressMany,
    StopPressSse,
    StopPressTwo,
    StopPressWebSocket,
)

HERE = Path(__file__).parent
console = Console(stderr=True)
WIRE_BYTES = 1400
"""About what an entry of 400 characters is on the wire with its markup; every server sends as much."""
BURST, BURST_POSTERS = 100, 10
EACH = 17_000
"""Listeners of one worker and of one load generator in a crowd."""


class Load:
    """The load generator, driven over its standard input."""

    def __init__(self, program: Path, server: Server, listeners: int, path: str | None = None) -> None:
        command = [str(program), "127.0.0.1", str(server.port), str(listeners), server.transport]
        self.process = subprocess.Popen(
            [*command, path or server.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        line = self._line()
        if not line.startswith("ready"):
            raise RuntimeError(f"{server.name}: {line or 'the load generator gave up'}")
        _, seconds, broken, cpu = line.split()
        self.connect_seconds, self.broken, self.connect_cpu = float(seconds), int(broken), float(cpu)

    def expect(self, marks: int, seconds: float) -> None:
        assert self.process.stdin
        self.process.stdin.write(f"expect {marks} {seconds}\n")
        self.process.stdin.flush()

    def result(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._line())
        return found

    def _line(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline()

    def stop(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(30)


def measure(kind: type[Server], program: Path, listeners: int, *, posts: int = 20) -> dict[str, float]:
    """One server, one round: connect, sit idle, one entry at a time, a burst, and a storm of returns."""
    server = kind()
    figures: dict[str, float] = {}
    try:
        server.start()
        for _ in range(3):
            server.post(WIRE_BYTES)
        memory, cpu = server.memory(), server.cpu()
        load = Load(program, server, listeners)
        figures["connect_us_cpu"] = (server.cpu() - cpu) / listeners * 1e6
        figures["connect_seconds"] = load.connect_seconds
        time.sleep(1)
        figures["idle_bytes"] = (server.memory() - memory) / listeners
        figures |= _one_by_one(server, load, listeners, posts)
        load.stop()
        time.sleep(0.5)
        figures |= _burst(server, program, min(2000, listeners))
        if isinstance(server, StopPressSse | StopPressWebSocket | NchanSse | NchanWebSocket):
            figures |= _storm(server, program, min(10_000, listeners))
        if isinstance(server, StopPressSse):
            figures |= _posting(server)
            figures |= _pages(server)
    finally:
        server.stop()
    return figures


def _one_by_one(server: Server, load: Load, listeners: int, posts: int) -> dict[str, float]:
    cpu, results = server.cpu(), []
    load_cpu = load.connect_cpu
    for _ in range(posts):
        load.expect(1, 30)
        server.post(WIRE_BYTES)
        results.append(load.result())
    got = sum(r["got"] for r in results)
    if got != posts * listeners:
        console.print(f"[yellow]{server.name}: {got} of {posts * listeners} arrived[/]")
    return {
        "delivery_us_cpu": (server.cpu() - cpu) / max(got, 1) * 1e6,
        "load_us_cpu": (results[-1]["load_cpu"] - load_cpu) / max(got, 1) * 1e6,
        "p50_ms": statistics.median(r["p50_ms"] for r in results),
        "p99_ms": statistics.median(r["p99_ms"] for r in results),
        "last_ms": statistics.median(r["last_ms"] for r in results),
        "lost": posts * listeners - got,
    }


def _burst(server: Server, program: Path, listeners: int) -> dict[str, float]:
    """A hundred updates at once, from `BURST_POSTERS` that each wait for their answers. `burst_delivery_us_cpu` is
    without what the same posts cost while nobody listens."""
    cpu = server.cpu()
    _post_at_once(server)
    posts = server.cpu() - cpu
    load = Load(program, server, listeners)
    load.expect(BURST, 60)
    cpu = server.cpu()
    _post_at_once(server)
    result = load.result()
    load.stop()
    used, got = server.cpu() - cpu, max(result["got"], 1)
    return {
        "burst_seconds": result["seconds"], "burst_us_cpu": used / got * 1e6,
        "burst_delivery_us_cpu": (used - posts) / got * 1e6,
    }


def _post_at_once(server: Server) -> None:
    with ThreadPoolExecutor(BURST_POSTERS) as posters:
        list(posters.map(server.post, [WIRE_BYTES] * BURST))


def _storm(server: Server, program: Path, listeners: int) -> dict[str, float]:
    """All come back at once from before the last ten entries."""
    if isinstance(server, StopPressSse | StopPressWebSocket):
        at = server.http.get("/live/bench/changes").json()["position"]
        for _ in range(10):
            server.post(WIRE_BYTES)
        path, marks = f"{server.path}?after={at}", 10
    else:
        path, marks = "/old", 1
    cpu, start = server.cpu(), time.monotonic()
    load = Load(program, server, listeners, path)
    load.expect(marks, 30)
    load.result()
    seconds = time.monotonic() - start
    load.stop()
    return {"storm_seconds": seconds, "storm_us_cpu": (server.cpu() - cpu) / listeners * 1e6}


def _posting(server: Server) -> dict[str, float]:
    times = []
    for _ in range(100):
        start = time.perf_counter()
        server.post(WIRE_BYTES)
        times.append(time.perf_counter() - start)
    return {"post_ms_p50": statistics.median(times) * 1e3, "post_ms_p99": sorted(times)[98] * 1e3}


def _pages(server: Server) -> dict[str, float]:
    """Page requests one after the other on one connection, as fast as they come."""
    headers = {"Accept-Encoding": "gzip", "Authorization": ""}
    cpu, start, count = server.cpu(), time.perf_counter(), 1000
    for _ in range(count):
        server.http.get("/live/bench", headers=headers).raise_for_status()
    return {
        "page_us_cpu": (server.cpu() - cpu) / count * 1e6,
        "pages_per_second": count / (time.perf_counter() - start),
    }


SERVERS: list[type[Server]] = [
    StopPressSse, NchanSse, StopPressWebSocket, NchanWebSocket, QueueEach, StopPressTwo,
]
RATIOS: list[tuple[str, str, str, str, float]] = [
    ("CPU for each delivery, SSE", "delivery_us_cpu", StopPressSse.name, NchanSse.name, 0.8),
    ("CPU for each delivery, WebSocket", "delivery_us_cpu", StopPressWebSocket.name, NchanWebSocket.name, 0.95),
    ("CPU for each delivery of a burst, SSE", "burst_delivery_us_cpu", StopPressSse.name, NchanSse.name, 0.5),
    ("CPU for each delivery of a burst, WebSocket", "burst_delivery_us_cpu", StopPressWebSocket.name,
     NchanWebSocket.name, 0.5),
    ("the same with the posts, SSE", "burst_us_cpu", StopPressSse.name, NchanSse.name, 0.5),
    ("the same with the posts, WebSocket", "burst_us_cpu", StopPressWebSocket.name, NchanWebSocket.name, 0.5),
    ("memory of an idle SSE listener", "idle_bytes", StopPressSse.name, NchanSse.name, 0.1),
    ("memory of an idle WebSocket listener", "idle_bytes", StopPressWebSocket.name, NchanWebSocket.name, 0.1),
    ("p99 of one entry, SSE", "p99_ms", StopPressSse.name, NchanSse.name, 1.0),
    ("CPU for each new connection, SSE", "connect_us_cpu", StopPressSse.name, NchanSse.name, 1.0),
    ("CPU for each new connection, WebSocket", "connect_us_cpu", StopPressWebSocket.name, NchanWebSocket.name, 1.3),
    ("CPU for each delivery, to a queue each", "delivery_us_cpu", StopPressSse.name, QueueEach.name, 0.2),
]


def _compare(program: Path, listeners: int, rounds: int, kinds: list[type[Server]]) -> dict[str, Any]:
    found: dict[str, list[dict[str, float]]] = {kind.name: [] for kind in kinds}
    for number in range(rounds):
        for kind in kinds:
            count = min(listeners, 5000) if kind is QueueEach else listeners
            console.print(f"round {number + 1}/{rounds}: {kind.name}, {count} listeners …")
            found[kind.name].append(measure(kind, program, count))
    medians = {
        name: {key: statistics.median(r[key] for r in runs) for key in runs[0]} for name, runs in found.items()
    }
    ratios = []
    for words, figure, ours, theirs, target in RATIOS:
        if ours in found and theirs in found:
            pairs = [a[figure] / b[figure] for a, b in zip(found[ours], found[theirs], strict=True)]
            ratios.append({"figure": words, "ratio": statistics.median(pairs), "target": target, "pairs": pairs})
    return {"listeners": listeners, "rounds": found, "medians": medians, "ratios": ratios}


def _growth(program: Path, sizes: list[int]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for kind in (StopPressSse, NchanSse, StopPressWebSocket, NchanWebSocket):
        found[kind.name] = []
        for size in sizes:
            console.print(f"growth: {kind.name}, {size} listeners …")
            server = kind()
            try:
                server.start()
                memory, cpu = server.memory(), server.cpu()
                load = Load(program, server, size)
                connect = (server.cpu() - cpu) / size * 1e6
                time.sleep(0.5)
                idle = (server.memory() - memory) / size
                figures = _one_by_one(server, load, size, 10)
                load.stop()
            finally:
                server.stop()
            found[kind.name].append({"listeners": size, "idle_bytes": idle, "connect_us_cpu": connect} | figures)
    return found


def _crowd(program: Path, listeners: int) -> dict[str, float]:
    """More listeners than one process may have files: several workers on Redis, several load generators."""
    loads = max(3, -(-listeners // EACH))
    each = -(-listeners // loads)
    server = StopPressMany()
    server.workers = loads
    console.print(f"crowd: {loads * each} listeners over {loads} workers …")
    try:
        server.start()
        memory, cpu = server.memory(), server.cpu()
        crowd = [Load(program, server, each) for _ in range(loads)]
        figures = {
            "listeners": float(loads * each),
            "connect_us_cpu": (server.cpu() - cpu) / (loads * each) * 1e6,
            "idle_bytes": (server.memory() - memory) / (loads * each),
        }
        cpu, rows = server.cpu(), []
        for _ in range(5):
            for load in crowd:
                load.expect(1, 30)
            server.post(WIRE_BYTES)
            rows.append([load.result() for load in crowd])
        got = sum(r["got"] for row in rows for r in row)
        figures |= {
            "delivery_us_cpu": (server.cpu() - cpu) / max(got, 1) * 1e6,
            "p50_ms": statistics.median(r["p50_ms"] for row in rows for r in row),
            "p99_ms": statistics.median(max(r["p99_ms"] for r in row) for row in rows),
            "last_ms": statistics.median(max(r["last_ms"] for r in row) for row in rows),
            "lost": float(5 * loads * each - got),
        }
        for load in crowd:
            load.stop()
    finally:
        server.stop()
    return figures


def _write(out: Path, results: dict[str, Any]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    (out / "results.json").write_text(json.dumps(results, indent=1))
    figures = list(dict.fromkeys(k for m in results["medians"].values() for k in m))
    lines = [f"# {results['listeners']} listeners, medians of {results['count']} rounds", "",
             f"`{results['command']}` on {results['machine']}", "",
             "| figure | " + " | ".join(results["medians"]) + " |",
             "| --- |" + " ---: |" * len(results["medians"])]
    lines += [
        f"| {f} | " + " | ".join(f"{m[f]:.4g}" if f in m else "" for m in results["medians"].values()) + " |"
        for f in figures
    ]
    lines += ["", "| ratio | measured | to reach |", "| --- | ---: | ---: |"]
    lines += [f"| {r['figure']} | {r['ratio']:.2f} | {r['target']} |" for r in results["ratios"]]
    for name, rows in results.get("growth", {}).items():
        lines += ["", f"## {name}, growing", "", "| " + " | ".join(rows[0]) + " |",
                  "|" + " ---: |" * len(rows[0])]
        lines += ["| " + " | ".join(f"{v:.4g}" for v in row.values()) + " |" for row in rows]
    if "crowd" in results:
        lines += ["", "## A crowd over several workers", "", "| figure | |", "| --- | ---: |"]
        lines += [f"| {k} | {v:.4g} |" for k, v in results["crowd"].items()]
    (out / "results.md").write_text("\n".join(lines) + "\n")


def _write_crowd(out: Path, results: dict[str, Any]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    found = {name: results[name] for name in ("command", "machine", "crowd")}
    (out / "crowd.json").write_text(json.dumps(found, indent=1) + "\n")
    lines = ["# A crowd over several workers and Redis", "", f"`{found['command']}` on {found['machine']}", "",
             "| figure | |", "| --- | ---: |", *(f"| {k} | {v:.4g} |" for k, v in found["crowd"].items())]
    (out / "crowd.md").write_text("\n".join(lines) + "\n")
    console.print("\n".join(lines))


def _plot_ratios(out: Path, ratios: list[dict[str, Any]]) -> None:
    """Each ratio as a share of what it may be, a point for each round."""
    if not ratios:
        return
    plt = _pyplot()
    figure, axis = plt.subplots(figsize=(9, 0.5 * len(ratios) + 1.2))
    for place, row in enumerate(reversed(ratios)):
        axis.barh(place, row["ratio"] / row["target"], color="#5b8" if row["ratio"] <= row["target"] else "#d66")
        axis.plot([p / row["target"] for p in row["pairs"]], [place] * len(row["pairs"]), "k.")
    axis.axvline(1, color="black", linewidth=1)
    axis.set_yticks(range(len(ratios)), [f"{r['figure']} ({r['ratio']:.2f})" for r in reversed(ratios)])
    axis.set(title="measured, as a share of what it may be", xlim=(0, None))
    figure.tight_layout()
    figure.savefig(out / "ratios.png", dpi=110)


def _pyplot() -> Any:
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    return plt


def _plot_growth(out: Path, growth: dict[str, Any]) -> None:
    plt = _pyplot()
    panels = [("p99_ms", "p99 of one entry (ms)"), ("delivery_us_cpu", "CPU for each delivery (µs)"),
              ("idle_bytes", "memory of an idle listener (bytes)"), ("connect_us_cpu", "CPU for a connection (µs)")]
    figure, axes = plt.subplots(2, 2, figsize=(10, 7))
    for axis, (key, words) in zip(axes.flat, panels, strict=True):
        for name, rows in growth.items():
            axis.plot([r["listeners"] for r in rows], [r[key] for r in rows], marker="o", label=name)
        axis.set(title=words, xlabel="listeners", ylim=(0, None))
        axis.grid(alpha=0.3)
    axes.flat[0].legend()
    figure.tight_layout()
    figure.savefig(out / "growth.png", dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("what", nargs="?", choices=["crowd"], help="only a crowd over several workers, of any size")
    parser.add_argument("--listeners", type=int, help="10,000, and up to 19,000 (files of one process); of a crowd 100,000")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", action="append", default=[], help="part of a server's name; may be repeated")
    parser.add_argument("--growth", action="store_true", help="also 1,000 to 15,000 listeners, with a plot")
    parser.add_argument("--crowd", action="store_true", help="also 39,000 listeners over three workers")
    parser.add_argument("--out", type=Path, default=HERE / "out")
    chosen = parser.parse_args()
    listeners = chosen.listeners or (100_000 if chosen.what else 10_000)
    if listeners < 1 or (listeners > 19_000 and not chosen.what):
        parser.error("--listeners: 1 to 19000")
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(20_000, hard), hard))
    kinds = [k for k in SERVERS if not chosen.only or any(o.lower() in k.name.lower() for o in chosen.only)]
    program = Path(tempfile.mkdtemp(prefix="stoppress-load-")) / "load"
    subprocess.run(["cc", "-O2", "-o", str(program), str(HERE / "load.c")], check=True)
    results: dict[str, Any] = {"medians": {}, "ratios": []} if chosen.what else _compare(
        program, listeners, chosen.rounds, kinds
    )
    results |= {
        "command": "python -m bench " + " ".join(sys.argv[1:]),
        "count": chosen.rounds,
        "machine": (
            f"{os.cpu_count()} cores, Python {platform.python_version()} "
            f"({'of the distribution' if sys.base_prefix == '/usr' else 'built elsewhere'}), "
            f"{platform.system()} {platform.release()}"
        ),
    }
    if chosen.growth:
        results["growth"] = _growth(program, [1000, 2000, 5000, 10_000, 15_000])
    if chosen.crowd or chosen.what:
        results["crowd"] = _crowd(program, listeners if chosen.what else 39_000)
    if chosen.what:
        _write_crowd(chosen.out, results)
        return
    _write(chosen.out, results)
    _plot_ratios(chosen.out, results["ratios"])
    if chosen.growth:
        _plot_growth(chosen.out, results["growth"])
    _show(results)


def _show(results: dict[str, Any], show: Callable[..., None] = console.print) -> None:
    table = Table("figure", *results["medians"])
    for figure in dict.fromkeys(k for m in results["medians"].values() for k in m):
        table.add_row(figure, *(f"{m[figure]:.4g}" if figure in m else "" for m in results["medians"].values()))
    show(table)
    table = Table("ratio", "measured", "to reach")
    for row in results["ratios"]:
        met = row["ratio"] <= row["target"]
        table.add_row(row["figure"], f"[{'green' if met else 'red'}]{row['ratio']:.2f}[/]", str(row["target"]))
    show(table)


if __name__ == "__main__":
    main()
