"""Every command of people and scripts: what it prints, and how it ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from server import __version__
from server.cli.main import app
from server.cli.output import Exit
from tests.cli.conftest import Command

SECRET = "correct horse battery"


@pytest.fixture
def blog(command: Command) -> str:
    made = command("blog", "add", "storm", "--headline", "Storm at the coast", "--json")
    assert made.code == 0, made.err
    return "storm"


def test_version(command: Command) -> None:
    assert command("--version").out == f"stoppress {__version__}\n"


def test_help_names_every_command(command: Command) -> None:
    text = command("--help")
    assert text.code == 0
    assert app.registered_commands
    for name in ("serve", "demo", "user", "token", "blog", "post", "tail", "migrate", "check"):
        assert f" {name} " in text.out


@pytest.mark.parametrize("words", [["post"], ["user", "add"], ["fly"], ["token", "add", "x"]])
def test_wrong_usage_exits_with_2(command: Command, words: list[str]) -> None:
    assert command(*words).code == Exit.USAGE


def test_user_add_json(command: Command) -> None:
    made = command("user", "add", "ada", "--role", "editor", "--name", "Ada", "--json")
    assert made.code == 0
    assert made.json["username"] == "ada"
    assert made.json["role"] == "editor"
    assert len(made.json["password"]) == 19


def test_user_add_password_from_stdin_is_not_shown(command: Command) -> None:
    made = command("user", "add", "ada", "--password", "-", "--json", stdin=f"{SECRET}\n")
    assert made.code == 0, made.err
    assert "password" not in made.json
    assert SECRET not in made.out


def test_user_add_for_people(command: Command) -> None:
    said = command("user", "add", "ada")
    assert said.code == 0
    assert said.out.startswith("Added ada, password ")


def test_user_add_twice_is_refused(command: Command) -> None:
    command("user", "add", "ada")
    again = command("user", "add", "ada", "--json")
    assert again.code == Exit.REFUSED
    assert again.error["code"] == "conflict"
    assert not again.out


def test_user_add_unknown_role(command: Command) -> None:
    said = command("user", "add", "ada", "--role", "boss", "--json")
    assert said.code == Exit.USAGE
    assert "role" in said.error["detail"]


def test_user_add_for_one_blog(command: Command, blog: str) -> None:
    made = command("user", "add", "olga", "--role", "none", "--blog", "storm=contributor", "--json")
    assert made.code == 0, made.err
    listed = command("user", "list", "--json").json["users"]
    assert [(u["username"], u["role"], u["blog_roles"]) for u in listed] == [
        ("olga", None, {"storm": "contributor"})
    ]


def test_user_list_for_people(command: Command) -> None:
    command("user", "add", "ada", "--name", "Ada Editor")
    said = command("user", "list").out
    assert "ada" in said
    assert "Ada Editor" in said


def test_user_reset(command: Command) -> None:
    first = command("user", "add", "ada", "--json").json["password"]
    second = command("user", "reset", "ada", "--json")
    assert second.code == 0
    assert second.json["password"] != first
    assert command("user", "reset", "nobody", "--json").code == Exit.NOT_FOUND


def test_token_add_list_revoke(command: Command) -> None:
    made = command("token", "add", "wire", "--role", "contributor", "--json")
    assert made.json["token"].startswith("sp_")
    listed = command("token", "list", "--json")
    assert [t["name"] for t in listed.json["tokens"]] == ["wire"]
    assert made.json["token"] not in listed.out
    assert command("token", "revoke", "wire", "--json").json == {"revoked": "wire"}
    assert command("token", "list", "--json").json["tokens"][0]["revoked_at"]
    assert "wire" in command("token", "list").out
    assert command("token", "revoke", "nothing").code == Exit.NOT_FOUND


def test_token_add_for_people_prints_only_the_token(command: Command) -> None:
    said = command("token", "add", "wire", "--role", "editor")
    assert said.out.strip().startswith("sp_")
    assert len(said.out.split()) == 1


def test_token_add_unknown_role(command: Command) -> None:
    assert command("token", "add", "wire", "--role", "boss").code == Exit.USAGE


def test_blog_add(command: Command) -> None:
    made = command("blog", "add", "storm", "--headline", "Storm", "--time-zone", "Europe/Paris", "--json")
    assert (made.json["slug"], made.json["time_zone"], made.json["status"]) == ("storm", "Europe/Paris", "live")
    assert command("blog", "add", "storm", "--headline", "Storm").code == Exit.REFUSED
    assert command("blog", "add", "flood", "--headline", "Flood").out == "Made /live/flood\n"


def test_blog_add_says_which_field_is_wrong(command: Command) -> None:
    said = command("blog", "add", "storm", "--headline", "Storm", "--status", "open", "--json")
    assert said.code == Exit.USAGE
    assert said.error == {"code": "invalid", "detail": "status: one of draft, live, closed"}


def test_blog_add_same_key_makes_one(command: Command) -> None:
    words = ("blog", "add", "storm", "--headline", "Storm", "--key", "once", "--json")
    assert command(*words).json["id"] == command(*words).json["id"]


def test_post_json(command: Command, blog: str) -> None:
    made = command("post", blog, "The **pier** holds.", "--title", "Pier", "--key-event", "--json")
    assert made.code == 0, made.err
    assert made.json["blocks"][0]["html"] == "<p>The <strong>pier</strong> holds.</p>"
    assert (made.json["title"], made.json["key"], made.json["number"]) == ("Pier", True, 1)
    assert made.json["position"]


def test_post_reads_stdin(command: Command, blog: str) -> None:
    made = command("post", blog, "-", "--json", stdin="Água e vento.\n")
    assert "Água e vento." in made.json["blocks"][0]["html"]


def test_post_for_people(command: Command, blog: str) -> None:
    assert command("post", blog, "Rain").out.startswith("Published: number 1, ")
    assert command("post", blog, "Rain", "--draft").out.startswith("Draft: ")


def test_post_same_key_posts_once(command: Command, blog: str) -> None:
    words = ("post", blog, "Rain", "--key", "once", "--json")
    assert command(*words).json["id"] == command(*words).json["id"]
    assert command("post", blog, "Snow", "--key", "once").code == Exit.REFUSED


def test_post_to_no_blog(command: Command) -> None:
    said = command("post", "nothing", "Rain", "--json")
    assert said.code == Exit.NOT_FOUND
    assert said.error["code"] == "not_found"


def test_post_to_an_unavailable_server(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.cli.remote_api.FIRST_WAIT", 0)
    said = command("post", "storm", "Rain", "--url", "http://127.0.0.1:9", "--token", "sp_x", "--json")
    assert said.code == Exit.UNAVAILABLE
    assert "--key" in said.error["detail"]


@pytest.mark.parametrize("url", ["ftp://x", "http://host:port"])
def test_post_to_no_address(command: Command, url: str) -> None:
    said = command("post", "storm", "Rain", "--url", url, "--token", "sp_x", "--json")
    assert (said.code, said.error["detail"].partition(":")[0]) == (Exit.USAGE, "--url")


@pytest.mark.parametrize("url", ["http://[::1/live/storm", "http://host:port/live/storm", "http:///live/storm"])
@pytest.mark.parametrize("verb", ["tail", "bench"])
def test_what_is_no_address_of_a_blog_is_told(command: Command, verb: str, url: str) -> None:
    said = command(verb, url, "--json")
    assert (said.code, said.error["detail"].partition(":")[0]) == (Exit.USAGE, "URL")


def test_migrate(command: Command, folder: Path) -> None:
    said = command("migrate", "--json")
    assert said.code == 0, said.err
    assert said.json["migrated"]
    assert (folder / "stoppress.db").exists()
    assert command("migrate").out.startswith("Up to date: sqlite")


def test_check_fails_before_migrate_and_passes_after(command: Command) -> None:
    before = command("check", "--json")
    assert before.code == Exit.FAILED
    assert [c["name"] for c in before.json["checks"] if not c["ok"]] == ["schema"]
    command("migrate")
    after = command("check", "--json")
    assert after.code == 0
    assert after.json["ok"]
    assert "failed" not in command("check").out


def test_check_names_what_is_unavailable(
    command: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command("migrate")
    monkeypatch.setenv("STOPPRESS_REDIS_URL", "redis://127.0.0.1:9")
    (folder / "media").write_text("a file where the folder should be")
    found = command("check", "--json")
    assert found.code == Exit.FAILED
    assert [c["name"] for c in found.json["checks"] if not c["ok"]] == ["redis", "media"]
    assert "failed" in command("check").out


def test_check_database_away_hides_the_password(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOPPRESS_DATABASE_URL", "postgresql://ada:s3cret@127.0.0.1:9/news")
    found = command("check", "--json")
    assert found.code == Exit.FAILED
    assert {c["name"] for c in found.json["checks"] if not c["ok"]} == {"database", "schema"}
    assert "s3cret" not in found.out + found.err


def test_wrong_setting_is_named(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOPPRESS_PORT", "many")
    said = command("check", "--json")
    assert said.code == Exit.USAGE
    assert said.error["code"] == "settings"
    assert said.error["detail"].startswith("STOPPRESS_PORT: ")


def test_too_new_schema_ends_with_6(command: Command, folder: Path) -> None:
    import sqlite3

    command("migrate")
    with sqlite3.connect(folder / "stoppress.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    assert command("user", "list").code == Exit.SCHEMA
