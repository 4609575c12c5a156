"""`backup` and `restore`: what was there is there again, with new epochs; a failure leaves what there was."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import stat
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from server.cli import backup_folder as module
from server.cli.output import Exit
from server.store import backup as files
from server.store import journal
from tests.cli.conftest import Command
from tests.support.process import Process, run, serving

pytestmark = pytest.mark.anyio


@pytest.fixture
def room(command: Command, folder: Path) -> Path:
    """A blog with one entry and one picture on disk."""
    assert command("blog", "add", "storm", "--headline", "Storm").code == 0
    assert command("post", "storm", "Harbour open").code == 0
    (folder / "media" / "ab").mkdir(parents=True)
    (folder / "media" / "ab" / "abcd-full").write_bytes(b"picture")
    (folder / "media" / "ab" / ".abce-full.1234").write_bytes(b"half a pict")
    return folder


@pytest.fixture
def kept(command: Command, room: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of it."""
    target = tmp_path_factory.mktemp("backups") / "monday"
    made = command("backup", str(target), "--json")
    assert made.code == 0, made.err
    assert made.json == {"backup": str(target), "picture_files": 1}
    return target


def texts(database: Path) -> list[str]:
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT content FROM entries ORDER BY number").fetchall()
    return [json.loads(row[0])["blocks"][0]["html"] for row in rows]


def epochs(database: Path) -> set[str]:
    with closing(sqlite3.connect(database)) as connection:
        return {row[0] for row in connection.execute("SELECT epoch FROM feeds")}


def shape(folder: Path) -> dict[str, bytes]:
    """Every file that matters, byte for byte."""
    return {
        str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*"))
        if p.is_file() and not p.name.endswith(("-wal", "-shm", ".lock"))
    }


def test_a_restore_brings_back_entries_and_pictures_with_new_epochs(
    command: Command, room: Path, kept: Path
) -> None:
    database = room / "stoppress.db"
    before = epochs(database)
    command("post", "storm", "Harbour closed")
    (room / "media" / "ab" / "abcd-full").unlink()
    done = command("restore", str(kept), "--json")
    assert done.code == 0, done.err
    assert texts(database) == ["<p>Harbour open</p>"]
    assert len(epochs(database)) == 2
    assert not epochs(database) & before
    assert (room / "media" / "ab" / "abcd-full").read_bytes() == b"picture"
    former = Path(done.json["former"])
    assert texts(former / "stoppress.db") == ["<p>Harbour open</p>", "<p>Harbour closed</p>"]
    assert sorted(p.name for p in room.iterdir()) == sorted(
        ["stoppress.db", "stoppress.lock", "media", former.name]
    )
    assert command("check").code == 0


def test_a_backup_is_whole_and_nobody_elses_business(kept: Path) -> None:
    assert sorted(p.name for p in kept.iterdir()) == ["backup.json", "media", "stoppress.db"]
    assert [p.name for p in (kept / "media" / "ab").iterdir()] == ["abcd-full"]
    assert stat.S_IMODE(kept.stat().st_mode) == 0o700
    assert stat.S_IMODE((kept / "stoppress.db").stat().st_mode) == 0o600
    assert [p.name for p in kept.parent.iterdir()] == ["monday"]
    assert files.problems(kept / "stoppress.db") == []


def test_a_backup_never_writes_over_anything(command: Command, kept: Path) -> None:
    before = shape(kept)
    again = command("backup", str(kept), "--json")
    assert again.code == Exit.REFUSED
    assert shape(kept) == before


