"""Short runs of the scenario; a failure says how to repeat it, and for longer."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.faults.crowd import TRANSPORTS
from tests.faults.scenario import Scenario
from tests.faults.trouble import DatabaseTrouble, RedisTrouble, ServerTrouble
from tests.support.postgres import Postgres
from tests.support.valkey import Valkey

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.redis]

SECONDS = 6
EDITING = ("post", "repeated", "edit", "pin", "retract", "withdrawn")


def happened(counts: Counter[str], *troubles: type) -> set[str]:
    """What a run should have and had not."""
    faults = {f"{kind.name} {fault}" for kind in troubles for fault in kind.faults}  # type: ignore[attr-defined]
    return {name for name in (*TRANSPORTS, *EDITING, *faults, "slow", "old", "new") if not counts[name]}


async def test_readers_converge_with_sqlite_under_random_failures(
    tmp_path: Path, own_valkey: Valkey
) -> None:
    counts = await Scenario(tmp_path, own_valkey, None, seed=20, listeners=20).run(SECONDS)
    assert not happened(counts, RedisTrouble, ServerTrouble)


@pytest.mark.postgres
async def test_readers_converge_with_postgres_under_random_failures(
    tmp_path: Path, own_valkey: Valkey, own_postgres: Postgres
) -> None:
    counts = await Scenario(tmp_path, own_valkey, own_postgres, seed=21, listeners=20).run(SECONDS)
    assert not happened(counts, RedisTrouble, ServerTrouble, DatabaseTrouble)


async def test_a_server_that_accepts_gaps_is_found(tmp_path: Path, own_valkey: Valkey) -> None:
    scenario = Scenario(
        tmp_path, own_valkey, None, seed=22, listeners=20, troubles=("redis",), module="tests.faults.broken"
    )
    with pytest.raises(AssertionError, match="knows something else") as raised:
        await scenario.run(SECONDS)
    assert "--seed 22" in raised.value.__notes__[0]
