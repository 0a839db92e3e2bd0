"""The service under load while it, a pool, a bridge and Redis are killed, each once."""

from __future__ import annotations

import pytest

from tests.control_plane.chaos.driver import play
from tests.control_plane.chaos.plan import Blow


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_nothing_accepted_is_lost_and_nothing_is_asked_twice() -> None:
    verdict = await play(seed=1, requests=200, clients=50, every=5)
    assert verdict.violations == []
    assert verdict.counts["requests accepted"] == 200
    assert verdict.counts["jobs completed"] + verdict.counts["jobs failed"] == 200
    assert all(blow.value in str(verdict.facts["killed"]) for blow in Blow)
