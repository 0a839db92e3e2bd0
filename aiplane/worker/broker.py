"""The connection to Celery's broker, which is a Redis: with our transport, and tried again every second.

Kombu waits longer with every try, up to half a minute: after an outage of some minutes a pool would be deaf
for that long, although everything else is at work again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from celery.app.amqp import AMQP
from kombu.connection import Connection

from aiplane.redis.troubles import TROUBLES
from aiplane.worker.transport import RunTransport

if TYPE_CHECKING:
    from collections.abc import Callable

TRY_EVERY = 1.0
"""Seconds between two tries to connect."""


class SteadyConnection(Connection):
    """A connection whose tries do not become rarer."""

    def get_transport_cls(self) -> type[RunTransport]:
        """Return the transport. Not by the setting for it, which would be shown in place of ``redis://``."""
        return RunTransport

    def ensure_connection(
        self, errback: Callable[[Exception, float], Any] | None = None, *args: Any, **kwargs: Any
    ) -> Connection:
        """Connect, however often it takes (or as often as ``max_retries`` says)."""

        def tell(error: Exception, interval: float) -> None:
            TROUBLES.note(error)
            if errback is not None:
                errback(error, interval)

        steady = {"interval_start": TRY_EVERY, "interval_step": 0, "interval_max": TRY_EVERY}
        connection: Connection = super().ensure_connection(tell, *args, **{**steady, **kwargs})
        return connection


class BrokerAMQP(AMQP):
    """Celery's messaging, over such connections."""

    Connection = SteadyConnection
