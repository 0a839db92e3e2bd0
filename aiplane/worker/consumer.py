"""The consumer of a pool: Celery's, which waits for its broker at every step, and names what it refuses."""

from __future__ import annotations

import logging
from typing import Any

from celery.worker.consumer import Consumer
from kombu.exceptions import OperationalError

from aiplane.redis.troubles import TROUBLES

log = logging.getLogger(__name__)


class PoolConsumer(Consumer):
    """Celery's consumer.

    It begins anew when its connection breaks, but some of its steps (the greeting of other pools, for one)
    raise an error of another name then, and that would end the process.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.connection_errors: tuple[type[Exception], ...] = (
            *self.conninfo.connection_errors,
            OperationalError,
        )

    def on_connection_error_before_connected(self, exc: Exception) -> None:
        """Tell why there is no connection."""
        self._tell(exc)
        super().on_connection_error_before_connected(exc)

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        """Tell why the connection is of no use."""
        self._tell(exc)
        super().on_connection_error_after_connected(exc)

    def _tell(self, error: Exception) -> None:
        cause = error.__cause__ if isinstance(error, OperationalError) and error.__cause__ else error
        log.warning("CELERY_BROKER_URL: %s; messages wait", TROUBLES.note(cause))
