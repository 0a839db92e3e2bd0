"""Celery's remote commands that end work, ``revoke`` and ``terminate``: of jobs, and of tasks of people.

A job's run is ended as ``celery -A aiplane cancel`` does it: the job fails for good, with the code
``cancelled``. Nothing of that is kept in the pool: a job that is given another chance has the same run again.
"""

from __future__ import annotations

import logging
from typing import Any

from celery.worker import control
from celery.worker.control import control_command, nok, ok
from kombu.utils.functional import maybe_list
from redis import RedisError

from aiplane.ledger.runs import job_of
from aiplane.redis.refusals import told

log = logging.getLogger(__name__)

MOST_AT_ONCE = 100
"""Ids in one command; the pool's loop asks Redis about each."""


@control_command(variadic="task_id", signature="[id1 [id2 [... [idN]]]]")
def revoke(state: Any, task_id: Any, terminate: bool = False, **_: Any) -> Any:
    """Cancel jobs by the ids of their runs, or revoke tasks that people sent."""
    ids = list(dict.fromkeys(str(each) for each in maybe_list(task_id) or []))
    if not 1 <= len(ids) <= MOST_AT_ONCE:
        return nok(f"give from 1 to {MOST_AT_ONCE} ids")
    runs = [each for each in ids if job_of(each) is not None]
    told = [_cancel(state, run) for run in runs]
    if runs:
        state.consumer.controller.tell_slots()
    tasks = [each for each in ids if each not in runs]
    if tasks:
        told.append((True, _revoke(state, tasks, terminate=terminate)))
    sentences = " ".join(sentence for _, sentence in told)
    return ok(sentences) if all(done for done, _ in told) else nok(sentences)


@control_command(variadic="task_id", args=[("signal", str)], signature="<signal> [id1 [id2 [... [idN]]]]")
def terminate(state: Any, signal: Any, task_id: Any, **_: Any) -> Any:  # noqa: ARG001 -- there is no process
    """End jobs by the ids of their runs, or tasks that people sent. The signal does not matter."""
    return revoke(state, task_id, terminate=True)


@control_command(variadic="headers", signature="[key1=value1 [key2=value2 [... [keyN=valueN]]]]")
def revoke_by_stamped_headers(state: Any, headers: Any, **options: Any) -> Any:
    """Revoke tasks that people sent, by their stamps. Jobs have none."""
    if isinstance(headers, list) and all(isinstance(each, str) and "=" in each for each in headers):
        headers = dict(each.split("=", 1) for each in headers)
    if not isinstance(headers, dict) or not headers:
        return nok("give stamps as key=value")
    return control.revoke_by_stamped_headers(state, headers, **options)


@control_command(visible=False)
def heed_cancellations(state: Any, **_: Any) -> Any:
    """Look now for jobs that were cancelled; a pool does so every second by itself."""
    state.consumer.controller.tell_slots()
    return ok("looking")


def _cancel(state: Any, run: str) -> tuple[bool, str]:
    try:
        cancellation = state.app.runtime.canceller.cancel_run(run)
    except (RedisError, OSError, UnicodeError) as error:
        return False, f"{run} is not cancelled: {told(error)}."
    if cancellation is None:
        return False, f"{run} is not cancelled: it is no run of these queues."
    return cancellation.done, cancellation.sentence


def _revoke(state: Any, tasks: list[str], *, terminate: bool) -> str:
    control.revoke(state, tasks)
    ended = state.app.runtime.running.end(tasks) if terminate else []
    if ended:
        return f"ended here: {', '.join(ended)}."
    return f"not to be run: {', '.join(tasks)}." + (" None of them runs here." if terminate else "")
