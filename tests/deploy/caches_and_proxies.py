"""HAProxy, Varnish and Apache, started with what docs/deployment.md says, but for names, ports and files."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator
from pathlib import Path

from tests.deploy.documented import block, text_below
from tests.deploy.shipped import exchanged
from tests.support.certificates import make_certificates
from tests.support.ports import free_port
from tests.support.program import program

APACHE_MODULES = Path("/usr/lib/apache2/modules")
APACHE_BASE = ("mpm_event", "authz_core", "alias")
"""What Debian's Apache has without `a2enmod`, as far as it is needed."""


@contextlib.asynccontextmanager
async def haproxy(folder: Path, upstream: int) -> AsyncIterator[str]:
    port, made = free_port(), make_certificates(folder)
    pem = folder / "site.pem"
    pem.write_text(made.certificate.read_text() + made.key.read_text())
    text = block("HAProxy", "haproxy").replace("127.0.0.1:8000", f"127.0.0.1:{upstream}")
    text = exchanged(
        text, ("bind :443 ", f"bind 127.0.0.1:{port} "), ("/etc/haproxy/live.example.org.pem", str(pem)),
        ("maxconn 60000", "maxconn 500"),
    )
    (folder / "haproxy.cfg").write_text(text, encoding="utf-8")
    async with program(folder, "/usr/sbin/haproxy", "-db", "-f", folder / "haproxy.cfg", port=port):
        yield f"https://localhost:{port}"


@contextlib.asynccontextmanager
async def varnish(folder: Path, upstream: int) -> AsyncIterator[str]:
    port = free_port()
    vcl = exchanged(block("Varnish", "vcl"), ('.port = "8000";', f'.port = "{upstream}";'))
    (folder / "default.vcl").write_text(vcl, encoding="utf-8")
    words = ("-F", "-n", folder / "varnish", "-a", f"127.0.0.1:{port}", "-f", folder / "default.vcl")
    small = ("-s", "malloc,16m", "-j", "none", "-p", "thread_pool_min=20")
    async with program(folder, "/usr/sbin/varnishd", *words, *small, port=port):
        yield f"http://localhost:{port}"


@contextlib.asynccontextmanager
async def apache(folder: Path, upstream: int) -> AsyncIterator[str]:
    port, made = free_port(), make_certificates(folder)
    away = folder / "stream-away.asis"
    away.write_text(block("Apache", "http"), encoding="utf-8")
    site = exchanged(
        block("Apache", "apache"),
        ("*:443", f"127.0.0.1:{port}"), ("http://127.0.0.1:8000/", f"http://127.0.0.1:{upstream}/"),
        ("/etc/ssl/live.example.org.pem", str(made.certificate)),
        ("/etc/ssl/live.example.org.key", str(made.key)),
        ("/etc/apache2/stream-away.asis", str(away)),
    )
    enabled = re.search(r"`a2enmod ([\w ]+)`", text_below("Apache"))
    assert enabled
    modules = (*APACHE_BASE, *enabled[1].split())
    loaded = [f"LoadModule {name}_module {APACHE_MODULES}/mod_{name}.so" for name in modules]
    # Debian starts it with this folder closed, and opens others
    own = [f"ServerRoot {folder}", "ServerName localhost", f"PidFile {folder}/pid", f"Listen 127.0.0.1:{port}",
           "ErrorLog /dev/stderr", f"DefaultRuntimeDir {folder}", "<Directory />", "Require all denied",
           "</Directory>"]
    (folder / "apache.conf").write_text("\n".join([*loaded, *own, site]), encoding="utf-8")
    words = ("/usr/sbin/apache2", "-D", "FOREGROUND", "-f", folder / "apache.conf")
    async with program(folder, *words, port=port):
        yield f"https://localhost:{port}"


PROXIES = {"haproxy": haproxy, "varnish": varnish, "apache": apache}
