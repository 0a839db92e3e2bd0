"""The connection to Celery's broker, which is a Redis: with our transport, and tried again every second.

Kombu waits longer with every try, up to half a minute: after an outage of some minutes a pool would be deaf
for that long, although everything else is at work again.
"""

from __future__ import annotations

from typing import Any

from celery.app.amqp import AMQP
from kombu.connection import Connection

from aiplane.worker.transport import RunTransport

TRY_EVERY = 1.0
"""Seconds between two tries to connect."""


class SteadyConnection(Connection):
    """A connection whose tries do not become rarer."""

    def get_transport_cls(self) -> type[RunTransport]:
        """Return the transport. Not by the setting for it, which would be shown in place of ``redis://``."""
        return RunTransport

    def ensure_connection(self, *args: Any, **kwargs: Any) -> Connection:
        """Connect, however often it takes (or as often as ``max_retries`` says)."""
        steady = {"interval_start": TRY_EVERY, "interval_step": 0, "interval_max": TRY_EVERY}
        connection: Connection = super().ensure_connection(*args, **{**steady, **kwargs})
        return connection


class PlaneAMQP(AMQP):
    """Celery's messaging, over such connections."""

    Connection = SteadyConnection
