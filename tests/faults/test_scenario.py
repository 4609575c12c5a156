"""A short run of the scenario; a failure names the seed to repeat it with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.scenario import FAULTS, TRANSPORTS, Scenario
from tests.support.valkey import Valkey

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.redis]


async def test_whatever_fails_every_reader_ends_where_the_database_stands(
    tmp_path: Path, own_valkey: Valkey
) -> None:
    counts = await Scenario(tmp_path, own_valkey, seed=20, listeners=40).run(12)
    assert all(counts[name] for name in (*FAULTS, *TRANSPORTS, "post", "edit", "pin", "retract"))
    assert counts["withdrawn"]
