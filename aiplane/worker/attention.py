"""Attention of a pool: its consumer is at its queue, so that what is sent there now is begun by this pool.

A slot is worth something only to a pool that hears of jobs. It does not while its consumer is cancelled
(``celery control cancel_consumer``), while it has no connection to the broker, and while the broker is there
and says nothing.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aiplane.queues import Kind

LATE = 3.0
"""Seconds past its time-out after which a broker that was asked for a message counts as away."""


def consumes(consumer: Any, kind: Kind) -> bool:
    """Return whether Celery's consumer takes what is sent to a kind's queue. Safe to call from any thread."""
    tasks = getattr(consumer, "task_consumer", None)
    # The loop takes both away as soon as it knows that the connection is lost.
    if tasks is None or consumer.connection is None or not tasks.consuming_from(kind):
        return False
    return _is_admitted(tasks.channel.connection) and _answers(tasks.channel)


def _is_admitted(transport: Any) -> bool:
    """Return whether the connection will last: one that may not hear the pool's commands is given up."""
    subscribes = any(channel.active_fanout_queues for channel in [*transport.channels])
    return transport.admitted or not subscribes


def _answers(channel: Any) -> bool:
    if channel.asked_at is not None and not channel.qos.can_consume():
        # All slots are busy, and the answer is left unread: that is no silence of the broker's.
        channel.asked_at = time.monotonic()
    asked_at = channel.asked_at
    return asked_at is None or time.monotonic() - asked_at < channel.brpop_timeout + LATE
