"""A worker stands by what it has claimed: a server that forgot is told again, and only the truth."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from aiplane.bull import Note
from aiplane.ledger import claims as claims_module
from aiplane.ledger.claims import CAUTION_MS, REMEMBER, Claim, Claims
from aiplane.ledger.leases import LeaseStore, Member
from aiplane.ledger.runs import Outcome, read_announcement, run_id, run_key
from aiplane.redis.clients import connect_thread

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from redis import Redis

    from tests.support.redis_server import RedisServer

RUN = run_id("q", "7", 1000, 1)
KEY, JOB, PULSE = run_key("bull", RUN), "bull:q:7", "aiplane:bull:pulse"
DONE = Outcome(result='{"a": 1}')


@pytest.fixture
def redis(redis_server: RedisServer) -> Iterator[Redis]:
    client = connect_thread(redis_server.url)
    client.flushdb()
    client.hset(JOB, mapping={"data": "{}", "timestamp": "1000", "atm": "1"})
    client.hset(KEY, "sent", 1)
    yield client
    client.close()


@pytest.fixture
def claims(redis: Redis) -> Claims:
    return Claims(redis, "bull", "worker-1")


def take(claims: Claims, token: str = "t1") -> Claim:
    claim = claims.claim(RUN, "q", "7", token=token)
    assert claim is not None
    return claim


def test_a_forgotten_claim_is_made_again(claims: Claims, redis: Redis) -> None:
    take(claims)
    before = redis.hgetall(KEY)
    redis.hdel(KEY, "claim", "worker", "claimed")
    claims.say_again()
    after = redis.hgetall(KEY)
    assert (after["claim"], after["worker"]) == (before["claim"], before["worker"])
    assert Claims(redis, "bull", "worker-2").claim(RUN, "q", "7", token="t2") is None


@pytest.mark.parametrize(("size", "is_read"), [(48 * 1024 * 1024, True), (48 * 1024 * 1024 + 1, False)])
def test_data_past_the_limit_does_not_leave_redis(
    claims: Claims, redis: Redis, size: int, is_read: bool
) -> None:
    redis.hset("bull:q:7", "data", "x" * size)

    claim = take(claims)

    assert claim.size == size
    assert (claim.data is not None) == is_read


def test_a_forgotten_run_is_there_again_with_its_claim(claims: Claims, redis: Redis) -> None:
    take(claims)
    redis.delete(KEY)
    claims.say_again()
    assert redis.hget(KEY, "claim") == "t1"
    assert redis.hget(KEY, "sent")
    assert redis.pttl(KEY) > 0


def test_what_a_job_is_told_at_its_end_is_written_with_the_outcome_and_once(
    claims: Claims, redis: Redis
) -> None:
    claim, notes = take(claims), [Note("q", "7", "done"), Note("q", "7", "100", is_progress=True)]
    assert claims.finish(claim, DONE, notes)
    assert claims.finish(claim, DONE, notes)
    assert redis.lrange("bull:q:7:logs", 0, -1) == ["done"]
    assert redis.hget("bull:q:7", "progress") == "100"


def test_what_cannot_be_told_costs_no_outcome(claims: Claims, redis: Redis) -> None:
    claim = take(claims)
    redis.set("bull:q:7:logs", "no log")
    assert claims.finish(claim, DONE, [Note("q", "7", "done"), Note("q", "7", "100", is_progress=True)])
    assert redis.hget(KEY, "outcome") == DONE.to_json()
    assert redis.hget("bull:q:7", "progress") == "100"


def test_who_is_not_the_claimant_tells_nothing(claims: Claims, redis: Redis) -> None:
    claim = take(claims)
    redis.hset(KEY, "claim", "another's")
    assert not claims.finish(claim, DONE, [Note("q", "7", "done")])
    assert not redis.exists("bull:q:7:logs")


def test_a_forgotten_outcome_is_recorded_again_and_announced(claims: Claims, redis: Redis) -> None:
    assert claims.finish(take(claims), DONE)
    redis.delete(KEY)
    with redis.pubsub(ignore_subscribe_messages=True) as channel:
        channel.subscribe("aiplane:bull:outcomes")
        channel.get_message(timeout=1)
        claims.say_again()
        message = channel.get_message(timeout=5)
    assert redis.hget(KEY, "outcome") == DONE.to_json()
    assert message is not None
    assert read_announcement(message["data"])[:2] == (RUN, DONE.to_json())


def test_an_outcome_is_kept_though_its_run_was_forgotten_meanwhile(claims: Claims, redis: Redis) -> None:
    claim = take(claims)
    redis.delete(KEY)
    assert claims.finish(claim, DONE)
    assert redis.hget(KEY, "outcome") == DONE.to_json()


@pytest.mark.parametrize(
    "since",
    [{"atm": "2"}, {"finishedOn": "1"}, {"timestamp": "2000"}, None],
    ids=["another attempt", "ended", "another job of the id", "removed"],
)
def test_what_was_settled_is_not_said_again(
    claims: Claims, redis: Redis, since: Mapping[str, str] | None
) -> None:
    claim = take(claims)
    redis.delete(KEY)
    if since is None:
        redis.delete(JOB)
    else:
        redis.hset(JOB, mapping=dict(since))
    claims.say_again()
    assert not redis.exists(KEY)
    assert not claims.finish(claim, DONE)
    assert not redis.exists(KEY)


@pytest.mark.parametrize("sent_again", [True, False])
def test_an_answer_is_not_given_to_a_job_that_a_person_has_retried(
    redis: Redis, claims: Claims, *, sent_again: bool
) -> None:
    first = run_id("q", "7", 1000, 0)
    key = run_key("bull", first)
    redis.hset(key, "sent", 1)
    redis.hdel(JOB, "atm")
    claim = claims.claim(first, "q", "7", token="t1")
    assert claim is not None
    assert claims.finish(claim, DONE)
    # It was settled as failed, and all its attempts are to come again.
    redis.delete(key)
    redis.hset(JOB, "stacktrace", '["trace"]')
    if sent_again:
        redis.hset(key, "sent", 2)
    claims.say_again()
    assert not redis.hexists(key, "claim")
    assert not redis.hexists(key, "outcome")


def test_the_answer_to_a_job_that_had_failed_before_is_kept(claims: Claims, redis: Redis) -> None:
    redis.hset(JOB, "stacktrace", '["trace"]')
    assert claims.finish(take(claims), DONE)
    redis.delete(KEY)
    claims.say_again()
    assert redis.hget(KEY, "outcome") == DONE.to_json()


def test_nobody_takes_a_run_from_who_claimed_it_since(claims: Claims, redis: Redis) -> None:
    claim = take(claims)
    redis.hset(KEY, "claim", "t2")
    claims.say_again()
    assert redis.hget(KEY, "claim") == "t2"
    assert not claims.finish(claim, DONE)


def test_recorded_outcomes_are_forgotten_in_time(
    claims: Claims, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert claims.finish(take(claims), DONE)
    redis.delete(KEY)
    now = claims_module.time.monotonic()
    monkeypatch.setattr(claims_module.time, "monotonic", lambda: now + REMEMBER + 1)
    claims.forget()
    claims.say_again()
    assert not redis.exists(KEY)


def test_a_claim_that_was_given_up_is_not_said_again(claims: Claims, redis: Redis) -> None:
    claims.give_up(take(claims))
    redis.delete(KEY)
    claims.say_again()
    assert not redis.exists(KEY)


def test_nothing_is_claimed_from_a_server_that_is_too_new(claims: Claims, redis: Redis) -> None:
    store = LeaseStore(redis, "bull")
    assert store.renew(Member("p", "pool", "n", 1)).server_since == 0
    redis.hset(PULSE, "server", "another")
    since = store.renew(Member("p", "pool", "n", 1)).server_since
    assert since > 0
    late = threading.Thread(target=take, args=[claims])
    late.start()
    # Who had it before says so meanwhile, and the other gets nothing.
    seconds, micros = redis.time()
    assert seconds * 1000 + micros // 1000 < since + CAUTION_MS
    assert not redis.hexists(KEY, "claim")
    late.join(10)
    assert int(redis.hget(KEY, "claimed")) >= since + CAUTION_MS


def test_a_server_that_is_new_to_everybody_is_trusted(claims: Claims, redis: Redis) -> None:
    take(claims)
    assert redis.hget(PULSE, "server_since") == "0"


def test_a_clock_that_is_set_back_keeps_nobody_from_claiming_for_longer(claims: Claims, redis: Redis) -> None:
    store = LeaseStore(redis, "bull")
    now = store.renew(Member("p", "pool", "n", 1)).now
    redis.hset(PULSE, "server_since", now + 3_600_000)
    take(claims)
    assert int(redis.hget(KEY, "claimed")) < now + 60_000
    assert store.renew(Member("p", "pool", "n", 1)).server_since < now + 60_000
