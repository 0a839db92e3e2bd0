"""The ledger on a real Redis: a run is claimed once, finished by its claimant, and gone when it is closed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from aiplane.context.usage import Usage
from aiplane.errors import LLMAuthError
from aiplane.ledger.claims import Claims
from aiplane.ledger.runs import CLOSE, Message, Opened, Outcome, Runs, RunState, read_announcement, run_id
from aiplane.redis.clients import connect, connect_thread
from bridges.verdict import read_outcome

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from redis import Redis

    from tests.support.redis_server import RedisServer

LOCK = "bull:q:7:lock"
RUN = run_id("q", "7", 1000, 0)


@pytest.fixture
def redis(redis_server: RedisServer) -> Iterator[Redis]:
    client = connect_thread(redis_server.url)
    client.flushdb()
    client.set(LOCK, "token")
    client.hset("bull:q:7", "data", '{"a": 1}')
    yield client
    client.close()


@pytest.fixture
async def runs(redis_server: RedisServer, redis: Redis) -> AsyncIterator[Runs]:
    client = connect(redis_server.url)
    yield Runs(client, "bull")
    await client.aclose()


async def opened(runs: Runs, run: str = RUN) -> Opened:
    return await runs.open(run, LOCK, "token")


async def state(runs: Runs, run: str = RUN) -> RunState:
    return (await runs.states([run]))[0]


async def test_a_run_is_opened_once_and_only_under_the_jobs_lock(runs: Runs, redis: Redis) -> None:
    assert await runs.open(RUN, LOCK, "another's token") is Opened.LOST
    assert (await state(runs)).sent is None
    assert await opened(runs) is Opened.NEW
    assert await opened(runs) is Opened.THERE
    assert redis.pttl(runs.key(RUN)) > 0


async def test_one_claim_wins_and_gets_the_jobs_data(runs: Runs, redis: Redis) -> None:
    await opened(runs)
    claims = Claims(redis, "bull", "worker-1")
    won = claims.claim(RUN, "q", "7", token="t1")
    assert won is not None
    assert won.data == '{"a": 1}'
    assert Claims(redis, "bull", "worker-2").claim(RUN, "q", "7", token="t2") is None
    seen = await state(runs)
    assert (seen.claim, seen.worker) == ("t1", "worker-1")
    assert seen.claimed is not None


async def test_claiming_again_with_the_same_token_is_answered_as_before(runs: Runs, redis: Redis) -> None:
    await opened(runs)
    claims = Claims(redis, "bull", "worker-1")
    assert claims.claim(RUN, "q", "7", token="t1") == claims.claim(RUN, "q", "7", token="t1")


async def test_a_run_that_is_not_open_cannot_be_claimed(runs: Runs, redis: Redis) -> None:
    assert Claims(redis, "bull", "worker-1").claim(RUN, "q", "7", token="t1") is None
    assert (await state(runs)).sent is None


async def test_a_job_whose_data_is_gone_is_claimed_without(runs: Runs, redis: Redis) -> None:
    await opened(runs)
    redis.delete("bull:q:7")
    claim = Claims(redis, "bull", "worker-1").claim(RUN, "q", "7", token="t1")
    assert claim is not None
    assert claim.data is None


async def test_only_the_claimant_finishes_a_run(runs: Runs, redis: Redis) -> None:
    await opened(runs)
    claims = Claims(redis, "bull", "worker-1")
    claim = claims.claim(RUN, "q", "7", token="t1")
    assert claim is not None
    # The bridge gave the run up, and another worker has it now.
    redis.delete(runs.key(RUN))
    await opened(runs)
    other = claims.claim(RUN, "q", "7", token="t2")
    assert other is not None
    assert not claims.finish(claim, Outcome(result='{"by": "the first"}'))
    assert claims.finish(other, Outcome(result='{"by": "the second"}'))
    assert (await state(runs)).outcome == '{"result":{"by": "the second"}}'


async def test_a_claim_that_redis_forgot_does_not_cost_the_outcome(runs: Runs, redis: Redis) -> None:
    await opened(runs)
    claims = Claims(redis, "bull", "worker-1")
    claim = claims.claim(RUN, "q", "7", token="t1")
    assert claim is not None
    # What a kill of Redis may undo although it was answered.
    redis.hdel(runs.key(RUN), "claim", "worker", "claimed")
    assert claims.finish(claim, Outcome(result="{}"))
    assert (await state(runs)).outcome == '{"result":{}}'
    assert claims.claim(RUN, "q", "7", token="t2") is None


async def test_what_a_run_has_used_stands_beside_its_outcome(runs: Runs, redis: Redis) -> None:
    await opened(runs)
    claims = Claims(redis, "bull", "worker-1")
    claim = claims.claim(RUN, "q", "7", token="t1")
    assert claim is not None
    assert claims.finish(claim, Outcome(result='{"a": 1}', usage=Usage(2, 1_500, 120, 45)))
    seen = await state(runs)
    assert seen.outcome == '{"result":{"a": 1}}'  # as a bridge of the version before reads it
    assert read_outcome(seen.outcome, seen.usage).usage == Usage(2, 1_500, 120, 45)
    # What a worker of the version before has recorded.
    redis.hdel(runs.key(RUN), "usage")
    seen = await state(runs)
    assert read_outcome(seen.outcome or "", seen.usage) == Outcome(result='{"a": 1}', recorded=True)


async def test_a_run_is_sent_with_its_opening_and_not_again(runs: Runs, redis: Redis) -> None:
    message = Message("celery:hint", "the message")
    assert await runs.open(RUN, LOCK, "another's token", message) is Opened.LOST
    assert redis.lrange("celery:hint", 0, -1) == []
    assert await runs.open(RUN, LOCK, "token", message) is Opened.NEW
    assert await runs.open(RUN, LOCK, "token", message) is Opened.THERE
    assert redis.lrange("celery:hint", 0, -1) == ["the message"]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("1 2 3 4\n{}\nq|7|1|0", ("q|7|1|0", "{}", "1 2 3 4")),
        ("1 2 3 4\n{}\nq|a\nb|1|0", ("q|a\nb|1|0", "{}", "1 2 3 4")),
        ("q|7|1|0", ("q|7|1|0", None, None)),
        ("q|a\nb|1|0", ("q|a\nb|1|0", None, None)),
    ],
    ids=["told", "told, an id of two lines", "the run alone", "alone, an id of two lines"],
)
def test_an_announcement_reads_as_it_was_made(text: str, read: tuple[str, str | None, str | None]) -> None:
    assert read_announcement(text) == read


@pytest.mark.parametrize("large", [False, True])
async def test_finishing_tells_whoever_listens(runs: Runs, redis: Redis, large: bool) -> None:
    outcome = Outcome(result=json.dumps({"hint": "x" * (70_000 if large else 7)}))
    await opened(runs)
    claims = Claims(redis, "bull", "worker-1")
    claim = claims.claim(RUN, "q", "7", token="t1")
    assert claim is not None
    with redis.pubsub(ignore_subscribe_messages=True) as channel:
        channel.subscribe(runs.channel)
        channel.get_message(timeout=1)
        assert claims.finish(claim, outcome)
        message = channel.get_message(timeout=5)
    assert message is not None
    told = None if large else outcome.to_json()
    assert read_announcement(message["data"])[:2] == (RUN, told)


async def test_a_closed_run_leaves_nothing(runs: Runs, redis: Redis) -> None:
    await opened(runs)
    claim = Claims(redis, "bull", "worker-1").claim(RUN, "q", "7", token="t1")
    assert claim is not None
    redis.eval(CLOSE, 1, runs.key(RUN))
    assert not Claims(redis, "bull", "worker-1").finish(claim, Outcome(result="{}"))
    assert redis.keys("aiplane:bull:run:*") == []


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome(result='{"hint": "\\ud83d \\u0000 }"}'),
        Outcome(error=LLMAuthError("No key."), stacktrace="a\nb"),
    ],
    ids=["result", "error"],
)
def test_an_outcome_reads_as_it_was_written(outcome: Outcome) -> None:
    read = Outcome.from_json(outcome.to_json())
    json.loads(outcome.to_json())
    assert read.recorded
    assert (read.result, read.stacktrace) == (outcome.result, outcome.stacktrace)
    assert repr(read.error) == repr(outcome.error)
