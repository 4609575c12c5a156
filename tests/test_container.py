"""The Dockerfile keeps to rules, its steps work in an empty folder, and compose.yaml fits the server."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import yaml

from server.settings import PREFIX, Settings
from tests.support.install import copy, outside

ROOT = Path(__file__).parent.parent
BUILD_SECONDS = 240
Instruction = tuple[str, str]


def _instructions(text: str) -> list[Instruction]:
    """The instructions of a Dockerfile, comments gone and continued lines joined."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [
        (word.upper(), rest.strip())
        for word, _, rest in (line.strip().partition(" ") for line in joined.splitlines() if line.strip())
    ]


DOCKERFILE = _instructions((ROOT / "Dockerfile").read_text(encoding="utf-8"))
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))


def _all(word: str) -> list[str]:
    return [rest for found, rest in DOCKERFILE if found == word]


def _last_stage() -> list[Instruction]:
    start = max(place for place, (word, _) in enumerate(DOCKERFILE) if word == "FROM")
    return DOCKERFILE[start:]


def _known(variable: str) -> bool:
    return variable.removeprefix(PREFIX).removesuffix("_FILE").lower() in Settings.model_fields


def test_hadolint_finds_nothing() -> None:
    linter = Path(sys.executable).parent / "hadolint"
    done = subprocess.run([linter, ROOT / "Dockerfile"], capture_output=True, text=True, timeout=60)
    assert done.stdout + done.stderr == ""
    assert done.returncode == 0


def test_every_base_image_has_a_tag() -> None:
    assert len(_all("FROM")) == 2
    for image in _all("FROM"):
        assert re.match(r"[\w./-]+:[\w.-]+( AS \w+)?$", image), image
        assert ":latest" not in image


def test_the_server_is_unprivileged_and_not_a_child_of_a_shell() -> None:
    words = [word for word, _ in _last_stage()]
    user = next(rest for word, rest in reversed(_last_stage()) if word == "USER")
    assert user.partition(":")[0].isdecimal()  # a number: an orchestrator can see that it is not root
    assert int(user.partition(":")[0]) > 0
    assert words.index("USER") < words.index("CMD")
    assert json.loads(_all("CMD")[-1]) == ["stoppress", "serve"]  # SIGTERM reaches it, for the drain


def test_nothing_comes_from_an_address_and_no_package_list_stays() -> None:
    assert _all("ADD") == []
    for command in _all("RUN"):
        assert "://" not in command
        assert "apt-get" not in command or "rm -rf /var/lib/apt/lists" in command


def test_its_health_check_is_python_and_asks_whether_the_process_lives() -> None:
    (check,) = _all("HEALTHCHECK")
    command = json.loads(check.partition("CMD ")[2])
    assert command[:2] == ["python", "-c"]
    compile(command[2], "HEALTHCHECK", "exec")
    assert "/healthz" in command[2]


def test_data_lies_in_a_volume_and_the_port_is_told() -> None:
    assert _all("VOLUME") == ["/data"]
    assert _all("EXPOSE") == ["8000"]
    environment = dict(
        pair.partition("=")[::2] for rest in _all("ENV") for pair in rest.split()
    )
    assert environment["STOPPRESS_HOST"] == "0.0.0.0"
    assert environment["STOPPRESS_DATA_DIR"] == "/data"
    assert [name for name in environment if name.startswith(PREFIX) and not _known(name)] == []


def test_what_is_copied_is_there_and_not_ignored() -> None:
    allowed = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    for rest in _all("COPY"):
        if not rest.startswith("--from"):
            for name in rest.split()[:-1]:
                assert (ROOT / name).exists(), name
                assert f"!{name}" in allowed


def test_compose_names_only_settings_that_exist() -> None:
    named = COMPOSE["services"]["server"]["environment"]
    assert "STOPPRESS_REDIS_URL" in named  # WORKERS above one needs it
    assert [name for name in named if not _known(name)] == []


def test_compose_waits_for_what_the_server_needs() -> None:
    services = COMPOSE["services"]
    assert set(services) == {"server", "valkey", "postgres", "caddy"}
    for name, wanted in services["server"]["depends_on"].items():
        assert wanted == {"condition": "service_healthy"}
        assert services[name]["healthcheck"]["test"]
    assert services["caddy"]["depends_on"]["server"] == {"condition": "service_healthy"}  # the image's own


