"""Celery's remote commands that a pool refuses, each with what does the same here.

Left as they are they would say that they have done it, and do nothing, or keep jobs active that nobody runs.
"""

from __future__ import annotations

from typing import Any

from celery.worker.control import control_command, inspect_command, nok


@control_command(
    args=[("task_name", str), ("rate_limit", str)],
    signature="<task_name> <rate_limit (e.g., 5/s | 5/m | 5/h)>",
)
def rate_limit(state: Any, **_: Any) -> Any:  # noqa: ARG001 -- Celery's signature
    """Refused: a limit here would keep jobs active that nobody runs."""
    return nok(
        "refused, and nothing is changed: a rate limit here would keep jobs active that nobody runs. Limit "
        "the queue in BullMQ, from Node: await queue.setGlobalRateLimit(max, duration)."
    )


@control_command(
    args=[("task_name", str), ("soft", float), ("hard", float)],
    signature="<task_name> <soft_secs> [hard_secs]",
)
def time_limit(state: Any, **_: Any) -> Any:  # noqa: ARG001 -- Celery's signature
    """Refused: a job's time is limited by the settings."""
    return nok(
        "refused, and nothing is changed: Celery cannot end threads. Start the pool with another "
        "<KIND>_TIME_LIMIT_SECONDS, for hints HINT_TIME_LIMIT_SECONDS."
    )


@control_command(args=[("max", int), ("min", int)], signature="[max [min]]")
def autoscale(state: Any, **_: Any) -> Any:  # noqa: ARG001 -- Celery's signature
    """Refused: a pool has the slots that it is given."""
    return nok("refused, and nothing is changed: use pool_grow and pool_shrink, or -c.")


@control_command()
def pool_restart(state: Any, **_: Any) -> Any:  # noqa: ARG001 -- Celery's signature
    """Refused: there are no processes to restart."""
    return nok(
        "refused, and nothing is changed: the slots are threads of the pool's own process. Start another "
        "pool, then stop this one (shutdown)."
    )


@control_command()
def election(state: Any, **_: Any) -> Any:  # noqa: ARG001 -- Celery's signature
    """Refused: pools elect nobody."""
    return nok("refused: these pools elect nobody, and run no task by election.")


@inspect_command(
    args=[("type", str), ("num", int), ("max_depth", int)],
    signature="[object_type=Request] [num=200 [max_depth=10]]",
)
def objgraph(state: Any, **_: Any) -> Any:  # noqa: ARG001 -- Celery's signature
    """Refused: the pool would stand still meanwhile."""
    return nok("refused: it holds the pool up for as long as it draws, and its picture shows what jobs hold.")
