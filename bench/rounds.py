"""Rounds: every contender in turn, and again, so that a machine whose speed drifts is as unfair to all."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from bench.rig import Rig

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")


@dataclass(frozen=True)
class Rounds:
    """Plan of a run.

    Attributes:
        count: how often each contender has its turn.
        quick: whether it is only to be seen that everything works.
    """

    count: int
    quick: bool

    def some(self, entries: Mapping[str, T]) -> Mapping[str, T]:
        """Return all of them; for a quick run the first two, which are what figures are held against."""
        return dict(list(entries.items())[:2]) if self.quick else entries

    def interleaved(
        self, entries: Mapping[str, T], once: Callable[[Rig, T], dict[str, Any]], *, delay: float = 0.0
    ) -> list[dict[str, Any]]:
        """Give every entry its turn in each round, with a rig of its own; return what was measured."""
        return [
            {"contender": name, "round": number, **_measured(entry, once, delay)}
            for number in range(1, self.count + 1)
            for name, entry in entries.items()
        ]

    def once(
        self, entries: Mapping[str, T], once: Callable[[Rig, T], dict[str, Any]], *, delay: float = 0.0
    ) -> list[dict[str, Any]]:
        """Do the same in one round, for what takes minutes."""
        return Rounds(1, self.quick).interleaved(entries, once, delay=delay)


def _measured(entry: Any, once: Callable[[Rig, Any], dict[str, Any]], delay: float) -> dict[str, Any]:
    contender = entry[0] if isinstance(entry, tuple) else entry
    with Rig(feeder=contender.feeder, delay=delay) as rig:
        measured = once(rig, entry)
    print(".", end="", flush=True, file=sys.stderr)
    return measured
