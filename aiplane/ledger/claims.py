"""A worker's side of the ledger: claiming runs, finishing them, and standing by what it has claimed.

A message can be delivered twice or late, and a worker that was given up for dead can come back: a claim
succeeds once and only while the entry is open, and only the holder of the claim can finish it.

A Redis that is killed, or replaced by a replica, may have answered what it then forgot. What it forgot of a
claim or an outcome would be paid for twice, so whoever holds one says it again as soon as there is another
server, and until all had time to, nothing is claimed anew.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from aiplane.bull import NOTES, pack_notes
from aiplane.contracts.job_data import MOST_BYTES
from aiplane.ledger.runs import ENTRY_TTL_MS, ledger_prefix, origin_of, outcome_channel, run_key
from aiplane.ledger.server_epoch import pulse_key
from aiplane.redis.lua import load_script

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redis import Redis

    from aiplane.bull import Note
    from aiplane.ledger.runs import Outcome

log = logging.getLogger(__name__)

CAUTION_MS = 2_000
"""Milliseconds after a change of server in which nothing is claimed. Every worker renews its lease each
second, and notices then."""

REMEMBER = 10.0
"""Seconds for which a recorded outcome is remembered. Redis postpones a write behind an ``fsync`` for up to
two; a replica lags by less."""

REMEMBER_MOST = 1_000
"""Recorded outcomes that are remembered at most."""

CANCELLED = "cancelled"
"""The claim of a run that a person has cancelled: it is nobody's."""

CANCELLED_MARK_MS = 10 * 60 * 1000
"""Milliseconds for which a claim that was cancelled is marked. Its worker looks every second."""


def cancelled_key(bullmq_prefix: str, token: str) -> str:
    """Return the key that marks a worker's claim as cancelled."""
    return f"{ledger_prefix(bullmq_prefix)}cancelled:{token}"


CLAIM = load_script(__package__, "claim")

HOLD = load_script(__package__, "hold", given=NOTES)

REFUSE = load_script(__package__, "refuse")


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to run a run.

    Attributes:
        run: the run's id.
        token: what proves the right.
        job_key: the key of the job's hash.
        data: the job's data as JSON text; None if it is gone, or longer than is read.
        traces: how long the job's stack traces were, which tells whether it has failed since.
        size: how long the data is, in bytes.
    """

    run: str
    token: str
    job_key: str
    data: str | None
    traces: int = 0
    size: int = 0


class Claims:
    """The claims of one worker. Safe to share between threads."""

    def __init__(self, redis: Redis, bullmq_prefix: str, worker: str) -> None:
        self._redis = redis
        self._bullmq_prefix = bullmq_prefix
        self._channel = outcome_channel(bullmq_prefix)
        self._claim = redis.register_script(CLAIM)
        self._hold = redis.register_script(HOLD)
        self._refuse = redis.register_script(REFUSE)
        self._worker = worker
        self._running: dict[str, Claim] = {}
        self._recorded: deque[tuple[float, Claim, Outcome]] = deque(maxlen=REMEMBER_MOST)
        self._guard = threading.Lock()

    def claim(self, run: str, queue: str, job_id: str, *, token: str) -> Claim | None:
        """Claim a run, or return None if it is claimed by another, settled or unknown.

        It waits while Redis is too new a server to be trusted with a claim.

        Args:
            run: the run's id.
            queue: BullMQ's name of the job's queue.
            job_id: the job's id.
            token: unguessable, and new for each delivery of a message. Claiming again with the same token
                is answered as the first time, so a lost reply is answered by a second call.
        """
        job_key = f"{self._bullmq_prefix}:{queue}:{job_id}"
        keys = [run_key(self._bullmq_prefix, run), job_key, pulse_key(self._bullmq_prefix)]
        while isinstance(
            reply := self._claim(keys=keys, args=[token, self._worker, CAUTION_MS, MOST_BYTES]), int
        ):
            time.sleep(reply / 1000)
        if not reply:
            return None
        data, traces, size = cast("tuple[str | None, int, int]", reply)
        claim = Claim(run, token, job_key, data, traces, size)
        with self._guard:
            self._running[token] = replace(claim, data=None)
        return claim

    def finish(self, claim: Claim, outcome: Outcome, notes: Sequence[Note] = ()) -> bool:
        """Record how a run ended, and tell the bridge.

        Calling it again with the same outcome changes nothing, so a lost reply is answered by a second
        call. False means that the run is another's by now, or over, and the outcome was not kept.

        Args:
            claim: the claim.
            outcome: how it ended.
            notes: what the job is told of it, before anybody else is.
        """
        kept = self._say(claim, outcome, notes)
        with self._guard:
            running = self._running.pop(claim.token, None)
            if kept and running is not None:
                self._recorded.append((time.monotonic(), running, outcome))
        return kept

    def refuse(self, run: str, outcome: Outcome, *, token: str) -> bool:
        """Record how a run ended that nobody has claimed, and that cannot be claimed here.

        Args:
            run: the run's id.
            outcome: how it ended.
            token: as for :meth:`claim`.

        Returns:
            False if it is claimed by another, settled or unknown.
        """
        arguments = [token, self._worker, outcome.to_json(), self._channel, run]
        return bool(self._refuse(keys=[run_key(self._bullmq_prefix, run)], args=arguments))

    def cancelled(self) -> list[str]:
        """Return the tokens of the claims held here whose jobs a person has cancelled."""
        with self._guard:
            tokens = list(self._running)
        if not tokens:
            return []
        marks = self._redis.mget([cancelled_key(self._bullmq_prefix, token) for token in tokens])
        return [token for token, mark in zip(tokens, marks, strict=True) if mark]

    def let_go(self, claim: Claim, outcome: Outcome) -> None:
        """Hold a run no longer that was ended elsewhere, and remember how, should Redis forget it."""
        with self._guard:
            running = self._running.pop(claim.token, None)
            if running is not None:
                self._recorded.append((time.monotonic(), running, outcome))

    def give_up(self, claim: Claim) -> None:
        """Stand by a claim no longer: its outcome cannot be recorded."""
        with self._guard:
            self._running.pop(claim.token, None)

    def say_again(self) -> None:
        """Tell a server that may have forgotten it what is running here, and what has just ended."""
        with self._guard:
            held: list[tuple[Claim, Outcome | None]] = [(claim, None) for claim in self._running.values()]
            held += [(claim, outcome) for _, claim, outcome in self._recorded]
        for claim, outcome in held:
            self._say(claim, outcome)
        if held:
            log.info("Redis is another server than before; it was told of %d runs again", len(held))

    def forget(self) -> None:
        """Forget the outcomes that a server has had for long enough to keep them."""
        with self._guard:
            while self._recorded and time.monotonic() - self._recorded[0][0] > REMEMBER:
                self._recorded.popleft()

    def _say(self, claim: Claim, outcome: Outcome | None, notes: Sequence[Note] = ()) -> bool:
        origin = origin_of(claim.run)
        arguments: list[Any] = [claim.token, self._worker, *origin, ENTRY_TTL_MS, claim.traces]
        if outcome is not None:
            arguments += [outcome.to_json(), outcome.usage.to_text(), self._channel, claim.run]
        if notes:
            arguments.append(pack_notes(self._bullmq_prefix, notes))
        return bool(self._hold(keys=[run_key(self._bullmq_prefix, claim.run), claim.job_key], args=arguments))
