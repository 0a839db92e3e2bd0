"""Verdict on a run that is under way, from what the ledger and the leases say of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from aiplane.context.usage import Usage
from aiplane.errors import InternalError, JobTimeoutError, WorkerLostError
from aiplane.ledger.leases import POOL_STALE_MS, SLOTS_STALE_MS
from aiplane.ledger.runs import Outcome
from aiplane.redis.untrusted_json import read_json

if TYPE_CHECKING:
    from aiplane.ledger.leases import LeaseSnapshot
    from aiplane.ledger.runs import RunState

UNOPENED_MS = 1_000
"""Milliseconds after which a run that is not in the ledger was forgotten; before, it may be unopened."""

UNCLAIMED_MS = 5_000
"""Milliseconds after which a run that a free slot should have claimed is suspected to be lost on the way."""

MOST_SENDINGS = 3
"""How often a run is sent to pools that have slots free and do not claim it: over 5, 10 and 20 s."""

MOST_TAKINGS = 2
"""How often a job is taken for one attempt that no pool begins, although they have slots free. Then the
attempt ends: whatever it is that pools drop, they will drop it again."""

OVERDUE_MS = 30_000
"""Milliseconds past its time limit that a run gets before the bridge ends it in the worker's stead: and as
many after an outage, in which its worker may have held its outcome ready for long."""


class Verdict(Enum):
    """Action of the bridge on a run that is not finished."""

    WAIT = "wait"
    REOPEN = "reopen"
    """The ledger has forgotten it, although the job is active: Redis has lost writes."""
    RESEND = "resend"
    HAND_BACK = "hand back"


@dataclass(frozen=True, slots=True)
class Sent:
    """Sending of a run, as far as a bridge knows of it.

    Attributes:
        ms_ago: milliseconds since it was last sent.
        times: how often it was.
        takings: how often the job was taken for this attempt; more than once if it was handed back.
        crowded: whether more jobs are under way than there are slots, so that none may be free for it.
    """

    ms_ago: int
    times: int = 1
    takings: int = 1
    crowded: bool = False

    @property
    def patience_ms(self) -> int:
        """Milliseconds after which it is sent again: twice as many after each sending."""
        return int(UNCLAIMED_MS * 2 ** (self.times - 1))


def judge(
    state: RunState, snapshot: LeaseSnapshot, kind: str, *, time_limit: float, sent: Sent
) -> Verdict | Outcome:
    """Return how a run ended, or what to do about it.

    Args:
        state: the run's entry.
        snapshot: the leases; they may have been read a while ago.
        kind: the kind of the job.
        time_limit: how many seconds the run may take.
        sent: how it was sent.
    """
    if state.outcome is not None:
        return read_outcome(state.outcome, state.usage)
    if state.sent is None:
        return Verdict.REOPEN if sent.ms_ago >= UNOPENED_MS else Verdict.WAIT
    if state.claim is None:
        return _unclaimed(snapshot, kind, sent)
    # A worker that was just started may have claimed the run since the leases were read.
    if (state.claimed or 0) <= snapshot.now and snapshot.gone(state.worker or "", POOL_STALE_MS):
        return Outcome(error=WorkerLostError("The process that ran the job died."))
    over = (state.claimed or 0) + time_limit * 1000
    if state.claimed is not None and snapshot.now - max(over, snapshot.steady_since) > OVERDUE_MS:
        return Outcome(error=JobTimeoutError(f"The job ran past its limit of {time_limit:g} seconds."))
    return Verdict.WAIT


def read_outcome(text: str, usage: str | None = None) -> Outcome:
    """Read a recorded outcome and its usage; one that no worker writes so is a fault of ours."""
    try:
        outcome = Outcome.from_json(text)
        if outcome.error is None and not isinstance(read_json(outcome.result), dict):
            raise ValueError("a result is an object")  # noqa: TRY301 -- handled with its kin just below
    except (ValueError, RecursionError):
        return Outcome(error=InternalError("The run's outcome could not be read."), recorded=True)
    return replace(outcome, usage=Usage.from_text(usage))


def _unclaimed(snapshot: LeaseSnapshot, kind: str, sent: Sent) -> Verdict | Outcome:
    if sent.crowded or not snapshot.slots(kind, SLOTS_STALE_MS):
        return Verdict.HAND_BACK if sent.ms_ago >= UNCLAIMED_MS else Verdict.WAIT
    if sent.ms_ago < sent.patience_ms:
        return Verdict.WAIT
    if sent.times < MOST_SENDINGS:
        return Verdict.RESEND
    if sent.takings < MOST_TAKINGS:
        return Verdict.HAND_BACK
    return Outcome(error=InternalError("No pool has begun the job, although slots are free."))
