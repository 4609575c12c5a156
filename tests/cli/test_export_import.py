"""`stoppress export` and `import`: files, standard output and input, and how they end."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from server.cli.output import Exit
from tests.cli.conftest import Command
from tests.support.process import ROOT, environment


@pytest.fixture
def blog(command: Command) -> str:
    for words in (
        ("blog", "add", "storm", "--headline", "Storm"),
        ("post", "storm", "Rain"),
        ("post", "storm", "Wind", "--draft"),
    ):
        assert command(*words).code == 0
    return "storm"


def test_a_blog_goes_through_a_file(
    command: Command, blog: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = folder / "storm.jsonl"
    said = command("export", blog, str(file))
    assert (said.code, said.out.split(": ")[-1]) == (0, "2 entries, 2 revisions, 0 pictures\n")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    monkeypatch.setenv("STOPPRESS_DATA_DIR", str(folder / "elsewhere"))
    made = command("import", str(file), "--json")
    assert made.code == 0, made.err
    assert made.json == {
        "slug": "storm", "entries": 2, "revisions": 2, "pictures": 0, "held": 0, "new_ids": False
    }
    assert command("post", "storm", "On", "--json").json["number"] == 2


def test_a_blog_goes_through_standard_output_and_input(command: Command, blog: str) -> None:
    whole = command("export", blog)
    assert whole.code == 0, whole.err
    lines = [json.loads(line) for line in whole.out.splitlines()]
    assert (lines[0]["format"], lines[0]["version"]) == ("stoppress.blog", 1)
    refused = command("import", "-", "--json", stdin=whole.out)
    assert refused.code == Exit.REFUSED
    assert "--slug" in refused.error["detail"]
    made = command("import", "-", "--slug", "copy", stdin=whole.out)
    assert made.out.startswith("Imported /live/copy: 2 entries")
    assert "new ones" in made.out
    assert command("export", "copy").code == 0


def test_a_file_that_is_there_is_not_written_over(command: Command, blog: str, folder: Path) -> None:
    file = folder / "storm.jsonl"
    file.write_text("mine")
    said = command("export", blog, str(file), "--json")
    assert (said.code, file.read_text()) == (Exit.USAGE, "mine")
    assert str(file) in said.error["detail"]


def test_an_export_that_fails_leaves_no_file(command: Command, blog: str, folder: Path) -> None:
    assert command("export", "nothing", str(folder / "x.jsonl"), "--json").code == Exit.NOT_FOUND
    assert command("export", blog, str(folder / "no" / "x.jsonl"), "--json").code == Exit.UNAVAILABLE
    assert not list(folder.rglob("*jsonl*"))


def test_a_wrong_line_is_named_by_its_number_and_field(command: Command, blog: str) -> None:
    lines = command("export", blog).out.splitlines(keepends=True)
    lines[1] = lines[1].replace('"status":"live"', '"status":"open"')
    said = command("import", "-", "--slug", "copy", "--json", stdin="".join(lines))
    assert said.code == Exit.USAGE
    assert said.error["detail"] == "line 2, blog.status: one of draft, live, closed"
    assert command("export", "copy").code == Exit.NOT_FOUND


def test_a_file_that_is_not_there_and_one_that_is_a_folder(command: Command, folder: Path) -> None:
    assert command("import", str(folder / "nothing")).code == Exit.NOT_FOUND
    assert command("import", str(folder)).code == Exit.USAGE


def test_whoever_reads_an_export_may_stop_early(command: Command, blog: str, folder: Path) -> None:
    for number in range(3):
        assert command("post", blog, f"{number} " * 45_000).code == 0  # more than a pipe holds
    with subprocess.Popen(
        [sys.executable, "-m", "server", "export", blog], cwd=ROOT, env=environment(data_dir=folder),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(10)
        process.stdout.close()
        said = process.stderr.read()
        assert (process.wait(60), said) == (Exit.FAILED, b"")
