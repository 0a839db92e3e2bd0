"""Celery's remote commands in a pool, where Celery's own way would not be true here.

Each does what it says, or says that it does not: ``celery control``, Flower's buttons and whatever else sends
them are answered alike. Those that are refused stand in :mod:`aiplane.worker.refused_commands`, those that
end work in :mod:`aiplane.worker.revoke_commands`.
"""

from __future__ import annotations

import os
import signal
from typing import Any

from celery.worker import control
from celery.worker import state as worker_state
from celery.worker.control import control_command, nok, ok

from aiplane.redis.untrusted_json import whole_number
from aiplane.worker.pool import MAX_SLOTS


@control_command()
def shutdown(state: Any, **_: Any) -> Any:  # noqa: ARG001 -- Celery's signature
    """Shutdown worker(s): offer no more slots, end what runs, go."""
    # Celery would break the loop off at once: nobody would be answered, and the slots offered until the end.
    # A second signal would end it at once, and a command can be delivered twice.
    if worker_state.should_stop is None:
        os.kill(os.getpid(), signal.SIGTERM)
    return ok("stopping; what runs is ended first")


@control_command(args=[("n", int)], signature="[N=1]")
def pool_grow(state: Any, n: Any = 1, **_: Any) -> Any:
    """Add N slots, until the pool is started again."""
    return _resize(state, n, 1)


@control_command(args=[("n", int)], signature="[N=1]")
def pool_shrink(state: Any, n: Any = 1, **_: Any) -> Any:
    """Remove N slots; what runs in them ends undisturbed."""
    return _resize(state, n, -1)


def _resize(state: Any, n: Any, direction: int) -> Any:
    number = whole_number(n)
    if number is None or not 1 <= number <= MAX_SLOTS:
        return nok(f"the number of slots must be from 1 to {MAX_SLOTS}")
    pool = state.consumer.pool
    before = pool.limit
    (pool.grow if direction > 0 else pool.shrink)(number)
    change = pool.limit - before
    if change:
        state.consumer._update_prefetch_count(change)  # noqa: SLF001 -- as Celery's own command does
        state.consumer.controller.tell_slots()
    return ok(f"the pool has {pool.limit} slots now, and had {before}")


@control_command(
    args=[("queue", str), ("exchange", str), ("exchange_type", str), ("routing_key", str)],
    signature="<queue>",
)
def add_consumer(state: Any, queue: str, **_: Any) -> Any:
    """Take what is sent to the pool's own queue, again after cancel_consumer, and offer the slots."""
    if (refusal := _not_ours(state, queue)) is not None:
        return nok(f"{refusal} For another, start a pool: celery -A aiplane worker -Q <kind>.")
    if worker_state.should_stop is not None:
        return nok("the pool is stopping, and takes nothing more")
    state.consumer.call_soon(_then_tell, state, state.consumer.add_task_queue, queue)
    return ok(f"consuming from {queue}; the slots are offered")


@control_command(args=[("queue", str)], signature="<queue>")
def cancel_consumer(state: Any, queue: str, **_: Any) -> Any:
    """Take nothing more from the pool's queue, and offer no slot. What runs ends undisturbed."""
    if (refusal := _not_ours(state, queue)) is not None:
        return nok(refusal)
    state.consumer.call_soon(_then_tell, state, state.consumer.cancel_task_queue, queue)
    return ok(f"no longer consuming from {queue}; no slot is offered until add_consumer {queue}")


@control_command()
def heartbeat(state: Any, **_: Any) -> Any:
    """Tell worker(s) to send event heartbeat immediately."""
    if not state.consumer.event_dispatcher:
        return nok("this pool sends no events")
    control.heartbeat(state)
    return ok("heartbeat sent")


def _then_tell(state: Any, change: Any, queue: str) -> None:
    change(queue)
    state.consumer.controller.tell_slots()


def _not_ours(state: Any, queue: str) -> str | None:
    kind = state.consumer.controller.kind
    return None if queue == kind else f"this pool serves the queue {kind} and no other."
