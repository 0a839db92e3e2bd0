"""``celery -A aiplane cancel``: jobs end as failed for good, and whoever runs them stops."""

from __future__ import annotations

import asyncio
import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

import click
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from aiplane.bull import iso_now
from aiplane.celery import app
from aiplane.cli.operators.queue_argument import kind_of, open_queues, queue_named
from aiplane.cli.terminal.errors import NotAllDoneError, NotFoundError, naming_redis
from aiplane.cli.terminal.screen import one_line, show_json
from aiplane.context.bounded import OutOfTimeError, wait_for
from aiplane.operations.audit_trail import announce, kept_lines, person
from aiplane.operations.cancel import Canceller, Was
from aiplane.redis.clients import connect_thread
from aiplane.redis.untrusted_json import read_object

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redis import Redis

    from aiplane.operations.cancel import Cancellation
    from aiplane.settings import Settings

SETTLED_SECONDS = 10.0
"""How long a bridge has to record that a job has failed: as long as another needs to take over."""

BROKER_SECONDS = 2.0
"""How long Celery's broker has to take a word to the pools."""

LOOK_EVERY = 0.05
"""Seconds between two looks."""


def cancel(settings: Settings, *, queue: str, wanted: Sequence[str], as_json: bool) -> None:
    """Cancel jobs.

    Raises:
        NotFoundError: there is no such job; the others were cancelled.
        NotAllDoneError: some cannot be cancelled.
    """
    name = queue_named(settings, queue)
    with naming_redis(settings.redis_url), closing(connect_thread(settings.redis_url)) as redis:
        cancelling = Canceller(redis, settings)
        done: list[Cancellation] = []
        try:
            for job_id in wanted:
                done.append(cancelling.cancel(name, job_id))  # noqa: PERF401 -- what was done is told though the next one fails
        finally:
            asyncio.run(_leave_word(settings, name, done))
        _wake_pools(done)
        unsettled = _await_settled(redis, settings, [each for each in done if each.done])
    if as_json:
        jobs = [_row(each, settled=each.done and each not in unsettled) for each in done]
        show_json({"kind": kind_of(settings, name), "queue": name, "jobs": jobs})
    else:
        for each in done:
            click.echo(one_line(each.sentence))
        for each in unsettled:
            click.echo(one_line(f"Job {each.job} is recorded as failed once a bridge lives."))
    _complain([each for each in done if not each.done], name)


def _row(cancellation: Cancellation, *, settled: bool) -> dict[str, Any]:
    return {
        "job": cancellation.job,
        "was": cancellation.was.value,
        "cancelled": cancellation.done,
        "settled": settled,
    }


async def _leave_word(settings: Settings, queue: str, done: Sequence[Cancellation]) -> None:
    """Write who it was into the log of each job that was cancelled now, and have the bridges do so."""
    jobs = [each.job for each in done if each.done and each.was is not Was.CANCELLED]
    if not jobs:
        return
    # Done is done, whether or not it can be told.
    with suppress(RedisError):
        async with open_queues(settings) as (redis, bull):
            who, own = person(), bull.queue(queue)
            await bull.load_scripts()
            for job in jobs:
                options = read_object((await own.record(job)).get("opts", ""))
                async with redis.pipeline(transaction=True) as pipe:
                    own.logging(job, f"{iso_now()} cancelled by {who}", kept_lines(options)).stage(pipe)
                    await pipe.execute()
            await announce(redis, bull.prefix, who=who, did="cancelled jobs", queue=queue, jobs=jobs)


def _wake_pools(done: Sequence[Cancellation]) -> None:
    """Have pools look at once; each does so every second in any case."""
    if any(each.was is Was.ACTIVE for each in done):
        # Celery would wait for its broker without end.
        with suppress(OutOfTimeError, OperationalError, OSError):
            wait_for(lambda: app.control.broadcast("heed_cancellations"), BROKER_SECONDS, name="broadcast")


def _await_settled(redis: Redis, settings: Settings, cancelled: Sequence[Cancellation]) -> list[Cancellation]:
    """Return those that no bridge has settled in time."""
    end, left = time.monotonic() + SETTLED_SECONDS, [*cancelled]
    while left and time.monotonic() < end:
        left = [each for each in left if _is_active(redis, settings, each)]
        time.sleep(LOOK_EVERY if left else 0)
    return left


def _is_active(redis: Redis, settings: Settings, job: Cancellation) -> bool:
    return redis.lpos(f"{settings.bullmq_prefix}:{job.queue}:active", job.job) is not None


def _complain(failed: Sequence[Cancellation], queue: str) -> None:
    unknown = [each.job for each in failed if each.was is Was.UNKNOWN]
    if unknown:
        raise NotFoundError(f"There is no job {', '.join(map(one_line, unknown))} in {queue}.")
    if failed:
        raise NotAllDoneError(f"{len(failed)} of the jobs could not be cancelled.")
