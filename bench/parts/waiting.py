"""Whether a long queue costs more than a short one: the rate and the memory while 100,000 jobs wait."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from bench.contenders import CONTENDERS
from bench.parts.saturation import SLOTS
from bench.work import Work, batch, result_queues

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.contenders import Contender
    from bench.rig import Rig
    from bench.rounds import Rounds

MANY, FEW = 100_000, 1_000
COUNTED = 5_000
"""Jobs by which the rate is told: in the long queue the first ones, when 95,000 still wait."""

STEP = 1_000
"""Of so many results, the time of one is kept."""


def measure(rounds: Rounds) -> list[dict[str, Any]]:
    """Run it: a few waiting in each round, and many once, which takes minutes."""
    contender = CONTENDERS["aiplane"]
    many, few, counted = (500, 50, 250) if rounds.quick else (MANY, FEW, COUNTED)
    short = rounds.interleaved(
        {f"{few:,} waiting": (contender,)}, lambda rig, it: _few(rig, it[0], few, counted)
    )
    long = rounds.once({f"{many:,} waiting": (contender,)}, lambda rig, it: _many(rig, it[0], many, counted))
    return [*short, *long]


def _few(rig: Rig, contender: Contender, waiting: int, counted: int) -> dict[str, Any]:
    work = Work({"hint": SLOTS}, "instant")
    rig.feeder.consume(result_queues(work))
    contender.start(rig, work)
    rig.feeder.keep(batch("hint", counted), waiting)
    return {"jobs": counted, "waiting": waiting, "rate": _rate(rig.feeder.results(counted))}


def _many(rig: Rig, contender: Contender, waiting: int, counted: int) -> dict[str, Any]:
    work = Work({"hint": SLOTS}, "instant")
    rig.feeder.consume(result_queues(work))
    rig.feeder.add(batch("hint", waiting))
    programs = contender.start(rig, work)
    clock = rig.clock()
    memory = list(_watched(rig, {program.name: program for program in programs}, waiting))
    times = rig.feeder.results(waiting)
    return {
        "jobs": waiting,
        "waiting": waiting,
        "rate": _rate(times[:counted]),
        "rate_over_all": _rate(times),
        "results": [round(moment - times[0]) for moment in times[::STEP]],
        "memory": memory,
        **clock.read(),
    }


def _watched(rig: Rig, programs: dict[str, Any], jobs: int) -> Iterator[dict[str, float]]:
    """Yield every second how far it is and what memory the processes have, until all is done."""
    began = time.monotonic()
    while (done := rig.feeder.count()) < jobs:
        rss = {name: program.rss() for name, program in programs.items()}
        used = rig.client.info("memory")["used_memory"]
        seconds = round(time.monotonic() - began, 1)
        yield {"seconds": seconds, "done": done, **rss, "redis": round(used / 1e6, 1)}
        time.sleep(1.0)


def _rate(times: list[float]) -> float:
    return round((len(times) - 1) * 1000 / (times[-1] - times[0]), 1)
