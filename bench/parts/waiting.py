"""Cost of a long queue against a short one: the rate and the memory while 100,000 jobs wait."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from aiplane.queues import QUEUES
from bench.contenders import CONTENDERS
from bench.parts.saturation import SLOTS
from bench.rig import Rig
from bench.work import Work, batch, result_queues

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.program import Program
    from bench.rounds import Rounds

MANY, FEW = 100_000, 1_000
"""Jobs that wait."""

JOBS_OF_MANY, JOBS_OF_FEW = 10_000, 2_500
"""Jobs of a turn: in the long queue they are 100,000 in all, over which its memory is looked at."""

TURNS = 10

STEP = 100
"""So many jobs at most are added whenever as many have ended."""

QUEUE = QUEUES["hint"].name


def measure(rounds: Rounds) -> list[dict[str, Any]]:
    """Run it: the two queues take turns, each with a bridge, a pool and a Redis of its own.

    So both have their figures from the same minutes. While one of them runs, the other is paused; as many
    jobs are added to it as end, so that the one with many has them to the last.
    """
    part, turns = (100, 2) if rounds.quick else (1, TURNS)
    with (
        _queue(FEW // part, JOBS_OF_FEW // part) as short,
        _queue(MANY // part, JOBS_OF_MANY // part) as long,
    ):
        return [queue.turn(number) for number in range(1, turns + 1) for queue in (short, long)]


class Queue:
    """A queue in which some jobs wait, paused but in its turns, and who serves it."""

    def __init__(self, rig: Rig, waiting: int, jobs: int) -> None:
        work = Work({"hint": SLOTS}, "instant")
        self._rig, self._waiting, self._jobs = rig, waiting, jobs
        rig.feeder.consume(result_queues(work))
        rig.feeder.pause(QUEUE)
        rig.feeder.add(batch("hint", waiting), timeout=600)
        self._programs: list[Program] = CONTENDERS["aiplane"].start(rig, work)

    def turn(self, number: int) -> dict[str, Any]:
        """Let a turn's jobs end; return their rate, and what was used."""
        feeder, jobs, clock = self._rig.feeder, self._jobs, self._rig.clock()
        feeder.resume(QUEUE)
        feeder.refill(batch("hint", jobs), min(STEP, self._waiting // 10))
        times = feeder.results(jobs, timeout=600)
        feeder.pause(QUEUE)
        print(".", end="", flush=True, file=sys.stderr)
        return {
            "contender": f"{self._waiting:,} waiting",
            "round": number,
            "jobs": jobs,
            "waiting": self._waiting,
            "rate": round((len(times) - 1) * 1000 / (times[-1] - times[0]), 1),
            "memory": {program.name: program.rss() for program in self._programs},
            **clock.read(),
        }


@contextmanager
def _queue(waiting: int, jobs: int) -> Iterator[Queue]:
    with Rig(feeder=CONTENDERS["aiplane"].feeder) as rig:
        yield Queue(rig, waiting, jobs)
