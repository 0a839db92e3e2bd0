"""What an interview's payload says about how the candidate is doing, measured."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from aiplane.coaching.conversation import is_no_answer, read_exchanges, same_point
from tasks.difficulty import Signals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiplane.coaching.conversation import Exchange
    from aiplane.code.metrics import CodeMetrics
    from aiplane.contracts import InterviewPayload

RECENT = 5
"""How many answers are timed: how it goes now matters, not how it began."""

DEEPEST = 10
"""How many exchanges on one point are counted at most."""


def read_signals(payload: InterviewPayload, metrics: CodeMetrics | None) -> Signals:
    """Measure everything that the tier depends on."""
    exchanges = read_exchanges(payload)
    written = metrics if payload.current_code.strip() else None
    return Signals(
        pass_share=payload.execution.pass_share if payload.execution else None,
        response_seconds=_response_seconds(payload, exchanges),
        hints=_hints(payload),
        unresolved=_unresolved(exchanges) if exchanges else None,
        complexity=written.max_complexity if written else None,
        nesting=written.max_nesting if written else None,
    )


def _response_seconds(payload: InterviewPayload, exchanges: Sequence[Exchange]) -> float | None:
    """Take the median of the latest answers; a longer silence that is still going on counts instead."""
    times = [exchange.seconds for exchange in exchanges if exchange.seconds is not None]
    usual = median(times[-RECENT:]) if times else None
    signals = payload.interaction_signals
    silence = signals.seconds_since_last_user_message if signals else None
    if silence is None or payload.user_message is not None:
        return usual
    return silence if usual is None else max(usual, silence)


def _hints(payload: InterviewPayload) -> int | None:
    signals = payload.interaction_signals
    counts = [payload.hint_count, signals.hint_count if signals else None, len(payload.recent_hints) or None]
    return max((count for count in counts if count is not None), default=None)


def _unresolved(exchanges: Sequence[Exchange]) -> int:
    """Count the exchanges in a row, up to the latest, that did not resolve their point.

    One did not when the candidate had no answer, or when the interviewer had to ask for the same again.
    """
    count = 0
    asked_next = ""
    for exchange in reversed(exchanges[-DEEPEST:]):
        if exchange.answer is not None:
            if not (is_no_answer(exchange.answer) or same_point(exchange.said, asked_next)):
                break
            count += 1
        asked_next = exchange.said
    return count
