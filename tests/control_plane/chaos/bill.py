"""Calls of the model for one job: each but the first needs a killed pool that took an answer with it."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

ON_ITS_WAY = 0.5
"""Seconds that a request may be on its way: the model notes it once it has read it."""

KEPT = 2.0
"""Seconds from a model's answer to its outcome in Redis: what is older is not lost with a pool."""


@dataclass
class Call:
    """One call, as the model's ledger tells; moments are seconds since the epoch."""

    at: float
    outcome: str = "pending"
    ended: float | None = None


@dataclass(frozen=True)
class Lost:
    """What can be the reason of calls that are repeated.

    Attributes:
        attempts: how many attempts of the job were lost with their pool, as BullMQ's record tells.
        outages: from when to when Redis was away: an outcome waits in its pool meanwhile.
        kills: when the pool of this kind was killed.
    """

    attempts: int
    outages: Sequence[tuple[float, float]]
    kills: Sequence[float]


def read_calls(log: Path) -> dict[str, list[Call]]:
    """Return the calls of each case in their order."""
    calls: dict[str, dict[int, Call]] = defaultdict(dict)
    for line in log.read_text().splitlines():
        entry = json.loads(line)
        of_case = calls[entry["case"]]
        if entry["event"] == "started":
            of_case[entry["number"]] = Call(entry["wall"])
        else:
            call = of_case[entry["number"]]
            call.outcome, call.ended = entry["event"], entry["wall"]
    return {case: list(of_case.values()) for case, of_case in calls.items()}


def judge_calls(calls: Sequence[Call], lost: Lost) -> tuple[int, str | None]:
    """Return how many of a job's calls were repeated, and what is wrong with them, if anything is."""
    repeated = max(0, len(calls) - 1)
    if repeated > lost.attempts:
        return repeated, f"asked {repeated + 1} times, {lost.attempts} attempts were lost"
    for before, after in pairwise(calls):
        if not any(_took(before, kill, lost) and kill <= after.at for kill in lost.kills):
            return repeated, "asked again without a reason"
    return repeated, None


def _took(call: Call, kill: float, lost: Lost) -> bool:
    """Whether a pool that was killed had made a call, and had not yet told what came of it."""
    if call.at > kill + (ON_ITS_WAY if call.outcome == "abandoned" else 0):
        return False
    told = (call.ended or kill) + KEPT
    # An outcome that finds no Redis is told once there is one again.
    for began, over in lost.outages:
        if began < told and over > (call.ended or kill):
            told = max(told, over + KEPT)
    return kill <= told
