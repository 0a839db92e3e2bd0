"""Numbers that anyone may have written into Redis: whatever they are, each reader of them goes on."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest
from redis import RedisError

from aiplane.bull import Bull
from aiplane.client import Client, JobFailedError
from aiplane.ledger.claims import Claims
from aiplane.ledger.health import complaint
from aiplane.ledger.leases import LeaseStore, Member
from aiplane.ledger.runs import Outcome, Runs, attempt_of, job_of, run_id, run_key
from aiplane.operations.cancel import Canceller
from aiplane.operations.capacity import read_capacity
from aiplane.operations.dead_letters import read_letter
from aiplane.operations.job_report import tell
from aiplane.operations.requeue import kept_options
from aiplane.queues import QUEUES, results_of
from aiplane.redis.clients import connect, connect_thread
from aiplane.redis.untrusted_json import read_object
from aiplane.results import Delivery, Failure, ResultsConsumer
from aiplane.settings import Settings
from bridges.job import read_job
from bridges.verdict import Sent, judge
from tests.support.taking import take

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from redis.asyncio import Redis

    from bridges.job import Job
    from tests.support.redis_server import RedisServer

QUEUE = "ai.generate-hint"
MEMBER = Member("b", "bridge", "host", 1)
RUN = run_id(QUEUE, "7", 1000, 1)
LONG = "9" * 5_000

texts = pytest.mark.parametrize(
    "text",
    ["²", "٣", "1_000", " 7", LONG, "9" * 400, "1e400", "-1e400", "nan", "-7", "true", ""],
    ids=lambda text: text if len(text) < 10 else f"{len(text)} digits",
)
json_texts = pytest.mark.parametrize(
    "number",
    ['"²"', '"--5"', LONG, "9" * 400, f"-{'9' * 400}", "1e400", "-1e400", "-7", "2.5", "true", "[]", "null"],
    ids=lambda text: text if len(text) < 10 else f"{len(text)} digits",
)


@pytest.fixture
def settings(redis_server: RedisServer) -> Settings:
    return Settings.load({"REDIS_URL": redis_server.url})


@pytest.fixture
async def redis(redis_server: RedisServer) -> AsyncIterator[Redis]:
    client = connect(redis_server.url)
    await client.flushdb()
    yield client
    await client.aclose()


@pytest.fixture
def store(redis_server: RedisServer) -> LeaseStore:
    return LeaseStore(connect_thread(redis_server.url), "bull")


async def judged(redis: Redis, store: LeaseStore) -> object:
    """Return what the bridge thinks of the run, as it looks at all of its runs."""
    (state,) = await Runs(redis, "bull").states([RUN])
    return judge(state, store.read(store.renew(MEMBER)), "hint", time_limit=30, sent=Sent(0))


async def stored_job(redis: Redis, fields: dict[str, str]) -> Job:
    """Return a waiting job with these fields, as a bridge takes it."""
    queue = Bull(redis).queue(QUEUE)
    job_id = await queue.add("generate-hint", {})
    await redis.hset(queue.key(job_id), mapping=fields)
    taken = await take(redis, queue)
    assert taken.job_id == job_id
    return read_job(QUEUES["hint"], QUEUE, job_id, "token", taken.record)


def options_text(names: Iterable[str], number: str) -> str:
    """Return options as JSON text in which each of these is a number as it stands."""
    return "{" + ", ".join(f'"{name}": {number}' for name in names) + "}"


@texts
async def test_a_ledger_entry(redis: Redis, store: LeaseStore, text: str) -> None:
    entry = {"sent": text, "claim": "c", "worker": text, "claimed": text, "usage": text}
    await redis.hset(run_key("bull", RUN), mapping=entry)
    await judged(redis, store)
    await redis.hset(run_key("bull", RUN), "outcome", Outcome(result="{}").to_json())
    outcome = await judged(redis, store)
    assert isinstance(outcome, Outcome)
    assert outcome.usage.calls == 0


@json_texts
async def test_an_outcome(redis: Redis, store: LeaseStore, number: str) -> None:
    error = f'{{"code": "llm_timeout", "sentence": "Slow.", "retryAfter": {number}}}'
    text = f'{{"error": {error}, "stacktrace": {number}}}'
    await redis.hset(run_key("bull", RUN), mapping={"sent": "1", "outcome": text})
    outcome = await judged(redis, store)
    assert isinstance(outcome, Outcome)
    assert outcome.error


@texts
async def test_the_epoch_of_the_server(
    redis: Redis, store: LeaseStore, settings: Settings, redis_server: RedisServer, text: str
) -> None:
    store.renew(MEMBER)
    await redis.hset("aiplane:bull:pulse", mapping={"last": text, "since": text, "server_since": text})
    assert store.look().steady_since >= 0
    assert (await read_capacity(redis, settings))["hint"].slots == 0
    epoch = store.renew(MEMBER)
    assert 0 < epoch.steady_since <= epoch.now
    assert 0 <= epoch.server_since <= epoch.now
    await redis.hset("aiplane:bull:pulse", mapping={"last": text, "since": text, "server_since": text})
    claims = Claims(connect_thread(redis_server.url), "bull", "worker")
    assert claims.claim(RUN, QUEUE, "7", token="t") is None


async def test_the_epoch_of_the_server_without_its_beginning(redis: Redis, store: LeaseStore) -> None:
    store.renew(MEMBER)
    await redis.hdel("aiplane:bull:pulse", "since")
    assert store.renew(MEMBER).steady_since > 0


@json_texts
async def test_a_lease(redis: Redis, store: LeaseStore, settings: Settings, number: str) -> None:
    names = ("pid", "slots", "loop_ms", "locks_ms")
    said = ", ".join(f'"{name}": {number}' for name in names)
    for role in ("pool", "bridge"):
        await redis.hset("aiplane:bull:holders", role, f'{{"id": "{role}", "role": "{role}", {said}}}')
    await redis.zadd("aiplane:bull:leases", {"pool": (await redis.time())[0] * 1000, "bridge": 1e308})
    snapshot = store.look()
    for member, _ in snapshot.seen.values():
        complaint(member, snapshot.silent_ms(member.id))
        assert json.dumps(member.slots) == "0"
    assert (await read_capacity(redis, settings))["hint"].slots == 0


@texts
async def test_a_job(redis: Redis, store: LeaseStore, settings: Settings, text: str) -> None:
    names = ("timestamp", "processedOn", "finishedOn", "delay", "priority", "stc")
    job = await stored_job(redis, dict.fromkeys(names, text))
    await redis.hset(f"bull:{QUEUE}:{job.id}", mapping=dict.fromkeys(("atm", "ats", "attemptsMade"), text))
    await redis.set(f"bull:{QUEUE}:{job.id}:lock", text)
    record = await Bull(redis).queue(QUEUE).record(job.id)
    assert read_job(QUEUES["hint"], QUEUE, job.id, "token", record).attempts_made == 0
    report = await tell(redis, Bull(redis), store.look(), QUEUE, job.id)
    assert report
    assert report.attempts_made == 0
    Canceller(connect_thread(settings.redis_url), settings).cancel(QUEUE, job.id)
    assert (await read_capacity(redis, settings))["hint"].active == 1


@texts
async def test_a_job_that_waits(redis: Redis, settings: Settings, text: str) -> None:
    job_id = await Bull(redis).queue(QUEUE).add("generate-hint", {})
    await redis.hset(f"bull:{QUEUE}:{job_id}", "timestamp", text)
    assert (await read_capacity(redis, settings))["hint"].oldest_ms == 0


@texts
async def test_a_job_that_has_failed(redis: Redis, settings: Settings, text: str) -> None:
    await redis.hset(f"bull:{QUEUE}:7", mapping={"atm": text, "failedReason": "x"})
    await redis.zadd(f"bull:{QUEUE}:failed", {"7": 1})
    async with Client(settings) as client:
        with pytest.raises(JobFailedError) as raised:
            await client.result("hint", "7")
    assert raised.value.attempts == 0


@json_texts
async def test_the_options_of_a_job(redis: Redis, number: str) -> None:
    names = (
        *("attempts", "delay", "priority", "kl", "stackTraceLimit", "removeOnComplete", "removeOnFail"),
        "backoff",
    )
    text = options_text(names, number)
    job = await stored_job(redis, {"opts": text})
    assert job.fault is None
    assert job.options.attempts == 3
    assert kept_options(read_object(text)).keys() <= set(names)


@texts
async def test_the_meta_of_a_queue(redis: Redis, text: str) -> None:
    """What BullMQ's own script makes of it is an answer, or a refusal that the bridge waits out."""
    queue = Bull(redis).queue(QUEUE)
    await queue.add("generate-hint", {})
    await redis.hset(queue.key("meta"), mapping=dict.fromkeys(("concurrency", "max", "duration"), text))
    try:
        taken = await take(redis, queue)
    except RedisError:
        return
    assert taken.rate_limited_ms >= 0


