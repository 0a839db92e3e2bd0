"""Redis, as the workers use it: the queues and the ledger, Celery's broker, and its results."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from redis import RedisError

from aiplane.cli.checks.finding import Finding
from aiplane.operations.trials import try_one
from aiplane.redis.clients import connect
from aiplane.redis.preflight import examine
from aiplane.redis.refusals import lasts, told

if TYPE_CHECKING:
    from aiplane.operations.trials import Variable
    from aiplane.providers import Providers
    from aiplane.settings import Settings


def redis(settings: Settings, providers: Providers) -> Finding:  # noqa: ARG001 -- as all checks
    """Try what BullMQ and the ledger need, and look whether it can lose jobs."""
    found = _tried(settings, "REDIS_URL", "Redis")
    if found.wrong:
        return found
    findings = asyncio.run(_look(settings, examine))
    # Who has accepted that is not told at each look that it is wrong.
    fatal = [finding.sentence for finding in findings if not (finding.unknown and _accepts(settings))]
    notes = [finding.sentence for finding in findings if finding.sentence not in fatal]
    if not asyncio.run(_look(settings, _may_be_named)):
        notes.append(
            "Redis refuses CLIENT: connections have no names, so getWorkers() in Node does not list bridges."
        )
    return Finding("Redis", found.configured, " ".join(fatal), note=" ".join(notes))


def broker(settings: Settings, providers: Providers) -> Finding:  # noqa: ARG001 -- likewise
    """Try what Celery needs for its messages."""
    return _tried(settings, "CELERY_BROKER_URL", "Celery's broker")


def backend(settings: Settings, providers: Providers) -> Finding:  # noqa: ARG001 -- likewise
    """Try what Celery needs for the results of tasks that people send."""
    return _tried(settings, "CELERY_RESULT_BACKEND", "Celery's results")


def _tried(settings: Settings, variable: Variable, name: str) -> Finding:
    try:
        wrong = " ".join(complaint.sentence for complaint in try_one(settings, variable))
    except (RedisError, OSError) as error:
        wrong = f"{variable}: {told(error)}: is it there, and may this machine reach it?"
    return Finding(name, variable, wrong)


def _accepts(settings: Settings) -> bool:
    """Return whether a bridge would start with a Redis that does not tell of itself."""
    return settings.app_env != "production" or settings.redis_accept_data_loss


async def _look(settings: Settings, question: Any) -> Any:
    async with connect(settings.redis_url) as client:
        return await question(client)


async def _may_be_named(client: Any) -> bool:
    try:
        await client.client_setname("aiplane:doctor")
    except RedisError as error:
        if lasts(error):
            return False
        raise
    return True
