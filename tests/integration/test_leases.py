"""Leases on a real Redis: the living are known, the dead are noticed, and an outage accuses nobody."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

import pytest

from aiplane.ledger.lease_renewal import LeaseThread
from aiplane.ledger.leases import SLOTS_STALE_MS, Holder, LeaseBook, Roll
from aiplane.redis.clients import connect_thread
from tests.support.processes import Process

if TYPE_CHECKING:
    from collections.abc import Iterator

    from redis import Redis

    from tests.support.redis_server import RedisServer

POOL = Holder("pool-1", "pool", "hint@host", 11, "hint", 5)
BRIDGE = Holder("bridge-1", "bridge", "host", 12)
STALE = 12_000


@pytest.fixture
def redis(redis_server: RedisServer) -> Iterator[Redis]:
    client = connect_thread(redis_server.url)
    client.flushdb()
    yield client
    client.close()


@pytest.fixture
def book(redis: Redis) -> LeaseBook:
    return LeaseBook(redis, "bull")


def read(book: LeaseBook) -> Roll:
    return book.read(book.renew(BRIDGE))


def age(redis: Redis, holder: Holder, milliseconds: int) -> None:
    """Make it so long ago that a holder was heard, and longer that Redis is steady."""
    redis.zincrby("aiplane:bull:leases", -milliseconds, holder.id)
    redis.hincrby("aiplane:bull:pulse", "since", -3_600_000)


def test_a_renewed_lease_is_read_back(book: LeaseBook) -> None:
    book.renew(POOL)
    roll = read(book)
    assert roll.seen["pool-1"][0] == POOL
    assert roll.slots("hint", STALE) == 5
    assert roll.slots("review", STALE) == 0
    assert not roll.gone("pool-1", STALE)


def test_a_lease_that_is_given_back_is_gone_at_once(book: LeaseBook, redis: Redis) -> None:
    book.renew(POOL)
    age(redis, POOL, 0)
    book.give_back(POOL.id)
    assert read(book).gone(POOL.id, STALE)


def test_a_stale_lease_is_gone_and_offers_no_slots(book: LeaseBook, redis: Redis) -> None:
    book.renew(POOL)
    age(redis, POOL, STALE - 1000)
    assert not read(book).gone(POOL.id, STALE)
    age(redis, POOL, 1000)
    roll = read(book)
    assert roll.gone(POOL.id, STALE)
    assert roll.slots("hint", STALE) == 0


def test_after_an_outage_nobody_is_gone_until_redis_was_steady_for_as_long(
    book: LeaseBook, redis: Redis
) -> None:
    book.renew(POOL)
    age(redis, POOL, 60_000)
    # Nobody has renewed anything for longer than the gap that counts as an outage.
    redis.hincrby("aiplane:bull:pulse", "last", -60_000)
    roll = read(book)
    assert not roll.gone(POOL.id, STALE)
    assert not roll.gone("never seen", STALE)
    redis.hincrby("aiplane:bull:pulse", "since", -STALE)
    roll = read(book)
    assert roll.gone(POOL.id, STALE)
    assert roll.gone("never seen", STALE)


def test_another_server_is_not_steady_before_all_could_renew(book: LeaseBook, redis: Redis) -> None:
    book.renew(POOL)
    redis.hincrby("aiplane:bull:pulse", "since", -3_600_000)
    assert read(book).gone("never seen", STALE)
    redis.hset("aiplane:bull:pulse", "server", "another")
    assert not read(book).gone("never seen", STALE)


def test_old_leases_are_forgotten(book: LeaseBook, redis: Redis) -> None:
    book.renew(POOL)
    age(redis, POOL, 3_600_000)
    assert POOL.id not in read(book).seen
    assert redis.hkeys("aiplane:bull:holders") == [BRIDGE.id]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"id": 1}', '{"id":"x","role":"king"}', "[" * 9999])
def test_a_lease_that_cannot_be_read_is_passed_over(book: LeaseBook, redis: Redis, text: str) -> None:
    book.renew(POOL)
    redis.hset("aiplane:bull:holders", POOL.id, text)
    assert set(read(book).seen) == {BRIDGE.id}


def test_a_lease_of_no_time_is_passed_over(book: LeaseBook, redis: Redis) -> None:
    book.renew(POOL)
    redis.zadd("aiplane:bull:leases", {POOL.id: "inf"})
    assert POOL.id not in read(book).seen


def test_the_lease_of_another_version_counts(book: LeaseBook, redis: Redis) -> None:
    book.renew(POOL)
    newer = {
        "id": POOL.id,
        "role": "pool",
        "node": "n",
        "pid": 1,
        "kind": "hint",
        "slots": 5,
        "zone": {"a": 1},
    }
    redis.hset("aiplane:bull:holders", POOL.id, json.dumps(newer))
    roll = read(book)
    assert roll.seen[POOL.id][0] == Holder(POOL.id, "pool", "n", 1, "hint", 5)
    assert roll.slots("hint", STALE) == 5
    redis.hset("aiplane:bull:holders", POOL.id, '{"id":"pool-1","role":"pool","slots":"many","pid":null}')
    assert read(book).seen[POOL.id][0] == Holder(POOL.id, "pool", "", 0)


def test_a_pool_says_nothing_that_the_version_before_does_not_know(book: LeaseBook, redis: Redis) -> None:
    book.renew(POOL)
    said = json.loads(redis.hget("aiplane:bull:holders", POOL.id))
    assert said.keys() == {"id", "role", "node", "pid", "kind", "slots"}


def test_looking_renews_nothing_and_sees_the_same(book: LeaseBook, redis: Redis) -> None:
    book.renew(POOL)
    book.renew(BRIDGE)
    age(redis, POOL, SLOTS_STALE_MS)
    before = [
        redis.hgetall("aiplane:bull:pulse"),
        redis.zrange("aiplane:bull:leases", 0, -1, withscores=True),
    ]
    roll = book.look()
    after = [redis.hgetall("aiplane:bull:pulse"), redis.zrange("aiplane:bull:leases", 0, -1, withscores=True)]
    assert before == after
    assert roll.seen == read(book).seen | {BRIDGE.id: roll.seen[BRIDGE.id]}
    assert roll.slots("hint", SLOTS_STALE_MS) == 0
    assert SLOTS_STALE_MS <= roll.silent_ms(POOL.id) < SLOTS_STALE_MS + 60_000


def test_nobody_lives_where_nobody_ever_did(book: LeaseBook) -> None:
    assert book.look().seen == {}


def test_one_bridge_has_the_turn_until_it_gives_it_back(book: LeaseBook) -> None:
    assert book.hold_turn("one")
    assert not book.hold_turn("other")
    assert book.hold_turn("one")
    book.give_back("other")
    assert not book.hold_turn("other")
    book.give_back("one")
    assert book.hold_turn("other")


def test_the_turn_falls_to_another_when_it_is_not_renewed(book: LeaseBook, redis: Redis) -> None:
    assert book.hold_turn("one")
    assert 0 < redis.pttl("aiplane:bull:turn") <= 5000
    redis.delete("aiplane:bull:turn")  # what its expiry does
    assert book.hold_turn("other")
    assert not book.hold_turn("one")


def test_the_thread_renews_tells_and_gives_back(book: LeaseBook, redis: Redis) -> None:
    told: list[int] = []
    thread = LeaseThread(book, lambda: POOL, after=lambda pulse: told.append(pulse.now))
    thread.start()
    assert thread.renewed.wait(5)
    assert redis.zscore("aiplane:bull:leases", POOL.id)
    thread.stop()
    assert not thread.is_alive()
    assert told
    assert redis.zscore("aiplane:bull:leases", POOL.id) is None


FAULTY = """
import sys, time
from aiplane.redis.clients import connect_thread
from aiplane.ledger.lease_renewal import LeaseThread
from aiplane.ledger.leases import Holder, LeaseBook

book = LeaseBook(connect_thread(sys.argv[1]), "bull")
LeaseThread(book, lambda: Holder("p", "pool", "n", 1), after=lambda _: 1 / 0).start()
time.sleep(60)
"""


def test_a_process_that_cannot_keep_its_lease_ends(redis_server: RedisServer) -> None:
    with Process("faulty", [sys.executable, "-c", FAULTY, redis_server.url], env=os.environ) as process:
        assert process.wait() == 70
