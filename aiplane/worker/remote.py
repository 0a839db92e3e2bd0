"""``celery control shutdown`` for a pool: the orderly stop that SIGTERM is.

Celery's own command breaks the worker's loop off at once: nobody is answered, and the slots are offered
until the last task has ended.
"""

from __future__ import annotations

import os
import signal
from typing import Any

from celery.worker import state as worker_state
from celery.worker.control import control_command, ok


@control_command()
def shutdown(state: Any, **_: Any) -> Any:  # noqa: ARG001 -- Celery's signature
    """Shutdown worker(s): offer no more slots, end what runs, go."""
    # A second signal would end it at once, and a command can be delivered twice.
    if worker_state.should_stop is None:
        os.kill(os.getpid(), signal.SIGTERM)
    return ok("stopping; what runs is ended first")
