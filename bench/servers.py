"""The servers under comparison, each started and ended by the benchmark itself."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx2

HERE = Path(__file__).parent
FILES = 20_000
TEXT = "Convoys of the relief agency left the port at noon and are expected at the northern crossing by dusk. "


def free_port() -> int:
    """Below the ports that the kernel gives to clients: the load generator's may take any of those."""
    while True:
        with socket.socket() as sock, contextlib.suppress(OSError):
            port = random.randrange(22_000, 30_000)
            sock.bind(("127.0.0.1", port))
            return port


class Server:
    """A running server. `path` is what a listener asks for; `post` publishes one update with a mark."""

    name = ""
    transport = "sse"
    path = "/sub"

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="stoppress-bench-"))
        self.port = free_port()
        self.processes: list[subprocess.Popen[bytes]] = []
        self.http = httpx2.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=60)

    def start(self) -> None:
        raise NotImplementedError

    def post(self, size: int) -> None:
        """Publish an update of about `size` bytes on the wire."""
        raise NotImplementedError

    def spawn(self, *command: str, **env: str) -> None:
        self.processes.append(
            subprocess.Popen(command, env=os.environ | env, cwd=HERE.parent, stdout=subprocess.DEVNULL)
        )

    def wait(self, path: str) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx2.TransportError):
                if self.http.get(path).status_code < 500:
                    return
            time.sleep(0.05)
        raise RuntimeError(f"{self.name} did not start")

    def pids(self) -> list[int]:
        """Every process of the server, children included."""
        found = [p.pid for p in self.processes]
        for pid in found:
            for task in Path(f"/proc/{pid}/task").glob("*/children"):
                found += [int(x) for x in task.read_text().split() if int(x) not in found]
        return found

    def cpu(self) -> float:
        """Seconds of CPU used so far."""
        ticks = 0
        for pid in self.pids():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def memory(self) -> float:
        """Bytes: the proportional set size of all processes."""
        total = 0
        for pid in self.pids():
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
        return float(total)

    def stop(self) -> None:
        self.http.close()
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def padded(size: int) -> str:
    mark = f"@@{time.monotonic_ns()}@@ "
    return mark + (TEXT * (size // len(TEXT) + 1))[: max(0, size - len(mark))]


class StopPress(Server):
    """This server, everything on: authorisation, metrics, heartbeats, SQLite with full synchronous."""

    workers = 1

    def __init__(self) -> None:
        super().__init__()
        self.token = ""
        self.redis = ""
        self.markup = 0
        """Bytes on the wire around the text of an entry: what is posted is shorter by so much, so that every
        server sends as many bytes."""

    def start(self) -> None:
        env = {
            "STOPPRESS_DATA_DIR": str(self.folder), "STOPPRESS_PORT": str(self.port),
            "STOPPRESS_MAX_LISTENERS_PER_ADDRESS": "100000", "STOPPRESS_MAX_LISTENERS": "100000",
            "STOPPRESS_DRAIN_SECONDS": "0", "STOPPRESS_DEMO": "0", "STOPPRESS_LOG_LEVEL": "warning",
            "STOPPRESS_WORKERS": str(self.workers),
        }
        if self.redis:
            env["STOPPRESS_REDIS_URL"] = self.redis
        self.spawn(sys.executable, "-m", "server", "serve", **env)
        self.wait("/readyz")
        made = subprocess.run(
            [sys.executable, "-m", "server", "token", "add", "bench", "--role", "admin", "--json"],
            env=os.environ | env, cwd=HERE.parent, capture_output=True, check=True,
        )
        self.token = json.loads(made.stdout)["token"]
        self.http.headers["Authorization"] = f"Bearer {self.token}"
        body = {"slug": "bench", "headline": "Benchmark", "status": "live"}
        self.http.post("/api/v1/blogs", json=body).raise_for_status()
        at = self.http.get("/live/bench/changes").json()["position"]
        self.post(1000)
        answer = self.http.get(f"/live/bench/changes?after={at}").json()
        change = json.dumps(answer["changes"][0], ensure_ascii=False, separators=(",", ":"))
        self.markup = len(change.encode()) - 1000

    def post(self, size: int) -> None:
        text = padded(max(100, size - self.markup))
        body = {"blocks": [{"type": "text", "html": f"<p>{text}</p>"}], "byline": "B"}
        self.http.post("/api/v1/blogs/bench/entries", json=body).raise_for_status()


class StopPressSse(StopPress):
    name, transport, path = "Stop Press, SSE", "sse", "/live/bench/stream"


class StopPressWebSocket(StopPress):
    name, transport, path = "Stop Press, WebSocket", "ws", "/live/bench/ws"


class StopPressTwo(StopPressSse):
    """Two workers on Redis."""

    name, workers = "Stop Press, SSE, 2 workers + Redis", 2

    def start(self) -> None:
        port = free_port()
        command = shutil.which("redis-server") or "redis-server"
        self._redis = subprocess.Popen(
            [command, "--port", str(port), "--save", "", "--bind", "127.0.0.1"], stdout=subprocess.DEVNULL
        )
        self.redis = f"redis://127.0.0.1:{port}/0"
        super().start()

    def stop(self) -> None:
        super().stop()
        self._redis.terminate()
        self._redis.wait(10)


class StopPressMany(StopPressTwo):
    """Several workers on Redis, for more listeners than two processes may have files."""

    name = "Stop Press, SSE, workers + Redis"


class Nchan(Server):
    """nginx with nchan, both from Debian's packages, one worker process, heartbeats as often as ours."""

    path = "/sub"

    def start(self) -> None:
        kind = "eventsource" if self.transport == "sse" else "websocket"
        conf = self.folder / "nginx.conf"
        conf.write_text(
            f"""load_module /usr/lib/nginx/modules/ngx_nchan_module.so;
worker_processes 1; worker_rlimit_nofile {FILES}; daemon off; pid {self.folder}/nginx.pid;
error_log {self.folder}/error.log warn;
events {{ worker_connections {FILES}; }}
http {{ access_log off; client_body_temp_path {self.folder}/b; proxy_temp_path {self.folder}/p;
fastcgi_temp_path {self.folder}/f; uwsgi_temp_path {self.folder}/u; scgi_temp_path {self.folder}/s;
nchan_shared_memory_size 512M; nchan_message_buffer_length 200; nchan_message_timeout 1h;
server {{ listen 127.0.0.1:{self.port} backlog=4096;
location /sub {{ nchan_subscriber {kind}; nchan_channel_id bench; nchan_subscriber_first_message newest;
  nchan_{kind}_ping_interval 15; }}
location /old {{ nchan_subscriber {kind}; nchan_channel_id bench; nchan_subscriber_first_message oldest;
  nchan_{kind}_ping_interval 15; }}
location /pub {{ nchan_publisher; nchan_channel_id bench; }}
location / {{ return 204; }} }} }}
"""
        )
        self.spawn("nginx", "-p", str(self.folder), "-c", str(conf))
        self.wait("/")
        self.http.post("/pub", content=padded(100))

    def post(self, size: int) -> None:
        self.http.post("/pub", content=padded(size)).raise_for_status()


class NchanSse(Nchan):
    name, transport = "nchan, SSE", "sse"


class NchanWebSocket(Nchan):
    name, transport = "nchan, WebSocket", "ws"


class QueueEach(Server):
    """sse-starlette with a queue for each listener, uvicorn with uvloop."""

    name = "sse-starlette, a queue each"

    def start(self) -> None:
        self.spawn(
            sys.executable, "-m", "uvicorn", "bench.queue_app:app", "--port", str(self.port),
            "--loop", "uvloop", "--http", "httptools", "--log-level", "warning", "--backlog", "4096",
            "--timeout-graceful-shutdown", "1",
        )
        self.wait("/nothing")

    def post(self, size: int) -> None:
        self.http.post("/pub", content=padded(size)).raise_for_status()
