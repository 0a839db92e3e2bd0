"""Dead letters on a real Redis: found, read whatever stands in them, and retried without losing a job."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from aiplane.bull import Bull, BullQueue
from aiplane.cli.operators.dead_changes import purge
from aiplane.cli.terminal.errors import NotFoundError
from aiplane.errors import LLMAuthError
from aiplane.ledger.runs import Outcome, Runs
from aiplane.operations.audit_trail import LONGEST_LINE, channel, read
from aiplane.operations.dead_letters import SMALL, DeadLetters, Letter
from aiplane.operations.requeue import NotRetriedError, Retried, Retrying
from aiplane.queues import QUEUES
from aiplane.redis.clients import connect
from aiplane.settings import Settings
from bridges.job import read_job
from bridges.settle import Settler
from tests.support.taking import take

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from redis.asyncio import Redis

    from tests.support.redis_server import RedisServer

UNAUTHORISED = Outcome(error=LLMAuthError("The key is wrong."), stacktrace="trace", recorded=True)


@dataclass
class Bench:
    """A queue whose jobs fail as the bridge fails them, its letters, and who retries them."""

    redis: Redis
    bull: Bull
    letters: DeadLetters
    retrying: Retrying

    @property
    def queue(self) -> BullQueue:
        return self.bull.queue("q")

    async def dead(self, data: object = None, **options: Any) -> str:
        """Add a job, and fail it for good."""
        job_id = await self.queue.add("generate-hint", data or {"a": 1}, options=options)
        return await self.fail(job_id)

    async def fail(self, job_id: str) -> str:
        taken = await take(self.redis, self.queue)
        assert taken.job_id == job_id
        job = read_job(QUEUES["hint"], "q", job_id, "token", taken.record)
        await Settler(self.bull, Runs(self.redis, "bull")).settle(job, UNAUTHORISED)
        return job_id

    async def letter(self, job_id: str) -> Letter:
        [letter] = await self.letters.find(job_id)
        return letter

    async def forge(self, text: str, letter_id: str = "forged") -> Letter:
        """Put anything into the dead-letter queue."""
        await self.redis.hset(self.letters.queue.key(letter_id), "data", text)
        await self.redis.lpush(self.letters.queue.key("wait"), letter_id)
        [letter] = await self.letters.read([letter_id])
        return letter

    async def left(self) -> list[str]:
        return [each async for each in self.letters.ids()]


@pytest.fixture
async def bench(redis_server: RedisServer) -> AsyncIterator[Bench]:
    redis = connect(redis_server.url)
    await redis.flushdb()
    bull = Bull(redis)
    await bull.load_scripts()
    letters = DeadLetters(redis, bull, "q")
    yield Bench(redis, bull, letters, Retrying(redis, bull, "q", letters, who="alice@vm"))
    await redis.aclose()


async def test_a_letter_is_found_by_its_job_and_by_its_own_id(bench: Bench) -> None:
    job = await bench.dead()
    await bench.dead()
    letter = await bench.letter(job)
    assert (letter.job_id, letter.name, letter.code) == (job, "generate-hint", "llm_auth")
    assert (letter.attempts_made, letter.stacktrace) == (1, ("trace",))
    assert letter.failed_reason == "llm_auth: The key is wrong."
    assert letter.failed_at
    assert await bench.letters.find(letter.id) == [letter]
    assert await bench.letters.find("nobody") == []
    assert json.loads(await bench.letters.data(letter) or "") == {"a": 1}


async def test_ids_that_look_alike_are_told_apart(bench: Bench) -> None:
    for job_id in ("a:b:c", "a_b:c"):
        await bench.queue.add("x", {}, job_id=job_id)
        await bench.fail(job_id)
    assert [each.job_id for each in await bench.letters.find("a:b:c")] == ["a:b:c"]


async def test_all_but_the_payload_of_a_long_letter_is_read(bench: Bench) -> None:
    job = await bench.dead({"audioBase64": ',"data":' * SMALL})
    letter = await bench.letter(job)
    assert (letter.job_id, letter.code) == (job, "llm_auth")
    assert len(json.loads(await bench.letters.data(letter) or "")["audioBase64"]) == 8 * SMALL


async def test_more_letters_than_a_page_are_walked_once_each(bench: Bench) -> None:
    for number in range(2_100):
        code = "llm_auth" if number % 100 == 0 else "job_timeout"
        await bench.redis.hset(bench.letters.queue.key(f"l{number}"), "data", json.dumps({"code": code}))
        await bench.redis.lpush(bench.letters.queue.key("wait"), f"l{number}")
    assert len({each.id async for each in bench.letters.walk()}) == 2_100
    assert [each.id async for each in bench.letters.walk(most=2)] == ["l2099", "l2098"]
    assert len([each async for each in bench.letters.walk(code="llm_auth")]) == 21


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "7", "[" * 9999, '{"jobId":7}', '{"jobId":"","code":["x"]}', '{"failedAt":7,"opts":"x"}',
     "x" * SMALL * 2, '{"jobId":"1"' + " " * SMALL * 17 + ',"data":1}'],
)  # fmt: skip
async def test_a_letter_that_nobody_can_read_is_listed_and_stays(bench: Bench, text: str) -> None:
    letter = await bench.forge(text)
    assert not letter.readable
    assert [each.id async for each in bench.letters.walk()] == ["forged"]
    with pytest.raises(NotRetriedError):
        await bench.retrying.retry(letter)
    assert await bench.left() == ["forged"]
    await bench.letters.remove("forged")
    assert await bench.left() == []


async def test_a_failed_job_waits_again_with_all_its_attempts(bench: Bench) -> None:
    job = await bench.dead(attempts=2)
    assert await bench.retrying.retry(await bench.letter(job)) is Retried.WAITS
    record = await bench.queue.record(job)
    assert await bench.queue.state(job) == "waiting"
    assert not {"atm", "ats", "failedReason", "finishedOn", "processedOn"} & set(record)
    assert await bench.left() == []
    await bench.fail(job)
    assert (await bench.letter(job)).attempts_made == 1


async def test_retrying_twice_is_retrying_once(bench: Bench) -> None:
    letter = await bench.letter(await bench.dead())
    outcomes = await asyncio.gather(*(bench.retrying.retry(letter) for _ in range(5)))
    assert sorted(each.name for each in outcomes) == ["NO_LETTER"] * 4 + ["WAITS"]
    assert await bench.redis.lrange(bench.queue.key("wait"), 0, -1) == [letter.job_id]


async def test_of_a_job_that_was_retried_elsewhere_only_the_letter_goes(bench: Bench) -> None:
    job = await bench.dead()
    letter = await bench.letter(job)
    async with bench.redis.pipeline(transaction=True) as pipe:
        bench.queue.reprocessing(job, lifo=False).stage(pipe)
        await pipe.execute()
    assert await bench.retrying.retry(letter) is Retried.MOVED_ON
    assert await bench.redis.lrange(bench.queue.key("wait"), 0, -1) == [job]
    assert await bench.left() == []


async def test_a_job_that_is_gone_is_added_anew_under_its_id(bench: Bench) -> None:
    job = await bench.dead(
        {"code": "print('\ud800 ž')", "n": 2**53 + 1},
        removeOnFail=True, attempts=7, priority=3, delay=0, backoff={"type": "fixed", "delay": 9},
    )  # fmt: skip
    assert await bench.queue.state(job) == "unknown"
    assert await bench.retrying.retry(await bench.letter(job)) is Retried.ADDED
    record = await bench.queue.record(job)
    assert await bench.queue.state(job) == "prioritized"
    assert json.loads(record["data"]) == {"code": "print('\ud800 ž')", "n": 2**53 + 1}
    options = json.loads(record["opts"])
    assert (options["attempts"], options["priority"]) == (7, 3)
    assert (options["removeOnFail"], options["backoff"]) == (True, {"type": "fixed", "delay": 9})
    assert record["name"] == "generate-hint"
    assert await bench.left() == []
    await bench.fail(job)


async def test_a_paused_queue_of_bullmq_5_keeps_what_is_retried(bench: Bench) -> None:
    job = await bench.dead()
    await bench.redis.hset(bench.queue.key("meta"), "paused", 1)
    await bench.redis.lpush(bench.queue.key("paused"), "other")
    await bench.retrying.retry(await bench.letter(job))
    assert set(await bench.redis.lrange(bench.queue.key("paused"), 0, -1)) == {"other", job}


@pytest.mark.parametrize("job_id", ["wait", "limiter", "stalled", "1:lock", "repeat:x:1"])
async def test_no_job_is_added_where_it_would_break_the_queue(bench: Bench, job_id: str) -> None:
    await bench.queue.add("x", {})
    keys = set(await bench.redis.keys())
    letter = await bench.forge(json.dumps({"jobId": job_id, "data": {}}))
    with pytest.raises(NotRetriedError):
        await bench.retrying.retry(letter)
    assert set(await bench.redis.keys()) == keys | {"bull:q.dlq:forged", "bull:q.dlq:wait"}


@pytest.mark.parametrize("written", [{"jobId": "\ud800"}, {"jobId": "9", "name": "\ud800"}])
async def test_a_letter_that_nobody_can_act_upon_is_told_and_left(
    bench: Bench, written: dict[str, str]
) -> None:
    letter = await bench.forge(json.dumps({**written, "data": {}}))
    with pytest.raises(NotRetriedError, match="cannot be written"):
        await bench.retrying.retry(letter)
    assert await bench.left() == ["forged"]


async def test_a_payload_that_is_not_json_for_everybody_is_not_added(bench: Bench) -> None:
    letter = await bench.forge('{"jobId": "9", "data": {"n": 1e400}}')
    with pytest.raises(NotRetriedError, match="no payload"):
        await bench.retrying.retry(letter)
    assert await bench.queue.state("9") == "unknown"
    assert await bench.left() == ["forged"]


async def test_a_job_that_is_nowhere_keeps_its_letter(bench: Bench) -> None:
    job = await bench.dead()
    await bench.redis.zrem(bench.queue.key("failed"), job)
    with pytest.raises(NotRetriedError, match="none of its queue's lists"):
        await bench.retrying.retry(await bench.letter(job))
    assert len(await bench.left()) == 1


@pytest.mark.parametrize("key", ["wait", "prioritized"])
async def test_a_broken_queue_takes_no_job_and_keeps_the_letter(bench: Bench, key: str) -> None:
    job = await bench.dead()
    await bench.redis.set(bench.queue.key(key), "not BullMQ's")
    with pytest.raises(NotRetriedError):
        await bench.retrying.retry(await bench.letter(job))
    assert await bench.redis.zscore(bench.queue.key("failed"), job)
    assert len(await bench.left()) == 1


async def test_a_letter_is_put_back_if_the_script_breaks_off(bench: Bench) -> None:
    job = await bench.dead()
    letter = await bench.letter(job)
    # Nobody looks at this key before the transaction, and the script needs it to be a list.
    await bench.redis.hset(bench.queue.key("meta"), "concurrency", 1)
    await bench.redis.set(bench.queue.key("active"), "not BullMQ's")
    with pytest.raises(NotRetriedError):
        await bench.retrying.retry(letter)
    assert (await bench.letter(job)).job_id == job


def test_who_purges_is_told_what_was_not_there(redis_server: RedisServer) -> None:
    redis_server.client.flushdb()
    redis_server.client.hset("bull:ai.generate-hint.dlq:one", "data", '{"jobId": "1"}')
    redis_server.client.lpush("bull:ai.generate-hint.dlq:wait", "one")
    choice: dict[str, Any] = {
        "every": False,
        "code": None,
        "older_than": None,
        "limit": None,
        "yes": True,
        "as_json": True,
    }
    settings = Settings.load({"REDIS_URL": redis_server.url})
    with pytest.raises(NotFoundError, match="of another"):
        purge(settings, queue="hint", wanted=["one", "another"], **choice)
    assert redis_server.client.llen("bull:ai.generate-hint.dlq:wait") == 0


async def test_who_retried_a_job_stands_in_its_log(bench: Bench) -> None:
    job = await bench.dead(keepLogs=2)
    for line in ("one", "two"):
        await bench.redis.rpush(f"{bench.queue.key(job)}:logs", line)
    assert await bench.retrying.retry(await bench.letter(job)) is Retried.WAITS
    kept = await bench.queue.logs(job, 10)
    assert kept[0] == "two"
    assert re.fullmatch(r"20\S+Z retried by alice@vm, from its dead letter", kept[1])


async def test_who_purged_a_letter_stands_in_the_log_of_its_job_and_is_announced(
    bench: Bench, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUDO_USER", "alice\x1b[31m")
    settings = Settings.load({"REDIS_URL": redis_server.url, "HINT_QUEUE": "q"})
    job, other = await bench.dead(), await bench.dead()
    bench.redis.connection_pool.connection_kwargs["health_check_interval"] = 0
    async with bench.redis.pubsub() as heard:
        await heard.subscribe(channel("bull"))
        await heard.get_message(timeout=5)
        what: dict[str, Any] = {"older_than": None, "limit": None, "yes": True, "as_json": True}
        await asyncio.to_thread(purge, settings, queue="hint", wanted=[job], every=False, code=None, **what)
        told = await heard.get_message(ignore_subscribe_messages=True, timeout=5)
    assert told is not None
    line = read(told["data"])
    assert re.fullmatch(rf"alice\?\[31m@\S+ has purged dead letters of q: {job}", line)
    [kept] = await bench.queue.logs(job, 10)
    assert "the dead letter was purged by alice?[31m@" in kept
    assert await bench.queue.logs(other, 10) == []


@pytest.mark.parametrize("text", ["", "[]", '{"jobs": 7}', '{"jobs": [{}, null], "count": "x"}', "{" * 9_000])
def test_whatever_is_announced_is_one_line(text: str) -> None:
    line = read(text)
    assert line.isprintable()
    assert len(line) <= LONGEST_LINE
