"""Received message of a pool, as Celery's tools show it."""

from __future__ import annotations

import logging
import threading
from typing import Any

from celery.worker.request import Request
from celery.worker.state import revoked, task_ready

from aiplane.ledger.runs import RUN_HEADER
from aiplane.worker.outages import despite_outages

log = logging.getLogger(__name__)


class JobRequest(Request):
    """Celery's request, shown by the names that a person knows: the queue, the job, the attempt.

    ``celery inspect active``, events and Flower would show the arguments themselves: of a run of the bridge
    there are none, and those of a task that a person sent are a candidate's code.
    """

    acknowledged: bool

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if RUN_HEADER not in self._request_dict:
            self._argsrepr, self._kwargsrepr = "(a payload)", ""

    def acknowledge(self) -> None:
        """Acknowledge the message. A run's is known to nobody but this process, so that is done here and now.

        Celery leaves it to the worker's loop, which would be woken for it.
        """
        if RUN_HEADER in self._request_dict and not self.acknowledged:
            self.acknowledged = True
            self.message.ack()
        else:
            super().acknowledge()

    def terminate(self, pool: Any, signal: Any = None) -> None:  # noqa: ARG002 -- Celery's signature
        """End the work; there is no process to send a signal to."""
        if RUN_HEADER in self._request_dict:
            self.app.runtime.canceller.cancel_run(self.id)
        else:
            self.app.runtime.running.end([self.id])

    def _announce_revoked(self, reason: str, terminated: bool, signum: Any, expired: bool) -> None:
        """Take note of a message that is not to be run.

        Of a run's the bridge has to hear, which would send it again for ever.
        """
        if RUN_HEADER not in self._request_dict:
            super()._announce_revoked(reason, terminated, signum, expired)
            return
        task_ready(self)
        self._already_revoked = True
        self.acknowledge()
        # Not here in the loop: Redis may be away.
        threading.Thread(target=self._record_revoked, name="revoked", daemon=True).start()

    def _record_revoked(self) -> None:
        recorded = despite_outages(lambda: self.app.runtime.canceller.cancel_run(self.id))
        # A job that is given another chance has the same run again.
        revoked.discard(self.id)
        if recorded is not None:
            log.info("%s", recorded.sentence)

    def on_failure(self, exc_info: Any, send_failed_event: bool = True, return_ok: bool = False) -> None:
        """Take note of a failure. Whatever goes wrong in that, the slot is free afterwards."""
        try:
            super().on_failure(exc_info, send_failed_event, return_ok)
        except Exception as error:  # noqa: BLE001 -- a broker or a backend that cannot be told
            log.error("failure of task %s cannot be recorded (%s)", self.id, type(error).__name__)  # noqa: TRY400 -- its message may quote the payload
        finally:
            task_ready(self)

    def info(self, safe: bool = False) -> dict[str, Any]:  # noqa: ARG002 -- Celery's signature
        """Describe the request by what its sender wrote to be shown."""
        described: dict[str, Any] = super().info(safe=True)
        return described
