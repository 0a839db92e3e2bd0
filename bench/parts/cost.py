"""Cost of one job: CPU of the bridge and of the pool, and what each command to Redis is for."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING, Any

from aiplane.bull import MERGE_PAUSED
from bench.contenders import CONTENDERS
from bench.work import Work, batch, result_queues
from tests.faults.stage import script_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bench.contenders import Contender
    from bench.monitor import Line
    from bench.rig import Rig
    from bench.rounds import Rounds

JOBS = 500
DELAY = 0.05
"""Seconds of a call of the model: enough that nobody waits for the CPU, and no job is quicker than a look."""

_SENT_BY_TEXT = {MERGE_PAUSED: "mergePaused"}


def measure(rounds: Rounds) -> list[dict[str, Any]]:
    """Run it: hints, by a pool of five."""
    jobs = 10 if rounds.quick else JOBS
    return rounds.interleaved(rounds.some(CONTENDERS), lambda rig, it: count(rig, it, jobs), delay=DELAY)


def count(rig: Rig, contender: Contender, jobs: int) -> dict[str, Any]:
    """Measure the CPU of some jobs, and then count the commands of as many."""
    work = Work({"hint": 5})
    rig.feeder.consume(result_queues(work))
    programs = contender.start(rig, work)
    rig.feeder.add(batch("hint", 20))
    rig.feeder.results(20)
    clock = rig.clock()
    rig.feeder.add(batch("hint", jobs))
    rig.feeder.results(jobs)
    used = clock.read()
    ours = rig.origins(programs)
    with rig.monitor() as lines:
        rig.feeder.add(batch("hint", jobs))
        rig.feeder.results(jobs)
    # Where more jobs were under way at once than before, more connections were made for them.
    ours = {**ours, **rig.origins(programs)}
    sent = Counter(_named(lines, ours))
    milliseconds = {program.name: round(used["cpu"][program.name] * 1000 / jobs, 3) for program in programs}
    return {
        "jobs": jobs,
        "cpu_milliseconds": milliseconds,
        "sent": {name: round(times / jobs, 3) for name, times in sent.most_common()},
        "in_scripts": round(_within_scripts(lines, ours) / jobs, 2),
        **used,
    }


def _named(lines: Sequence[Line], ours: Mapping[str, str]) -> Iterator[str]:
    """Yield the process and the command, or the script, of every command that one of ours sent."""
    scripts = {**script_names(), **{_digest(text): name for text, name in _SENT_BY_TEXT.items()}}
    for line in lines:
        if line.origin in ours:
            yield f"{ours[line.origin]}: {_script(line, scripts) or line.command}"


def _script(line: Line, scripts: Mapping[str, str]) -> str:
    if line.command == "EVALSHA":
        return scripts.get(line.arguments[0], "a script")
    if line.command == "EVAL":
        return scripts.get(_digest(line.arguments[0].encode().decode("unicode_escape")), "a script")
    return ""


def _digest(text: str) -> str:
    return hashlib.sha1(text.encode()).hexdigest()  # noqa: S324 -- that is how Redis names scripts


def _within_scripts(lines: Sequence[Line], ours: Mapping[str, str]) -> int:
    counted, inside = 0, False
    for line in lines:
        if line.origin != "lua":
            inside = line.origin in ours
        elif inside:
            counted += 1
    return counted
