"""What is done to the plane, and when: drawn once, from a seed, before anything starts."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import Enum


class Blow(Enum):
    """One kind of fault; the value is what a report calls it."""

    KILL_BRIDGE = "bridge killed (SIGKILL)"
    KILL_POOL = "pool killed (SIGKILL)"
    KILL_REDIS = "Redis killed (SIGKILL) and restarted"
    CUT = "all connections cut (CLIENT KILL)"
    FREEZE_REDIS = "Redis frozen (SIGSTOP)"
    FREEZE_BRIDGE = "bridge frozen (SIGSTOP)"
    ROLL_BRIDGE = "bridge replaced (SIGTERM)"
    ROLL_POOL = "pool replaced (SIGTERM)"


RATES = {
    Blow.KILL_BRIDGE: 9.0,
    Blow.KILL_POOL: 4.8,
    Blow.KILL_REDIS: 0.9,
    Blow.CUT: 1.0,
    Blow.FREEZE_REDIS: 0.6,
    Blow.FREEZE_BRIDGE: 0.3,
    Blow.ROLL_BRIDGE: 1.0,
    Blow.ROLL_POOL: 1.0,
}
"""Blows a minute."""

LASTING = {
    Blow.KILL_REDIS: (0.0, 8.0),
    Blow.FREEZE_REDIS: (1.0, 8.0),
    Blow.FREEZE_BRIDGE: (3.0, 40.0),
}
"""The shortest and the longest that a blow lasts, in seconds; the others are over at once."""


@dataclass(frozen=True, order=True)
class Stroke:
    """One blow: ``at`` seconds after the start, for ``lasting`` seconds, at the victim ``draw`` picks."""

    at: float
    blow: Blow
    lasting: float
    draw: float


def draw_plan(seed: int, minutes: float) -> list[Stroke]:
    """Return all blows in their order.

    Each kind's are spread over the time, one in each of as many equal stretches: so their number is fixed,
    and only the moments are chance.
    """
    chance = random.Random(seed)
    strokes = []
    for blow, rate in RATES.items():
        count = max(1, round(rate * minutes))
        stretch = minutes * 60 / count
        for number in range(count):
            lasting = chance.uniform(*LASTING.get(blow, (0.0, 0.0)))
            strokes.append(Stroke((number + chance.random()) * stretch, blow, lasting, chance.random()))
    return sorted(strokes, key=lambda stroke: stroke.at)
