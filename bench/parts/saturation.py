"""Throughput of the machinery when the work is nothing: a pool of 20, and no provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.contenders import CONTENDERS
from bench.work import Work, batch, result_queues

if TYPE_CHECKING:
    from bench.contenders import Contender
    from bench.rig import Rig
    from bench.rounds import Rounds
    from bench.work import Body

JOBS = 5000
SLOTS = 20


def measure(rounds: Rounds) -> list[dict[str, Any]]:
    """Run it: all with a body that does nothing, and this project with its whole task as well."""
    jobs = 200 if rounds.quick else JOBS
    entries: dict[str, tuple[Contender, Body]] = {
        name: (contender, "instant") for name, contender in CONTENDERS.items()
    }
    entries["aiplane, whole task"] = (CONTENDERS["aiplane"], "instant model")
    return rounds.interleaved(entries, lambda rig, entry: drain(rig, *entry, jobs))


def drain(rig: Rig, contender: Contender, body: Body, jobs: int, slots: int = SLOTS) -> dict[str, Any]:
    """Let jobs wait before anyone is there to take them; the rate is that of the results.

    So neither the producer nor anyone's start is in it.
    """
    work = Work({"hint": slots}, body)
    rig.feeder.consume(result_queues(work))
    rig.feeder.add(batch("hint", jobs))
    contender.start(rig, work)
    clock, before = rig.clock(), rig.feeder.count()
    times = rig.feeder.results(jobs, timeout=300)
    used = clock.read()
    seconds = (times[-1] - times[0]) / 1000
    return {
        "jobs": jobs,
        "seconds": round(seconds, 3),
        "rate": round((jobs - 1) / seconds, 1),
        "jobs_measured": jobs - before,
        **used,
    }
