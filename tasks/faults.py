"""Faults of a model's answer: what breaks a rule, where, and how much that matters.

A fault of a rule that *must* hold keeps an answer from everybody: it gives something away, is not true of
the code, or is not what was asked for. One of a rule that *should* hold makes an answer worse, not wrong.
Either sends the answer back once; only the first kind can fail a job.

A fault is written once and read by two: the model is told "Your hint has 2 words …", a person "The model's
hint has 2 words …". It holds no text of the answer, nor anybody else's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

R = TypeVar("R")

MOST_TOLD = 12
"""So many faults are told of; whoever has more to mend writes a new answer anyway."""


class Fault(NamedTuple):
    """One fault.

    Attributes:
        place: the field that it stands in: "hint", "suggestion 2".
        wrong: what is wrong, said of that place: "has 2 words, and it must have 80 to 160".
        mend: what to do about it, for the model: a sentence, or nothing where it is plain.
        is_must: whether the rule must hold.
    """

    place: str
    wrong: str
    mend: str
    is_must: bool


def must(place: str, wrong: str, mend: str = "") -> Fault:
    """Make a fault of a rule that must hold."""
    return Fault(place, wrong, mend, is_must=True)


def should(place: str, wrong: str, mend: str = "") -> Fault:
    """Make a fault of a rule that should hold."""
    return Fault(place, wrong, mend, is_must=False)


@dataclass(frozen=True, slots=True)
class Checked(Generic[R]):
    """A model's answer after the checks of its task.

    Attributes:
        result: what the task makes of it; ``None`` where nothing can be made of it.
        faults: everything that is wrong with it, what must be mended first.
    """

    result: R | None = field(repr=False)
    faults: tuple[Fault, ...] = ()

    @property
    def may_go_out(self) -> bool:
        """Whether there is a result that breaks no rule that must hold."""
        return self.result is not None and not any(fault.is_must for fault in self.faults)


def checked(result: R | None, faults: Iterable[Fault]) -> Checked[R]:
    """Put a result and its faults together: each fault once, the ones that must be mended first."""
    ordered = sorted(dict.fromkeys(faults), key=lambda fault: not fault.is_must)
    return Checked(result, tuple(ordered))


def told_to_the_model(faults: Iterable[Fault]) -> str:
    """Write one line a fault, to the model."""
    lines = (f"- Your {fault.place} {fault.wrong}. {fault.mend}".rstrip() for fault in _few(faults))
    return "\n".join(lines)


def told_to_a_person(faults: Iterable[Fault]) -> str:
    """Write one sentence a fault, for a log and for who reads why a job failed."""
    return " ".join(f"The model's {fault.place} {fault.wrong}." for fault in _few(faults))


def _few(faults: Iterable[Fault]) -> list[Fault]:
    return list(faults)[:MOST_TOLD]
