"""The options of ``celery worker`` that a pool refuses, because it would not keep them."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from aiplane.worker.pool import MAX_SLOTS, SlotPool

if TYPE_CHECKING:
    from collections.abc import Mapping

_LIMITS = "has no effect on threads. Set <KIND>_TIME_LIMIT_SECONDS, for hints HINT_TIME_LIMIT_SECONDS."
_CHILDREN = "has no effect: the jobs of a pool run in threads of one process. Its supervisor bounds it."

_REFUSED: Mapping[str, str] = MappingProxyType(
    {
        "autoscale": "--autoscale is not for these pools: jobs wait in BullMQ, where Celery does not "
        "see them, and a slot that nobody needs costs nothing. Give -c the most that may run at once.",
        "time_limit": f"--time-limit {_LIMITS}",
        "soft_time_limit": f"--soft-time-limit {_LIMITS}",
        "max_tasks_per_child": f"--max-tasks-per-child {_CHILDREN}",
        "max_memory_per_child": f"--max-memory-per-child {_CHILDREN}",
        "beat": "-B is not for these pools: nothing here runs by Celery's clock. BullMQ's job "
        "schedulers make jobs at set times.",
    }
)

_ONLY_SLOTS = (
    "-P chooses another kind of pool, and jobs run in slots of our own, under a watch over "
    "their time and with a lease that offers them. Leave it out."
)


def check_options(options: Mapping[str, Any]) -> None:
    """Refuse what a pool was started with and would not keep.

    Args:
        options: what Celery's worker is made with.

    Raises:
        click.UsageError: the sentence says which option it is, and what to do instead.
    """
    for name, sentence in _REFUSED.items():
        if options.get(name):
            raise click.UsageError(sentence)
    pool = options.get("pool") or options.get("pool_cls")
    if _was_given("pool") or not _has_slots(pool):
        raise click.UsageError(_ONLY_SLOTS)
    _check_concurrency(options.get("concurrency"))


def _check_concurrency(given: object) -> None:
    # Celery takes 0 for no number at all, and has forgotten it by now.
    number = 0 if given is None and _was_given("concurrency") else given
    if number is not None and not (isinstance(number, int) and 1 <= number <= MAX_SLOTS):
        raise click.UsageError(
            f"-c is how many jobs the pool runs at once: a number from 1 to {MAX_SLOTS}. "
            "To run none, stop the pool; jobs wait then."
        )


def _has_slots(pool: object) -> bool:
    return pool is None or isinstance(pool, str) or (isinstance(pool, type) and issubclass(pool, SlotPool))


def _was_given(option: str) -> bool:
    """Return whether a person has written an option, where the process was started by a command line."""
    context = click.get_current_context(silent=True)
    given = (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT)
    return context is not None and context.get_parameter_source(option) in given