@texts
def test_the_id_of_a_run(text: str) -> None:
    assert job_of(f"q|7|{text}|{text}") is None
    assert attempt_of(f"q|7|1|{text}") == 1


@json_texts
def test_a_dead_letter(number: str) -> None:
    letter = read_letter("x", f'{{"jobId": "7", "attemptsMade": {number}, "failedAt": {number}}}')
    assert letter.readable
    assert letter.attempts_made == 0


@json_texts
async def test_a_result(redis: Redis, settings: Settings, number: str) -> None:
    queue, handled = Bull(redis).queue(results_of(QUEUE)), asyncio.Queue[str]()
    names = ("removeOnComplete", "removeOnFail", "backoff")
    options = options_text(names, number)
    await queue.add("hint-result", {"jobId": "7"}, job_id="hostile")
    await redis.hset(queue.key("hostile"), mapping={"opts": options, "atm": number, "timestamp": number})

    async def handle(delivery: Delivery) -> None:
        handled.put_nowait(delivery.job_id)
        raise ValueError("a handler that fails")

    async def nothing(failure: Failure) -> None:
        """Hear of no failure: none of this is a job of a worker."""

    async with ResultsConsumer(settings, handle, nothing, loops=1):
        assert await asyncio.wait_for(handled.get(), 10) == "7"
        await queue.add("hint-result", {"jobId": "8"}, job_id="next")
        assert await asyncio.wait_for(handled.get(), 10) == "8"
        while await queue.state("next") == "active":  # noqa: ASYNC110 -- nobody tells
            await asyncio.sleep(0)
    # It is removed where that is asked for; otherwise all of the script that ends it has been run.
    assert not await redis.exists(queue.lock_key("hostile"))
    record = await queue.record("hostile")
    assert await queue.state("hostile") == ("failed" if record else "unknown")
    assert not record or record["atm"].lstrip("-").isdecimal()
