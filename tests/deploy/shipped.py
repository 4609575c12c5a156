"""The proxies of deploy/, started as they are shipped but for names, ports, certificate and folders."""

from __future__ import annotations

import asyncio
import contextlib
import os
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

from tests.support.certificates import make_certificates
from tests.support.ports import free_port
from tests.support.program import START_SECONDS, program

DEPLOY = Path(__file__).parent.parent.parent / "deploy"


def exchanged(text: str, *pairs: tuple[str, str]) -> str:
    """`text` with each first exchanged for its second. Each must be there exactly once."""
    for old, new in pairs:
        assert text.count(old) == 1, f"{old!r} is in the configuration {text.count(old)} times"
        text = text.replace(old, new)
    return text


@contextlib.asynccontextmanager
async def nginx(folder: Path, upstream: int) -> AsyncIterator[str]:
    """nginx with deploy/nginx.conf before the server at port `upstream`; its address."""
    port, made = free_port(), make_certificates(folder)
    text = exchanged(
        (DEPLOY / "nginx.conf").read_text(encoding="utf-8"),
        ("include mime.types;", "include /etc/nginx/mime.types; access_log off;" + "".join(
            f" {name}_temp_path {folder / name};"
            for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )),
        ("listen 443 ", f"listen 127.0.0.1:{port} "),
        ("server_name live.example.org;", "server_name localhost;"),
        ("/etc/ssl/live.example.org.pem", str(made.certificate)),
        ("/etc/ssl/live.example.org.key", str(made.key)),
        ("server 127.0.0.1:8000;", f"server 127.0.0.1:{upstream};"),
        ("worker_processes auto;", "worker_processes 1;"),
    )
    (folder / "nginx.conf").write_text(text, encoding="utf-8")
    own = f"daemon off; pid {folder / 'pid'};" + (" user root;" if os.geteuid() == 0 else "")
    words = ("nginx", "-p", folder, "-e", "stderr", "-c", folder / "nginx.conf", "-g", own)
    async with program(folder, *words, port=port):
        yield f"https://localhost:{port}"


@contextlib.asynccontextmanager
async def caddy(folder: Path, upstream: int) -> AsyncIterator[str]:
    """Caddy with deploy/Caddyfile before the server at port `upstream`; its address. The certificate comes
    from an authority of its own, as Caddy makes one for `localhost`."""
    port = free_port()
    text = exchanged(
        (DEPLOY / "Caddyfile").read_text(encoding="utf-8"),
        ("\tservers {\n", "\tadmin off\n\tskip_install_trust\n\tauto_https disable_redirects\n\tservers {\n"),
        ("reverse_proxy server:8000 {", f"reverse_proxy 127.0.0.1:{upstream} {{"),
    )
    (folder / "Caddyfile").write_text(text, encoding="utf-8")
    site = f"https://localhost:{port}"
    words = ("caddy", "run", "--config", folder / "Caddyfile", "--adapter", "caddyfile")
    folders = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"), str(folder))
    async with program(folder, *words, port=port, variables={"SITE": site} | folders):
        await _has_certificate(port)
        yield site


async def _has_certificate(port: int) -> None:
    """Caddy listens before it has made its certificate."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    async with asyncio.timeout(START_SECONDS):
        while True:
            try:
                _, writer = await asyncio.open_connection(
                    "127.0.0.1", port, ssl=context, server_hostname="localhost"
                )
            except ssl.SSLError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


PROXIES = {"nginx": nginx, "caddy": caddy}