async def test_a_running_server_is_backed_up_and_keeps_a_restore_out(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with serving(data) as server:
        for words in (("blog", "add", "storm", "--headline", "Storm"), ("post", "storm", "Harbour open")):
            assert (await run(*words, data_dir=data)).code == 0
        made = await run("backup", str(tmp_path / "copy"), data_dir=data)
        assert made.code == 0, made.err
        refused = await run("restore", str(tmp_path / "copy"), "--json", data_dir=data)
        assert refused.code == Exit.REFUSED
        assert "stop it first" in refused.error["detail"]
        await server.kill()
        done = await run("restore", str(tmp_path / "copy"), data_dir=data)
        assert done.code == 0, done.err
    assert texts(data / "stoppress.db") == ["<p>Harbour open</p>"]


def test_a_database_that_another_program_has_open_is_not_replaced(
    command: Command, room: Path, kept: Path
) -> None:
    with closing(sqlite3.connect(room / "stoppress.db")) as other:
        other.execute("PRAGMA journal_mode=WAL")
        other.execute("SELECT * FROM blogs").fetchall()
        before = shape(room)
        refused = command("restore", str(kept), "--json")
        assert refused.code == Exit.REFUSED
        assert "another process has the database open" in refused.error["detail"]
        assert shape(room) == before


@pytest.mark.parametrize("damage", ["bytes", "cut", "manifest", "newer", "gone", "no_database"])
def test_a_backup_that_cannot_be_used_changes_nothing(
    command: Command, room: Path, kept: Path, damage: str
) -> None:
    database = kept / "stoppress.db"
    if damage == "bytes":
        data = bytearray(database.read_bytes())
        data[-2000:-1000] = os.urandom(1000)
        database.write_bytes(data)
    elif damage == "cut":
        os.truncate(database, database.stat().st_size // 2)
    elif damage == "manifest":
        (kept / "backup.json").write_text("{}")
    elif damage == "newer":
        with closing(sqlite3.connect(database)) as connection, connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
        _sign(kept)
    elif damage == "gone":
        database.unlink()
    else:
        shutil.rmtree(kept)
    before = shape(room)
    refused = command("restore", str(kept), "--json")
    assert refused.code in (Exit.USAGE, Exit.REFUSED, Exit.SCHEMA)
    assert refused.error["detail"]
    assert shape(room) == before


def test_a_damaged_database_under_a_right_checksum_is_refused(
    command: Command, room: Path, kept: Path
) -> None:
    database = kept / "stoppress.db"
    data = bytearray(database.read_bytes())
    data[4096 * 3 : 4096 * 4] = os.urandom(4096)
    database.write_bytes(data)
    _sign(kept)
    before = shape(room)
    refused = command("restore", str(kept), "--json")
    assert refused.code == Exit.REFUSED
    assert "damaged" in refused.error["detail"]
    assert shape(room) == before


@pytest.mark.parametrize("step", ["problems", "switch"])
def test_a_restore_that_is_ended_half_way_leaves_what_there_was(
    command: Command, room: Path, kept: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    command("post", "storm", "Harbour closed")
    before = shape(room)

    def ended(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(module.files, step, ended)
        assert command("restore", str(kept)).code == 130
    assert shape(room) == before
    assert command("restore", str(kept)).code == 0


def test_what_a_killed_restore_left_is_removed_by_the_next(command: Command, room: Path, kept: Path) -> None:
    left = room / "stoppress.db.restoring-dead"
    left.write_bytes(b"half")
    assert command("restore", str(kept)).code == 0
    assert not left.exists()


def test_journals_of_the_former_database_do_not_stay(command: Command, room: Path, kept: Path) -> None:
    """A server was killed: its journal holds what came after the backup."""
    database = room / "stoppress.db"
    _crash(database, "UPDATE blogs SET headline = 'Later'")
    assert (room / "stoppress.db-wal").stat().st_size > 0
    done = command("restore", str(kept), "--json")
    assert done.code == 0, done.err
    assert not list(room.glob("stoppress.db-*"))
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT headline FROM blogs").fetchone() == ("Storm",)
    with closing(sqlite3.connect(Path(done.json["former"]) / "stoppress.db")) as connection:
        assert connection.execute("SELECT headline FROM blogs").fetchone() == ("Later",)


def test_a_damaged_database_can_be_replaced(command: Command, room: Path, kept: Path) -> None:
    (room / "stoppress.db").write_bytes(b"no database at all" * 1000)
    assert command("check").code == Exit.FAILED
    assert command("restore", str(kept)).code == 0
    assert texts(room / "stoppress.db") == ["<p>Harbour open</p>"]


def test_restore_into_an_empty_folder(
    command: Command, kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOPPRESS_DATA_DIR", str(tmp_path / "new"))
    done = command("restore", str(kept), "--json")
    assert done.code == 0, done.err
    assert done.json["former"] is None
    assert texts(tmp_path / "new" / "stoppress.db") == ["<p>Harbour open</p>"]


def test_a_plain_database_file_is_restored(command: Command, room: Path, tmp_path: Path) -> None:
    plain = tmp_path / "plain.sqlite"
    with closing(sqlite3.connect(room / "stoppress.db")) as source, closing(sqlite3.connect(plain)) as target:
        source.backup(target)
    command("post", "storm", "Harbour closed")
    assert command("restore", str(plain)).code == 0
    assert texts(room / "stoppress.db") == ["<p>Harbour open</p>"]


def test_a_disk_that_is_full_leaves_no_backup(
    command: Command, room: Path, small_disk: Path
) -> None:
    (room / "media" / "ab" / "abcf-full").write_bytes(os.urandom(5_000_000))
    refused = command("backup", str(small_disk / "copy"), "--json")
    assert refused.code == Exit.UNAVAILABLE
    assert "No space left" in refused.error["detail"]
    assert list(small_disk.iterdir()) == []


def test_postgresql_is_told_what_to_use(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOPPRESS_DATABASE_URL", "postgresql://ada@127.0.0.1:9/news")
    for words in (("backup", str(tmp_path / "copy")), ("restore", str(tmp_path))):
        refused = command(*words, "--json")
        assert refused.code == Exit.REFUSED
        assert "pg_dump" in refused.error["detail"]


# -- a copy by hand beside a journal that is not its own

@pytest.fixture
async def crashed(tmp_path: Path) -> AsyncIterator[Path]:
    """The data folder of a server that was killed in the middle of its work, and a copy from before."""
    data = tmp_path / "data"
    server = Process(data)
    try:
        await server.start()
        for words in (("blog", "add", "storm", "--headline", "Storm"), ("post", "storm", "Harbour open")):
            assert (await run(*words, data_dir=data)).code == 0
        assert (await run("backup", str(tmp_path / "copy"), data_dir=data)).code == 0
        with closing(sqlite3.connect(data / "stoppress.db")) as source:
            with closing(sqlite3.connect(tmp_path / "plain.db")) as target:
                source.backup(target)
        for number in range(3):
            assert (await run("post", "storm", f"Later {number}", data_dir=data)).code == 0
        await server.kill()
    finally:
        await server.remove()
    assert (data / "stoppress.db-wal").stat().st_size > 0
    yield data


@pytest.mark.slow
@pytest.mark.parametrize("copy", ["copy/stoppress.db", "plain.db"])
async def test_a_copy_over_the_database_of_a_killed_server_is_found(
    crashed: Path, tmp_path: Path, copy: str
) -> None:
    database = crashed / "stoppress.db"
    shutil.copy(tmp_path / copy, database)
    before = shape(crashed), (crashed / "stoppress.db-wal").read_bytes()
    found = await run("check", "--json", data_dir=crashed)
    assert found.code == Exit.FAILED
    wrong = {c["name"]: c["detail"] for c in found.json["checks"] if not c["ok"]}
    assert "stoppress.db-wal is not the journal of stoppress.db" in wrong["database"]
    backup = ("backup", str(tmp_path / "another"))
    for words in (("migrate",), ("serve", "--port", "0"), ("post", "storm", "x"), backup):
        refused = await run(*words, "--json", data_dir=crashed)
        assert refused.code == Exit.REFUSED, words
        assert "stoppress.db-wal" in refused.error["detail"]
    assert (shape(crashed), (crashed / "stoppress.db-wal").read_bytes()) == before
    for end in ("-wal", "-shm"):
        (crashed / f"stoppress.db{end}").unlink(missing_ok=True)
    assert (await run("check", data_dir=crashed)).code == 0
    assert texts(database) == ["<p>Harbour open</p>"]


@pytest.mark.slow
async def test_the_journal_of_a_killed_server_is_its_own(crashed: Path) -> None:
    assert (await run("check", data_dir=crashed)).code == 0
    assert len(texts(crashed / "stoppress.db")) == 4


def test_a_journal_of_other_pages_is_foreign(tmp_path: Path) -> None:
    for name, size in (("one.db", 4096), ("two.db", 8192)):
        with closing(sqlite3.connect(tmp_path / name)) as connection:
            connection.execute(f"PRAGMA page_size={size}")
            connection.execute("CREATE TABLE t (x)")
        _crash(tmp_path / name, "INSERT INTO t VALUES (1)")
    shutil.copy(tmp_path / "two.db-wal", tmp_path / "one.db-wal")
    assert "8192" in (journal.foreign(tmp_path / "one.db") or "")


def test_a_journal_that_sqlite_would_throw_away_is_no_trouble(tmp_path: Path) -> None:
    database, wal = tmp_path / "one.db", tmp_path / "one.db-wal"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE t (x)")
    for content in (b"", b"short", os.urandom(5000), bytes(5000)):
        wal.write_bytes(content)
        assert journal.foreign(database) is None


def test_no_journal_of_a_database_at_work_is_ever_called_foreign(tmp_path: Path) -> None:
    """Each state of the files is one that a crash could leave."""
    database = tmp_path / "busy.db"
    with closing(sqlite3.connect(database, isolation_level=None)) as one:
        one.execute("PRAGMA journal_mode=WAL")
        one.execute("CREATE TABLE t (x)")
        with closing(sqlite3.connect(database, isolation_level=None)) as two:
            for step in range(300):
                writer = (one, two)[step % 2]
                writer.execute("INSERT INTO t VALUES (?)", (os.urandom((step * 37) % 5000),))
                if step % 41 == 0:
                    writer.execute("DELETE FROM t WHERE rowid % 2")
                if step % 13 == 0:
                    how = ("PASSIVE", "FULL", "RESTART", "TRUNCATE")[step // 13 % 4]
                    writer.execute(f"PRAGMA wal_checkpoint({how})")
                if step % 97 == 0:
                    writer.execute("VACUUM")
                assert journal.foreign(database) is None, step


def _crash(database: Path, statement: str) -> None:
    """Leave the files as a process does that is killed after a commit: the journal beside the database."""
    wal = database.with_name(database.name + "-wal")
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA wal_autocheckpoint=0")
        connection.execute(statement)
        saved = database.read_bytes(), wal.read_bytes()
    database.write_bytes(saved[0])
    wal.write_bytes(saved[1])


def _sign(kept: Path) -> None:
    """Make the checksum right again."""
    manifest = json.loads((kept / "backup.json").read_text())
    manifest["database"]["sha256"] = module._digest(kept / "stoppress.db")
    (kept / "backup.json").write_text(json.dumps(manifest))


# -- killed at any step

@pytest.mark.slow
def test_a_restore_that_is_killed_at_any_step_leaves_one_whole_database(
    command: Command, room: Path, kept: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """At each call that changes a name or waits for the disk, in a process of its own."""
    _crash(room / "stoppress.db", "UPDATE blogs SET headline = 'Later'")
    saved = tmp_path_factory.mktemp("saved") / "data"
    shutil.copytree(room, saved)
    seen, step, code = set(), 0, 9
    while code == 9:
        shutil.rmtree(room)
        shutil.copytree(saved, room)
        code = _restore_and_die(kept, room, step)
        step += 1
        with closing(sqlite3.connect(room / "stoppress.db")) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",), step
            headline = connection.execute("SELECT headline FROM blogs").fetchone()[0]
        seen.add(headline)
        assert command("restore", str(kept)).code == 0, step
    assert code == 0
    assert seen == {"Later", "Storm"}
    assert step > 10


def _restore_and_die(kept: Path, room: Path, step: int) -> int:
    """Restore in a child that is killed at its call number `step`; its exit code."""
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    left = step

    def mortal(whole: Any) -> Any:
        def call(*given: Any, **named: Any) -> Any:
            nonlocal left
            if left == 0:
                os._exit(9)
            left -= 1
            return whole(*given, **named)

        return call

    try:
        for name in ("replace", "rename", "unlink", "hardlink_to", "mkdir"):
            setattr(Path, name, mortal(getattr(Path, name)))
        os.fsync = mortal(os.fsync)
        module.bring_back(kept, room / "stoppress.db", room / "media")
        os._exit(0)
    except BaseException:
        os._exit(1)
