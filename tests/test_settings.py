"""Settings come from the environment, from files for secrets, and say their name when they are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.settings import Settings, SettingsError, load


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"STOPPRESS_{name.upper()}", raising=False)
        monkeypatch.delenv(f"STOPPRESS_{name.upper()}_FILE", raising=False)


def test_defaults_need_nothing() -> None:
    settings = load()
    assert (settings.host, settings.port, settings.workers) == ("127.0.0.1", 8000, 1)
    assert settings.database == "sqlite:///data/stoppress.db"


def test_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STOPPRESS_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("STOPPRESS_TRUSTED_PROXIES", "10.0.0.0/8, ::1,")
    monkeypatch.setenv("STOPPRESS_PUBLIC_URL", "https://news.example.org/")
    settings = load()
    assert settings.database == f"sqlite:///{tmp_path}/stoppress.db"
    assert settings.trusted_proxies == ("10.0.0.0/8", "::1")
    assert settings.public_url == "https://news.example.org"


def test_arguments_override_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOPPRESS_PORT", "9000")
    assert load(port=None).port == 9000
    assert load(port=0).port == 0


def test_file_holds_a_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text("postgresql://ada:s3cret@db/news\n")
    monkeypatch.setenv("STOPPRESS_DATABASE_URL_FILE", str(secret))
    assert load().database == "postgresql://ada:s3cret@db/news"


def test_file_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STOPPRESS_METRICS_TOKEN_FILE", str(tmp_path / "nothing"))
    with pytest.raises(SettingsError, match=r"^STOPPRESS_METRICS_TOKEN_FILE: No such file"):
        load()


def test_file_that_does_not_fit_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "port").write_text("http")
    monkeypatch.setenv("STOPPRESS_PORT_FILE", str(tmp_path / "port"))
    with pytest.raises(SettingsError, match=r"^STOPPRESS_PORT: "):
        load()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "70000"),
        ("WORKERS", "0"),
        ("LOG_LEVEL", "loud"),
        ("DEMO", "perhaps"),
        ("PUBLIC_URL", "news.example.org"),
        ("REDIS_URL", "http://127.0.0.1"),
        ("HEARTBEAT_SECONDS", "0"),
        ("DRAIN_SECONDS", "-1"),
    ],
)
def test_invalid_setting_names_itself(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"STOPPRESS_{name}", value)
    with pytest.raises(SettingsError) as caught:
        load()
    line = str(caught.value)
    assert line.startswith(f"STOPPRESS_{name}: ")
    assert "\n" not in line


def test_all_invalid_fields_are_reported_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOPPRESS_PORT", "x")
    monkeypatch.setenv("STOPPRESS_SESSION_DAYS", "x")
    with pytest.raises(SettingsError) as caught:
        load()
    assert [line.partition(":")[0] for line in str(caught.value).splitlines()] == [
        "STOPPRESS_PORT", "STOPPRESS_SESSION_DAYS"
    ]


def test_workers_without_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOPPRESS_WORKERS", "2")
    with pytest.raises(SettingsError, match=r"^STOPPRESS_WORKERS: .*STOPPRESS_REDIS_URL"):
        load()
    monkeypatch.setenv("STOPPRESS_REDIS_URL", "redis://127.0.0.1")
    assert load().workers == 2


@pytest.mark.parametrize(
    ("port", "metrics_port", "said"),
    [(8000, 65_535, "too high"), (9001, 9000, "STOPPRESS_PORT")],
    ids=["beyond-the-last", "over-the-shared-one"],
)
def test_ports_of_workers_must_exist_and_be_their_own(port: int, metrics_port: int, said: str) -> None:
    with pytest.raises(SettingsError, match=r"^STOPPRESS_METRICS_PORT: ") as refused:
        load(workers=2, redis_url="redis://localhost", port=port, metrics_port=metrics_port)
    assert said in str(refused.value)
