"""What to think of a run that is under way, from what the ledger and the leases say of it."""

from __future__ import annotations

import json
from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING

from aiplane.errors import InternalError, JobTimeoutError, WorkerLostError
from aiplane.leases import POOL_STALE_MS, SLOTS_STALE_MS
from aiplane.runs import Outcome
from aiplane.usage import Usage

if TYPE_CHECKING:
    from aiplane.leases import Roll
    from aiplane.runs import RunState

UNOPENED_MS = 1_000
"""Milliseconds after which a run that is not in the ledger was forgotten; before, it may be unopened."""

UNCLAIMED_MS = 5_000
"""Milliseconds after which a run that a free slot should have claimed is suspected to be lost on the way."""

LONGEST_PATIENCE_MS = 60_000
"""Milliseconds between two sendings of a run, at most: doubled from UNCLAIMED_MS at each."""

OVERDUE_MS = 30_000
"""Milliseconds past its time limit that a run gets before the bridge ends it in the worker's stead: and as
many after an outage, in which its worker may have held its outcome ready for long."""


class Verdict(Enum):
    """What the bridge does about a run that is not finished."""

    WAIT = "wait"
    REOPEN = "reopen"
    """The ledger has forgotten it, although the job is active: Redis has lost writes."""
    RESEND = "resend"
    HAND_BACK = "hand back"


def judge(
    state: RunState, roll: Roll, kind: str, *, time_limit: float, sent_ms: int, patience_ms: int
) -> Verdict | Outcome:
    """Return how a run ended, or what to do about it.

    Args:
        state: the run's entry.
        roll: the leases; they may have been read a while ago.
        kind: the kind of the job.
        time_limit: how many seconds the run may take.
        sent_ms: milliseconds since the run was last sent.
        patience_ms: milliseconds after which it is sent again.
    """
    if state.outcome is not None:
        return read_outcome(state.outcome, state.usage)
    if state.sent is None:
        return Verdict.REOPEN if sent_ms >= UNOPENED_MS else Verdict.WAIT
    if state.claim is None:
        return _unclaimed(roll, kind, sent_ms, patience_ms)
    # A worker that was just started may have claimed the run since the leases were read.
    if (state.claimed or 0) <= roll.now and roll.gone(state.worker or "", POOL_STALE_MS):
        return Outcome(error=WorkerLostError("The process that ran the job died."))
    over = (state.claimed or 0) + time_limit * 1000
    if state.claimed is not None and roll.now - max(over, roll.steady_since) > OVERDUE_MS:
        return Outcome(error=JobTimeoutError(f"The job ran past its limit of {time_limit:g} seconds."))
    return Verdict.WAIT


def read_outcome(text: str, usage: str | None = None) -> Outcome:
    """Read a recorded outcome and its usage; one that no worker writes so is a fault of ours."""
    try:
        outcome = Outcome.from_json(text)
        if outcome.error is None and not isinstance(json.loads(outcome.result), dict):
            raise ValueError("a result is an object")  # noqa: TRY301 -- handled with its kin just below
    except (ValueError, RecursionError):
        return Outcome(error=InternalError("The run's outcome could not be read."), recorded=True)
    return replace(outcome, usage=Usage.from_text(usage))


def _unclaimed(roll: Roll, kind: str, sent_ms: int, patience_ms: int) -> Verdict:
    if not roll.slots(kind, SLOTS_STALE_MS):
        return Verdict.HAND_BACK if sent_ms >= UNCLAIMED_MS else Verdict.WAIT
    return Verdict.RESEND if sent_ms >= patience_ms else Verdict.WAIT
