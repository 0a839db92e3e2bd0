"""Cost of waiting: CPU, Redis' commands and memory while there is nothing to do."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from bench.contenders import CONTENDERS
from bench.work import Work, batch, result_queues

if TYPE_CHECKING:
    from bench.contenders import Contender
    from bench.rig import Rig
    from bench.rounds import Rounds

SECONDS = 60.0
SETTLE = 5.0
"""Seconds between the last job and the beginning of the rest."""


def measure(rounds: Rounds) -> list[dict[str, Any]]:
    """Run it, once: a minute is long enough."""
    seconds = 1.0 if rounds.quick else SECONDS
    return rounds.once(rounds.some(CONTENDERS), lambda rig, it: rest(rig, it, seconds))


def rest(rig: Rig, contender: Contender, seconds: float) -> dict[str, Any]:
    """Let a job run in each slot, so that all is loaded that is ever needed; then let nothing happen."""
    work = Work()
    rig.feeder.consume(result_queues(work))
    programs = contender.start(rig, work)
    rig.feeder.add(*(batch(kind, count) for kind, count in work.slots.items()))
    rig.feeder.results(sum(work.slots.values()))
    time.sleep(min(SETTLE, seconds))
    ours = rig.origins(programs)
    clock = rig.clock()
    with rig.monitor() as lines:
        time.sleep(seconds)
    used = clock.read()
    sent = [line for line in lines if line.origin in ours]
    return {
        **used,
        "sent": len(sent),
        "memory": {program.name: program.memory() for program in programs},
    }
