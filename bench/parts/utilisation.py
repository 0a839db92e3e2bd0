"""Share of the slots' time that is work, while a model takes 0.2 s: the machinery's cost for each job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiplane.queues import QUEUES
from bench.contenders import CONTENDERS
from bench.work import Work, batch, result_queues

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiplane.queues import Kind
    from bench.contenders import Contender
    from bench.rounds import Rounds

DELAY = 0.2
"""Seconds of a call of the model."""

WAVES = 25
"""Jobs for each slot: 400 for the sixteen slots of the four queues."""


def measure(rounds: Rounds) -> list[dict[str, Any]]:
    """Run it."""
    slots = {kind: spec.concurrency for kind, spec in QUEUES.items()}
    waves = 2 if rounds.quick else WAVES
    return rounds.interleaved(CONTENDERS, lambda rig, it: saturate(rig, it, slots, waves), delay=DELAY)


def saturate(rig: Any, contender: Contender, slots: Mapping[Kind, int], waves: int) -> dict[str, Any]:
    """Give every slot so many jobs, and measure from the first job's adding to the last result's coming.

    A wave before that is not counted: in it, connections are opened and code is loaded.
    """
    delay, work = rig.delay, Work(slots)
    rig.feeder.consume(result_queues(work))
    contender.start(rig, work)
    rig.feeder.add(*(batch(kind, count) for kind, count in slots.items()))
    rig.feeder.results(sum(slots.values()))
    clock = rig.clock()
    began = rig.feeder.add(*(batch(kind, waves * count) for kind, count in slots.items()))
    jobs = waves * sum(slots.values())
    times = rig.feeder.results(jobs)
    used = clock.read()
    seconds = (times[-1] - began) / 1000
    return {
        "jobs": jobs,
        "slots": sum(slots.values()),
        "seconds": round(seconds, 3),
        "ideal": round(waves * delay, 3),
        "utilisation": round(waves * delay / seconds, 4),
        "by_queue": {
            queue: round(waves * delay * 1000 / (last - began), 4) for queue, last in rig.feeder.lasts.items()
        },
        **used,
    }
