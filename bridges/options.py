"""A job's options, read as BullMQ's Node worker means them and never refused for a strange value.

What a producer stored is JSON that anyone may have written. An option with a value that makes no sense counts
as absent, and what is absent has the contract's default; only options that are no JSON object at all make a
job impossible to run.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from aiplane.bull import kept_jobs
from aiplane.redis.untrusted_json import can_be_written, read_json, whole_number

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_ATTEMPTS = 3
"""Attempts of a job that sets none; a Node producer then stores 0."""

DEFAULT_BACKOFF_MS = 5_000
"""First delay of a job that sets none: 5 s, 10 s, 20 s."""

MAX_BACKOFF_MS = 365 * 24 * 60 * 60 * 1000
"""The longest delay. BullMQ's scores overflow some years out; nobody waits a year for an answer."""

PROMPT_RETRIES = 3
"""How many retries of a job come as soon as its backoff says."""

LATER_RETRY_MS = 1_000
"""Milliseconds that pass at least before each further one: a job with a million attempts and no backoff would
hold its slot for days."""

_PARENT_OPTIONS = (
    "failParentOnFailure",
    "continueParentOnFailure",
    "ignoreDependencyOnFailure",
    "removeDependencyOnFailure",
)
_PARENT_SHORT_NAMES = dict(zip(("fpof", "cpof", "idof", "rdof"), _PARENT_OPTIONS, strict=True))


@dataclass(frozen=True, slots=True)
class Backoff:
    """Back-off of a job: its wait before the next attempt.

    Attributes:
        type: ``fixed``: always ``delay_ms``; ``exponential``: doubled with each attempt.
        delay_ms: the first delay.
        jitter: the share of each delay that is left to chance, 0 to 1.
    """

    type: Literal["fixed", "exponential"] = "exponential"
    delay_ms: float = DEFAULT_BACKOFF_MS
    jitter: float = 0.0

    def delay(self, attempts_made: int, chance: float | None = None) -> int:
        """Return the milliseconds before the next attempt, by the formula of Node's BullMQ.

        Args:
            attempts_made: how many attempts are over, the one that has just failed included: 1 or more.
            chance: a number from 0 to 1 in place of a random one.
        """
        doublings = attempts_made - 1 if self.type == "exponential" else 0
        longest = min(math.ldexp(self.delay_ms, min(doublings, 64)), MAX_BACKOFF_MS)
        if not self.jitter:
            return round(longest)
        # Jitter spreads retries; it guards no secret.
        chance = random.random() if chance is None else chance  # noqa: S311
        return math.floor(longest * (1 - self.jitter) + longest * self.jitter * chance)

    def due(self, attempts_made: int, retry_after: float | None = None) -> int:
        """Return the milliseconds before the next attempt: the backoff, unless somebody asks for more.

        Args:
            attempts_made: as for :meth:`delay`.
            retry_after: seconds before which the provider wants no retry; None where it does not say.
        """
        shortest = 0 if attempts_made <= PROMPT_RETRIES else LATER_RETRY_MS
        return max(self.delay(attempts_made), shortest, math.ceil(1000 * (retry_after or 0.0)))


@dataclass(frozen=True, slots=True)
class JobOptions:
    """Options of a job that matter to whoever runs it.

    Attributes:
        attempts: how many attempts the job may make in all, 1 or more.
        backoff: how long it waits between them.
        lifo: whether it goes to the head of the line.
        remove_on_complete: True, False, a count, or ``{age, count, limit}``.
        remove_on_fail: likewise.
        stack_trace_limit: how many stack traces are kept; None for no limit of the job's own.
        keep_logs: how many lines its log keeps; None for no limit of the job's own.
        parent: what the job's failure means to its parent, by BullMQ's long names.
        trace: the trace context that the producer sent along.
        delay_ms: for how long the job was not to be run at first.
        stored: all of it as stored, decoded.
        text: all of it as stored.
    """

    attempts: int = DEFAULT_ATTEMPTS
    backoff: Backoff = field(default_factory=Backoff)
    lifo: bool = False
    remove_on_complete: object = False
    remove_on_fail: object = False
    stack_trace_limit: int | None = None
    keep_logs: int | None = None
    parent: Mapping[str, bool] = field(default_factory=dict)
    trace: str | None = None
    delay_ms: float = 0.0
    stored: Mapping[str, Any] = field(default_factory=dict, repr=False)
    text: str = field(default="{}", repr=False)


def read_options(text: str) -> JobOptions:
    """Read the options that a job's hash holds.

    Raises:
        ValueError: they are not a JSON object.
    """
    text = text or "{}"
    stored = read_json(text)
    if not isinstance(stored, dict):
        raise ValueError("not an object")  # noqa: TRY004 -- one class for all that is wrong with the text
    trace = stored.get("tm")
    return JobOptions(
        attempts=whole_number(stored.get("attempts")) or DEFAULT_ATTEMPTS,
        backoff=_backoff(stored.get("backoff")),
        lifo=stored.get("lifo") is True,
        remove_on_complete=kept_jobs(stored.get("removeOnComplete")),
        remove_on_fail=kept_jobs(stored.get("removeOnFail")),
        stack_trace_limit=whole_number(stored.get("stackTraceLimit")),
        keep_logs=whole_number(stored.get("kl") or stored.get("keepLogs")) or None,
        parent={
            long: True for short, long in _PARENT_SHORT_NAMES.items() if stored.get(short) or stored.get(long)
        },
        trace=trace if isinstance(trace, str) and can_be_written(trace) else None,
        delay_ms=_amount(stored.get("delay")) or 0.0,
        stored=stored,
        text=text,
    )


def _backoff(value: object) -> Backoff:
    delay = _amount(value)
    if delay is not None:
        return Backoff("fixed", delay)
    if not isinstance(value, dict) or value.get("type") not in ("fixed", "exponential"):
        return Backoff()
    delay, jitter = _amount(value.get("delay")), _amount(value.get("jitter"))
    return Backoff(value["type"], DEFAULT_BACKOFF_MS if delay is None else delay, min(jitter or 0.0, 1.0))


def _amount(value: object) -> float | None:
    """Return a number that is finite and not negative, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # An integer too large for a float is too large for anything here.
    return float(value) if 0 <= value <= MAX_BACKOFF_MS else None
