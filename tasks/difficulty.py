"""The tier of an interview, decided by rule, from measurements, before the model is asked.

Each signal votes from -1 (struggling) through 0 (as expected) to +1 (doing well), with a weight:

==================  ======  ====================  ==============  =====================
signal              weight  +1                    0               -1
==================  ======  ====================  ==============  =====================
correctness              3  90 % of tests pass    50 % or more    fewer
response time            2  60 s or less          up to 180 s     longer
hints                    2  none (only +0.5)      1 or 2          3 or more
conversation depth       2                                        2 unresolved in a row
code complexity          1                                        nesting 5, or above 15
==================  ======  ====================  ==============  =====================

A signal that is absent has no vote. Depth and complexity have none either where they are ordinary: few
unresolved questions or plain code prove nothing. So that one thin signal does not decide alone, the tier of
the reply before votes, too, with what their weights lack of 4: +1 for ``hard``, 0 for ``medium``, -1 for
``easy``. The score is the weighted mean of the votes.

- above 0.6, and no hint was taken: ``hard``;
- -0.4 or below: ``easy``;
- between the two: ``medium``.

Where signals contradict each other, the weights settle it: what the tests say is worth the most, fast but
wrong is ``medium``, and right with several hints is ``medium``; with a hint it is never ``hard``. Without
any vote the tier stays what it was, or ``medium``. From one reply to the next it moves by one step at most.

The weights and bounds are a choice, made so that each row of this table comes out as written, and to be
tuned with data: solving quickly without hints is ``hard``; a moderate pace and few hints is ``medium``;
struggling with several hints is ``easy``.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from aiplane.text.measures import percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aiplane.contracts import Difficulty, FollowUpType

TIERS: tuple[Difficulty, ...] = ("easy", "medium", "hard")

FOLLOW_UP_TYPES: Mapping[Difficulty, tuple[FollowUpType, ...]] = MappingProxyType(
    {"easy": ("hint", "encouragement"), "medium": ("question", "evaluation"), "hard": ("question",)}
)
"""What a reply may be in each tier; the usual one first."""

HARD_ABOVE = 0.6
EASY_FROM = -0.4
ENOUGH_WEIGHT = 4.0


@dataclass(frozen=True, slots=True)
class Signals:
    """What was measured; ``None`` for what was not.

    Attributes:
        pass_share: the share of test cases that pass, 0 to 1.
        response_seconds: how long an answer takes this candidate.
        hints: how many hints were given.
        unresolved: how many follow-ups in a row, the latest included, did not resolve their point.
        complexity: the cyclomatic complexity of the most complex function.
        nesting: how deep its control structures are nested.
    """

    pass_share: float | None = None
    response_seconds: float | None = None
    hints: int | None = None
    unresolved: int | None = None
    complexity: int | None = None
    nesting: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The tier of a reply, and why.

    Attributes:
        follow_up_types: what the reply may be.
        reason: one sentence made of the measurements; nothing of the payload's text.
        signals: what it was decided from.
    """

    difficulty: Difficulty
    follow_up_types: tuple[FollowUpType, ...]
    reason: str
    signals: Signals


class _Vote(NamedTuple):
    value: float
    weight: float
    because: str


def decide(signals: Signals, current: Difficulty | None) -> Verdict:
    """Apply the rule of this module.

    Args:
        signals: what was measured.
        current: the tier of the reply before; ``None`` counts as ``medium``.
    """
    before = current or "medium"
    votes = list(_votes(signals))
    aim = _aim(votes, before, signals.hints) if votes else before
    tier = _one_step(before, aim)
    because = ", ".join(vote.because for vote in votes) or "nothing was measured"
    if tier != aim:
        because += f" (towards {aim}, one step at a time)"
    return Verdict(tier, FOLLOW_UP_TYPES[tier], f"{tier}: {because}", signals)


def _aim(votes: list[_Vote], before: Difficulty, hints: int | None) -> Difficulty:
    weight = sum(vote.weight for vote in votes)
    lacking = max(0.0, ENOUGH_WEIGHT - weight)
    standing = TIERS.index(before) - 1
    score = (sum(vote.value * vote.weight for vote in votes) + standing * lacking) / (weight + lacking)
    if score <= EASY_FROM:
        return "easy"
    return "hard" if score > HARD_ABOVE and not hints else "medium"


def _one_step(before: Difficulty, aim: Difficulty) -> Difficulty:
    here, there = TIERS.index(before), TIERS.index(aim)
    return TIERS[max(here - 1, min(here + 1, there))]


def _votes(signals: Signals) -> Iterator[_Vote]:
    if (share := signals.pass_share) is not None:
        value = 1.0 if share >= 0.9 else 0.0 if share >= 0.5 else -1.0
        yield _Vote(value, 3, f"{percent(share)} of the tests pass")
    if (seconds := signals.response_seconds) is not None:
        value = 1.0 if seconds <= 60 else 0.0 if seconds <= 180 else -1.0
        yield _Vote(value, 2, f"answers take {seconds:.0f} s")
    if (hints := signals.hints) is not None:
        value = 0.5 if hints == 0 else 0.0 if hints <= 2 else -1.0
        yield _Vote(value, 2, f"{hints} {'hint' if hints == 1 else 'hints'}")
    if (unresolved := signals.unresolved or 0) >= 2:
        yield _Vote(-1, 2, f"{unresolved} follow-ups in a row resolved nothing")
    complexity, nesting = signals.complexity or 0, signals.nesting or 0
    if complexity > 15 or nesting >= 5:
        yield _Vote(-1, 1, f"code of complexity {complexity} and nesting {nesting}")