def test_compose_declares_what_it_uses() -> None:
    for name, service in COMPOSE["services"].items():
        assert service.get("build") or re.search(r":[\w.-]+$", service["image"]), name
        assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])
        assert set(service["networks"]) <= set(COMPOSE["networks"])
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert (ROOT / source).exists() if source.startswith("./") else source in COMPOSE["volumes"]


def test_compose_holds_no_secret_and_gives_them_as_files() -> None:
    for service in COMPOSE["services"].values():
        for name, value in service.get("environment", {}).items():
            assert not re.search("PASSWORD|TOKEN|DATABASE_URL", name) or name.endswith("_FILE"), name
            if str(value).startswith("/run/secrets/"):
                assert str(value).removeprefix("/run/secrets/") in service["secrets"]
    for secret in COMPOSE["secrets"].values():
        folder = secret["file"].removeprefix("./").partition("/")[0]
        assert f"/{folder}/" in (ROOT / ".gitignore").read_text(encoding="utf-8").split()


def test_compose_leaves_time_to_drain() -> None:
    fields = Settings.model_fields
    longest = fields["drain_seconds"].default + fields["request_timeout"].default
    assert int(COMPOSE["services"]["server"]["stop_grace_period"].removesuffix("s")) > longest


def test_the_proxies_do_not_buffer() -> None:
    assert "flush_interval -1" in (ROOT / "deploy" / "Caddyfile").read_text(encoding="utf-8")
    assert "proxy_buffering off;" in (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A folder in which the RUN steps of the first stage were followed, with only what COPY brings."""
    source = tmp_path / "source"
    source.mkdir()
    for rest in _all("COPY"):
        if not rest.startswith("--from"):
            for name in rest.split()[:-1]:
                copy(ROOT / name, source / name)
    first = DOCKERFILE[: len(DOCKERFILE) - len(_last_stage())]
    for word, command in first:
        if word == "RUN":
            here = command.replace("/wheels", str(tmp_path / "wheels"))
            here = here.replace("/opt/stoppress", str(tmp_path / "stoppress"))
            here = re.sub(r"(?<!/)\bpython -m", f"{sys.executable} -m", here)
            done = subprocess.run(
                ["sh", "-ec", here], cwd=source, capture_output=True, text=True, timeout=BUILD_SECONDS
            )
            assert done.returncode == 0, done.stdout + done.stderr
    shutil.rmtree(source)  # the second stage does not have it
    return tmp_path


def _files(static: Path) -> set[str]:
    """What a folder of static files holds, without what only the build of a checkout needs."""
    found = (p.relative_to(static) for p in static.rglob("*") if p.is_file())
    own = (p for p in found if p.parts[0] not in ("node_modules", "dist", "tsconfig.json"))
    return {str(p) for p in own if not p.name.startswith(".")}


def _get(address: str) -> tuple[int, str, str]:
    with urllib.request.urlopen(address, timeout=20) as answer:
        return answer.status, answer.headers["Content-Type"], answer.read().decode()


@pytest.mark.slow
def test_what_the_dockerfile_installs_serves_pages_and_style_sheets(image: Path) -> None:
    environment = outside(data_dir=str(image / "data"))
    command = [str(image / "stoppress" / "bin" / "stoppress"), "serve", "--port", "0", "--json"]
    (image / "data").mkdir()
    with subprocess.Popen(
        command, cwd=image / "data", env=environment, stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            url = json.loads(server.stdout.readline())["url"]
            status, kind, page = _get(f"{url}/")
            assert (status, kind.partition(";")[0]) == (200, "text/html")
            sheets = re.findall(r'href="(?:https?://[^/"]+)?(/static/[^"]+\.css)"', page)
            assert sheets
            for sheet in sheets:
                status, kind, text = _get(f"{url}{sheet}")
                assert (status, kind.partition(";")[0]) == (200, "text/css")
                assert "{" in text
            assert _get(f"{url}/healthz")[0] == 200
            (installed,) = (image / "stoppress" / "lib").glob("python*/site-packages/server/_static")
            assert _files(installed) == _files(ROOT / "static") - {"package.json", "package-lock.json"}
        finally:
            server.terminate()
        assert server.wait(timeout=30) in (0, -15)
