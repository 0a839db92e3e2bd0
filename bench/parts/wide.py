"""Two hundred slots on four queues, while a model takes a second: 200 jobs a second if all goes well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiplane.queues import KINDS
from bench.contenders import CONTENDERS
from bench.parts.utilisation import saturate

if TYPE_CHECKING:
    from bench.rounds import Rounds

DELAY = 1.0
"""Seconds of a call of the model."""

SLOTS = 50
"""Slots of each of the four queues; the pools are started with ``-c 50``."""

WAVES = 15
"""Jobs for each slot: 3,000."""


def measure(rounds: Rounds) -> list[dict[str, Any]]:
    """Run it."""
    slots = dict.fromkeys(KINDS, 5 if rounds.quick else SLOTS)
    waves = 1 if rounds.quick else WAVES
    return rounds.interleaved(
        rounds.some(CONTENDERS), lambda rig, it: saturate(rig, it, slots, waves), delay=DELAY
    )
