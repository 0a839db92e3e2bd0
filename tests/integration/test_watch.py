"""What a bridge hears of its runs: enough to settle them by, and no more than the ledger can confirm."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING

import pytest

from aiplane.context.cancellation import cancel
from aiplane.context.usage import Usage
from aiplane.errors import LLMTimeoutError
from aiplane.ledger.claims import Claims
from aiplane.ledger.runs import Outcome, Runs
from aiplane.queues import QUEUES
from aiplane.redis.clients import connect, connect_thread
from aiplane.settings import Settings
from bridges.job import read_job
from bridges.watch import EARLY, Watch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bridges.watch import Watched
    from tests.support.redis_server import RedisServer

JOB = read_job(QUEUES["hint"], "q", "7\n8", "token", {"data": "{}", "timestamp": "1000"})
LAST = read_job(QUEUES["hint"], "q", "last", "token", {"data": "{}", "timestamp": "1000"})
USAGE = Usage(1, 20, 300, 40)


@pytest.fixture
async def watch(redis_server: RedisServer) -> AsyncIterator[Watch]:
    """A watch that listens, while a run is open."""
    redis, settings = connect(redis_server.url), Settings.load({"REDIS_URL": redis_server.url})
    runs = Runs(redis, "bull")
    watch = Watch(settings, runs)
    work = [asyncio.create_task(watch.listen()), asyncio.create_task(watch.look_at_heard())]
    await redis.flushdb()
    await redis.set("lock", "token")
    await runs.open(JOB.run, "lock", "token")
    while not (await redis.pubsub_numsub(runs.channel))[0][1]:  # noqa: ASYNC110 -- nobody tells
        await asyncio.sleep(0)
    yield watch
    for task in work:
        await cancel(task)
    await redis.aclose()


@pytest.fixture
async def watched(watch: Watch) -> AsyncIterator[Watched]:
    with watch.follow(JOB) as watched:
        yield watched


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome(result='{"hint": "\\ud83d \\n"}', usage=USAGE),
        Outcome(error=LLMTimeoutError("It took too long."), stacktrace="a\nb", usage=USAGE),
    ],
    ids=["result", "error"],
)
async def test_an_outcome_is_heard_with_what_proves_it(
    watched: Watched, redis_server: RedisServer, outcome: Outcome
) -> None:
    await finish(redis_server, outcome)
    answer = await asyncio.wait_for(watched.answer, 5)
    assert isinstance(answer, Outcome)
    assert (answer.result, answer.stacktrace, answer.usage) == (outcome.result, outcome.stacktrace, USAGE)
    assert answer.heard == hashlib.sha1(outcome.to_json().encode()).hexdigest()


async def test_an_outcome_too_large_to_be_told_is_read_in_the_ledger(
    watched: Watched, redis_server: RedisServer
) -> None:
    outcome = Outcome(result=f'{{"hint": "{"x" * 70_000}"}}', usage=USAGE)
    await finish(redis_server, outcome)
    await assert_read_in_the_ledger(watched, outcome)


async def test_an_outcome_that_comes_before_its_run_is_watched_is_looked_up(
    watch: Watch, redis_server: RedisServer
) -> None:
    outcome = Outcome(result='{"hint": "x"}', usage=USAGE)
    await finish(redis_server, outcome)
    await all_heard(watch, redis_server)
    with watch.follow(JOB) as watched:
        await assert_read_in_the_ledger(watched, outcome)


async def test_of_what_nobody_watches_only_so_much_is_remembered(
    watch: Watch, redis_server: RedisServer
) -> None:
    await finish(redis_server, Outcome(result='{"hint": "x"}', usage=USAGE))
    for number in range(EARLY):
        redis_server.client.publish("aiplane:bull:outcomes", f"q|{number}|1|0")
    await all_heard(watch, redis_server)
    with watch.follow(JOB) as watched:
        await all_heard(watch, redis_server)
        assert not watched.answer.done()


async def assert_read_in_the_ledger(watched: Watched, outcome: Outcome) -> None:
    """What was only heard has a digest with it."""
    answer = await asyncio.wait_for(watched.answer, 5)
    assert isinstance(answer, Outcome)
    assert (answer.result, answer.heard) == (outcome.result, "")


async def all_heard(watch: Watch, redis_server: RedisServer) -> None:
    """Return when whatever was announced before was heard, and looked up where it is to be."""
    redis_server.client.hset(f"aiplane:bull:run:{LAST.run}", mapping={"sent": 1, "outcome": "{}"})
    with watch.follow(LAST) as last:
        redis_server.client.publish("aiplane:bull:outcomes", LAST.run)
        await asyncio.wait_for(last.answer, 5)


async def finish(redis_server: RedisServer, outcome: Outcome) -> None:
    def work() -> None:
        with connect_thread(redis_server.url) as redis:
            claims = Claims(redis, "bull", "worker-1")
            claim = claims.claim(JOB.run, "q", JOB.id, token="t1")
            assert claim is not None
            redis.hset(claim.job_key, mapping={"timestamp": 1000})
            assert claims.finish(claim, outcome)

    await asyncio.to_thread(work)
