"""Which weaknesses may be signalled, by whom, and on what evidence.

A signal stands on lines of the code, or on a turn of the candidate's, and quotes them. One whose quote is not
there is dropped, and so is one that its evidence cannot show: ``communication`` shows in conversation only;
``space_complexity``, ``variable_naming``, ``code_structure``, ``off_by_one`` and ``input_validation`` in code
only. One that neither a category nor a suggestion of its review complains of is dropped as well. A dropped
signal costs an answer nothing; an invented one would follow a person into the next session.

Where each was found goes onto the span and into the log, in numbers, without the quote.
"""

from __future__ import annotations

import logging
from types import MappingProxyType
from typing import TYPE_CHECKING

from opentelemetry import trace

from aiplane.contracts import CODE_WEAKNESSES, CONVERSATION_WEAKNESSES
from tasks.scoring import PRAISE, SMALL_FAULTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from aiplane.coaching.answers import CodeSignalAnswer, SignalAnswer
    from aiplane.code.listing import Listing
    from aiplane.contracts import Category, Suggestion, Turn, Weakness

log = logging.getLogger(__name__)

_TOLD_IN: Mapping[Weakness, frozenset[str]] = MappingProxyType(
    {
        "edge_cases": frozenset({"edge_cases", "correctness"}),
        "off_by_one": frozenset({"edge_cases", "correctness"}),
        "input_validation": frozenset({"edge_cases", "correctness"}),
        "time_complexity": frozenset({"efficiency"}),
        "space_complexity": frozenset({"efficiency"}),
        "variable_naming": frozenset({"readability"}),
        "code_structure": frozenset({"readability"}),
    }
)
"""The categories that complain of a weakness where they score less than good."""


def proven_in_code(
    signals: Iterable[CodeSignalAnswer],
    listing: Listing,
    categories: Sequence[Category],
    suggestions: Sequence[Suggestion],
) -> dict[Weakness, str]:
    """Return the weaknesses that the code shows and the review complains of, each with its place in words."""
    found: dict[Weakness, str] = {}
    faulted = {each.name for each in categories if each.judged is not False and each.score <= SMALL_FAULTS}
    places = [item for each in categories if each.score < PRAISE for item in each.evidence]
    for signal in signals:
        passage = listing.find(signal.quote, signal.start_line, signal.end_line)
        if passage is None or signal.weakness not in CODE_WEAKNESSES:
            continue
        is_told = not faulted.isdisjoint(_TOLD_IN[signal.weakness]) or any(
            each.start_line <= passage.end_line and passage.start_line <= each.end_line
            for each in (*places, *suggestions)
        )
        if is_told:
            found.setdefault(signal.weakness, f"lines {passage.start_line} to {passage.end_line}")
    _tell(found, signals)
    return found


def proven_in_interview(
    signals: Sequence[SignalAnswer], listing: Listing, turns: Sequence[Turn]
) -> dict[Weakness, str]:
    """Return the weaknesses that the code or the candidate's own turns show, each with its place in words.

    Args:
        signals: what the model named.
        listing: the code.
        turns: the conversation with the candidate's latest words at its end; turn 1 is the first.
    """
    found: dict[Weakness, str] = {}
    for signal in signals:
        place = _in_turn(signal, turns) if signal.turn else _in_code(signal, listing)
        if place is not None:
            found.setdefault(signal.weakness, place)
    _tell(found, signals)
    return found


def _in_code(signal: SignalAnswer, listing: Listing) -> str | None:
    if signal.weakness not in CODE_WEAKNESSES or signal.start_line is None:
        return None
    passage = listing.find(signal.quote, signal.start_line, signal.end_line or signal.start_line)
    return f"lines {passage.start_line} to {passage.end_line}" if passage else None


def _in_turn(signal: SignalAnswer, turns: Sequence[Turn]) -> str | None:
    number = signal.turn or 0
    if signal.weakness not in CONVERSATION_WEAKNESSES or not 1 <= number <= len(turns):
        return None
    turn = turns[number - 1]
    is_quoted = "".join(signal.quote.split()) in "".join(turn.content.split())
    return f"turn {number}" if turn.role == "user" and is_quoted else None


def _tell(found: dict[Weakness, str], signals: Iterable[object]) -> None:
    span = trace.get_current_span()
    for weakness, place in found.items():
        span.set_attribute(f"ai.weakness.{weakness}", place)
        log.debug("weakness %s: %s", weakness, place)
    if dropped := len(list(signals)) - len(found):
        log.debug("weaknesses without evidence, or named twice: %d dropped", dropped)
