"""Settings come from the environment, from files for secrets, and say their name when they are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.cli.main import main
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


NONSENSE: dict[str, list[str]] = {
    "data_dir": ["", "{file}", "{file}/below", "a\nb", "x" * 5000],
    "database_url": [
        "nonsense", "mysql://a/b", "sqlite://", "sqlite:///", "sqlite:////", "sqlite://host/path", "sqlite:///a?b=c",
        "sqlite:///{file}/x.db", "postgresql+psycopg2://a/b", "postgresql://", "postgresql://a:port/b",
        "postgresql://a:0/b", "postgresql://a/b?nonsense=1", "postgresql://[::1/b", "postgres://a/b", "://",
        "postgresql://a b/c", "sqlite:///:memory:",
    ],
    "redis_url": [
        "nonsense", "http://a", "redis://a:port", "redis://[::1", "redis://a?nonsense=1", "redis+sentinel://a:1",
        "redis+sentinel://a:1/service/x", "redis+cluster://", "redis+cluster://a:x", "redis+cluster://a/1", "redis://\x07",
        "redis://a:99999",
    ],
    "host": ["", "not a host", "300.1.1.1", "http://a", "[::1", "a..b", "-a", "a:80"],
    "port": ["-1", "65536", "http", "80.5", "nan"],
    "workers": ["0", "65", "many", "2"],
    "public_url": [
        "nonsense", "ftp://a", "https://", "https://a/path", "https://a?q", "https://a#f", "https://u:p@a",
        "https://a b",
        "https://a:port", "https://[::1", "https:///x", "https://a:0", "https://.", "javascript:alert(1)",
    ],
    "demo": ["perhaps", "2"],
    "frame_ancestors": [
        "news.example", "https://a.example/x", "https://a b", "'self'", "https://*", "https://a;b", "**",
    ],
    "theme": ["{file}", "/nowhere/at/all", "a\nb"],
    "slot_every": ["0", "1", "40", "x"],
    "csp_sources": ["script-src 'unsafe-inline'", "script-src *", "nonsense", "script-src", "a\nb"],
    "fetch": ["perhaps", "2"],
    "mastodon_hosts": ["nonsense", "https://a.example", "127.0.0.1", "a.example:80", "a..example", "a.b/x"],
    "site_name": ["", "x" * 81, "a\nb"],
    "language": ["", "x", "en_GB", "English words", "de-", "abcdefghi"],
    "log_level": ["loud", "INFO", ""],
    "log_json": ["perhaps"],
    "trusted_proxies": ["nonsense", "10.0.0.0/99", "10.0.0.1/8", "300.1.1.1", "127.0.0.1;::1", "a.example"],
    "max_body_bytes": ["0", "1 MB", "-1", "1e99"],
    "max_upload_bytes": ["0", "20MB"],
    "max_upload_pixels": ["1", "many"],
    "request_timeout": ["0", "601", "nan", "inf", "soon"],
    "session_days": ["0", "366", "1.5"],
    "session_max_days": ["0", "366", "1.5"],
    "heartbeat_seconds": ["0", "61", "nan", "x"],
    "retry_ms": ["0", "60001", "x"],
    "history_changes": ["1", "x"],
    "history_bytes": ["1", "32 MB"],
    "listener_buffer_bytes": ["0", "x"],
    "listener_lag_seconds": ["0", "601", "nan"],
    "drain_seconds": ["-1", "301", "nan"],
    "compress_streams": ["perhaps"],
    "stream_path": ["perhaps", ""],
    "publish_delay": ["-1", "301", "nan", "soon"],
    "max_listeners": ["0", "x"],
    "max_listeners_per_address": ["0", "x"],
    "metrics_token": ["a\nb"],
    "metrics_port": ["-1", "65536", "x", "8000"],
}
"""For each setting what nobody can have meant; `{{file}}` is the path of a file."""


def test_every_setting_has_its_nonsense() -> None:
    assert set(NONSENSE) == set(Settings.model_fields)


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, values in NONSENSE.items() for v in values])
def test_nonsense_ends_with_exit_2_and_one_line_that_names_it(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.write_text("no folder")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv(f"STOPPRESS_{name.upper()}", value.replace("{file}", str(file)))
    with pytest.raises(SystemExit) as ended:
        main(["check"])
    assert ended.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"STOPPRESS_{name.upper()}: ")
    assert err.endswith("\n")
    assert err.count("\n") == 1


@pytest.mark.parametrize("name", ["database_url", "redis_url"])
def test_a_password_is_not_repeated(name: str) -> None:
    scheme = {"database_url": "postgresql", "redis_url": "redis"}[name]
    for rest in ("a:port/b", "a/b?nonsense=1", "[::1/b", "a:99999/b", " /b"):
        with pytest.raises(SettingsError) as refused:
            load(**{name: f"{scheme}://ada:s3cret@{rest}"})
        assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("database_url", "postgresql://ada:p%40ss@db.example.org:5433/news?sslmode=require"),
        ("database_url", "postgresql+psycopg://db/news"),
        ("database_url", "postgresql:///news?host=/run/postgresql"),
        ("database_url", "postgresql://a,b:5433/news?target_session_attrs=read-write"),
        ("database_url", "postgresql://[::1]/news"),
        ("database_url", "postgresql://a/news?options=-c%20default_transaction_read_only%3Don"),
        ("redis_url", "redis+sentinel://a:26379,b/mymaster/1"),
        ("redis_url", "redis+cluster://a:7000,b:7001"),
        ("host", "::"), ("host", "0.0.0.0"), ("host", "localhost"), ("host", "fe80::1%eth0"),
        ("public_url", "http://[::1]:8000"), ("public_url", "https://live.example.org:8443"),
        ("frame_ancestors", ("*",)), ("frame_ancestors", ("https://a.example:8443", "https://*.example.org")),
        ("csp_sources", "script-src https://ads.example.org https://*.ads.example.org/js; connect-src wss://a.example"),
        ("trusted_proxies", ("*",)), ("trusted_proxies", ("10.0.0.0/8", "fd00::/8", "192.0.2.1")),
    ],
)  # fmt: skip
def test_what_makes_sense_is_taken(name: str, value: object) -> None:
    assert getattr(load(**{name: value}), name) == value


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
