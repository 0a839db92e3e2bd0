"""Latency that the machinery adds to one job: the provider answers at once, and one job runs at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.contenders import CONTENDERS
from bench.work import Work, batch, result_queues

if TYPE_CHECKING:
    from bench.contenders import Contender
    from bench.rig import Rig
    from bench.rounds import Rounds

JOBS = 500
WARM = 50
"""Jobs before those that count: until code is loaded, and Node's has been compiled."""


def measure(rounds: Rounds) -> list[dict[str, Any]]:
    """Run it."""
    jobs, warm = (10, 2) if rounds.quick else (JOBS, WARM)

    def once(rig: Rig, contender: Contender) -> dict[str, Any]:
        work = Work()
        rig.feeder.consume(result_queues(work))
        contender.start(rig, work)
        clock = rig.clock()
        took = rig.feeder.one_by_one(batch("hint", jobs), warm=warm)
        return {"jobs": jobs + warm, "milliseconds": took, **clock.read()}

    return rounds.interleaved(CONTENDERS, once)
