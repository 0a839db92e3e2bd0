"""Cancelling, in Redis: where a job may be, what is written of it, and what its claimant finds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from aiplane.cli.operators import cancel as command
from aiplane.cli.terminal.errors import NotFoundError
from aiplane.errors import InternalError, JobCancelledError
from aiplane.ledger.claims import CANCELLED, Claims
from aiplane.ledger.runs import Outcome, run_id, run_key
from aiplane.operations.audit_trail import channel, read
from aiplane.operations.cancel import Canceller, Was
from aiplane.redis.clients import connect_thread
from aiplane.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from redis import Redis

    from tests.support.redis_server import RedisServer

QUEUE = "ai.generate-hint"
HASH = f"bull:{QUEUE}:7"
RUN = run_id(QUEUE, "7", 1000, 1)
KEY = run_key("bull", RUN)
CANCELLED_OUTCOME = Outcome(error=JobCancelledError("The job was cancelled.")).to_json()


@pytest.fixture
def redis(redis_server: RedisServer) -> Iterator[Redis]:
    client = connect_thread(redis_server.url)
    client.flushdb()
    client.hset(HASH, mapping={"data": "{}", "timestamp": "1000", "atm": "1"})
    yield client
    client.close()


@pytest.fixture
def cancelling(redis: Redis, redis_server: RedisServer) -> Canceller:
    return Canceller(redis, Settings.load({"REDIS_URL": redis_server.url}))


def activate(redis: Redis, token: str = "brg:1:2") -> None:
    redis.lpush(f"bull:{QUEUE}:active", "7")
    redis.set(f"{HASH}:lock", token)
    redis.hset(KEY, "sent", 1)


@pytest.mark.parametrize(
    ("place", "was"),
    [
        ("wait", Was.WAITING),
        ("paused", Was.WAITING),
        ("delayed", Was.DELAYED),
        ("prioritized", Was.PRIORITIZED),
    ],
)
def test_a_job_that_waits_lies_where_a_bridge_adopts_it_and_has_ended(
    redis: Redis, cancelling: Canceller, place: str, was: Was
) -> None:
    key = f"bull:{QUEUE}:{place}"
    if was is Was.WAITING:
        redis.lpush(key, "6", "7", "8")
    else:
        redis.zadd(key, {"6": 1, "7": 2})

    assert cancelling.cancel(QUEUE, "7").was is was
    assert redis.lrange(f"bull:{QUEUE}:active", 0, -1) == ["7"]
    assert (redis.llen(key) if was is Was.WAITING else redis.zcard(key)) == (2 if was is Was.WAITING else 1)
    assert not redis.exists(f"{HASH}:lock")
    assert redis.hmget(KEY, "claim", "outcome") == [CANCELLED, CANCELLED_OUTCOME]
    assert redis.pttl(KEY) > 0
    assert redis.hmget(HASH, "ats")[0] == "1"
    assert cancelling.cancel(QUEUE, "7").was is Was.CANCELLED


def test_a_claimant_finds_out_and_can_tell_nothing_any_more(redis: Redis, cancelling: Canceller) -> None:
    activate(redis)
    claims = Claims(redis, "bull", "worker-1")
    claim = claims.claim(RUN, QUEUE, "7", token="t1")
    assert claim is not None
    assert claims.cancelled() == []

    assert cancelling.cancel_run(RUN) == (QUEUE, "7", Was.ACTIVE)
    assert claims.cancelled() == ["t1"]
    assert not claims.finish(claim, Outcome(result="{}"))
    assert redis.hget(KEY, "outcome") == CANCELLED_OUTCOME
    assert Claims(redis, "bull", "worker-2").claim(RUN, QUEUE, "7", token="t2") is None


def test_a_server_that_forgot_the_cancelling_is_told_of_it_again(redis: Redis, cancelling: Canceller) -> None:
    activate(redis)
    claims = Claims(redis, "bull", "worker-1")
    claim = claims.claim(RUN, QUEUE, "7", token="t1")
    assert claim is not None
    before = redis.hgetall(KEY)
    cancelling.cancel(QUEUE, "7")
    claims.let_go(claim, Outcome.from_json(CANCELLED_OUTCOME))

    redis.delete(KEY)
    redis.hset(KEY, mapping=before)
    claims.say_again()
    assert redis.hget(KEY, "outcome") == CANCELLED_OUTCOME


def test_an_outcome_that_was_there_before_stays(redis: Redis, cancelling: Canceller) -> None:
    activate(redis)
    claims = Claims(redis, "bull", "worker-1")
    claim = claims.claim(RUN, QUEUE, "7", token="t1")
    assert claim is not None
    claims.finish(claim, Outcome(result="{}"))
    assert cancelling.cancel(QUEUE, "7").was is Was.OVER
    assert redis.hget(KEY, "outcome") == '{"result":{}}'


@pytest.mark.parametrize("token", ["f3a9", "", "brgx:1:2"])
def test_the_job_of_another_kind_of_worker_is_left_alone(
    redis: Redis, cancelling: Canceller, token: str
) -> None:
    activate(redis, token)
    assert cancelling.cancel(QUEUE, "7").was is Was.FOREIGN
    assert redis.hgetall(KEY) == {"sent": "1"}


def test_what_cannot_be_cancelled_is_not_touched(redis: Redis, cancelling: Canceller) -> None:
    for key, was in (
        ("completed", Was.COMPLETED),
        ("failed", Was.FAILED),
        ("waiting-children", Was.CHILDREN),
    ):
        redis.zadd(f"bull:{QUEUE}:{key}", {"7": 1})
        assert cancelling.cancel(QUEUE, "7").was is was
        redis.delete(f"bull:{QUEUE}:{key}")
    assert cancelling.cancel(QUEUE, "7").was is Was.NOWHERE
    assert cancelling.cancel(QUEUE, "8").was is Was.UNKNOWN
    redis.hset(f"bull:{QUEUE}:meta", "version", "bullmq:5")
    redis.lpush(f"bull:{QUEUE}:wait", "7")
    assert [cancelling.cancel(QUEUE, own).was for own in ("meta", "wait")] == [Was.UNKNOWN] * 2
    assert not redis.exists(KEY)


def test_a_run_is_cancelled_only_if_it_is_the_attempt_that_is_due(
    redis: Redis, cancelling: Canceller
) -> None:
    redis.lpush(f"bull:{QUEUE}:wait", "7")
    former = cancelling.cancel_run(run_id(QUEUE, "7", 1000, 0))
    assert former is not None
    assert former.was is Was.ANOTHER_ATTEMPT
    for strange in ("7", "a|b|c|d", run_id("mails", "7", 1000, 1), f"{RUN}|1"):
        assert cancelling.cancel_run(strange) is None
    assert redis.llen(f"bull:{QUEUE}:wait") == 1


def test_a_job_s_id_with_any_bytes_is_found_by_its_run(redis: Redis, cancelling: Canceller) -> None:
    job = b"\xff|%7C\n".decode(errors="surrogateescape")
    redis.hset(f"bull:{QUEUE}:{job}", mapping={"data": "{}", "timestamp": "1000"})
    redis.lpush(f"bull:{QUEUE}:wait", job)
    assert cancelling.cancel_run(run_id(QUEUE, job, 1000, 0)) == (QUEUE, job, Was.WAITING)


def test_a_run_that_cannot_be_claimed_is_refused_once(redis: Redis) -> None:
    claims, refusal = Claims(redis, "bull", "worker-1"), Outcome(error=InternalError("It failed."))
    assert not claims.refuse(RUN, refusal, token="t1")
    redis.hset(KEY, "sent", 1)
    assert claims.refuse(RUN, refusal, token="t1")
    assert not claims.refuse(RUN, Outcome(result="{}"), token="t2")
    assert redis.hget(KEY, "outcome") == refusal.to_json()


def test_who_cancelled_a_job_stands_in_its_log_and_is_announced_once(
    redis: Redis, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUDO_USER", "alice")
    monkeypatch.setattr(command, "SETTLED_SECONDS", 0)  # no bridge is here to settle it
    redis.lpush(f"bull:{QUEUE}:wait", "7")
    settings = Settings.load({"REDIS_URL": redis_server.url})
    with redis.pubsub() as heard:
        heard.subscribe(channel("bull"))
        assert heard.get_message(timeout=5)
        for _ in range(2):
            command.cancel(settings, queue="hint", wanted=["7"], as_json=True)
        with pytest.raises(NotFoundError):
            command.cancel(settings, queue="hint", wanted=["8"], as_json=True)
        told = heard.get_message(timeout=5)
        assert told
        assert re.fullmatch(rf"alice@\S+ has cancelled jobs of {QUEUE}: 7", read(told["data"]))
        assert heard.get_message(timeout=0) is None
    [line] = redis.lrange(f"{HASH}:logs", 0, -1)
    assert re.fullmatch(r"20\S+Z cancelled by alice@\S+", line)
    assert not redis.exists(f"bull:{QUEUE}:8:logs")
