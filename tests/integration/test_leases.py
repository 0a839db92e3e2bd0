"""Leases on a real Redis: the living are known, the dead are noticed, and an outage accuses nobody."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

import pytest

from aiplane.ledger.lease_renewal import LeaseRenewal
from aiplane.ledger.leases import SLOTS_STALE_MS, LeaseSnapshot, LeaseStore, Member
from aiplane.redis.clients import connect_thread
from tests.support.processes import Process

if TYPE_CHECKING:
    from collections.abc import Iterator

    from redis import Redis

    from tests.support.redis_server import RedisServer

POOL = Member("pool-1", "pool", "hint@host", 11, "hint", 5)
BRIDGE = Member("bridge-1", "bridge", "host", 12)
STALE = 12_000


@pytest.fixture
def redis(redis_server: RedisServer) -> Iterator[Redis]:
    client = connect_thread(redis_server.url)
    client.flushdb()
    yield client
    client.close()


@pytest.fixture
def store(redis: Redis) -> LeaseStore:
    return LeaseStore(redis, "bull")


def read(store: LeaseStore) -> LeaseSnapshot:
    return store.read(store.renew(BRIDGE))


def age(redis: Redis, member: Member, milliseconds: int) -> None:
    """Make it so long ago that a holder was heard, and longer that Redis is steady."""
    redis.zincrby("aiplane:bull:leases", -milliseconds, member.id)
    redis.hincrby("aiplane:bull:pulse", "since", -3_600_000)


def test_a_renewed_lease_is_read_back(store: LeaseStore) -> None:
    store.renew(POOL)
    snapshot = read(store)
    assert snapshot.seen["pool-1"][0] == POOL
    assert snapshot.slots("hint", STALE) == 5
    assert snapshot.slots("review", STALE) == 0
    assert not snapshot.gone("pool-1", STALE)


def test_a_lease_that_is_given_back_is_gone_at_once(store: LeaseStore, redis: Redis) -> None:
    store.renew(POOL)
    age(redis, POOL, 0)
    store.give_back(POOL.id)
    assert read(store).gone(POOL.id, STALE)


def test_a_stale_lease_is_gone_and_offers_no_slots(store: LeaseStore, redis: Redis) -> None:
    store.renew(POOL)
    age(redis, POOL, STALE - 1000)
    assert not read(store).gone(POOL.id, STALE)
    age(redis, POOL, 1000)
    snapshot = read(store)
    assert snapshot.gone(POOL.id, STALE)
    assert snapshot.slots("hint", STALE) == 0


def test_after_an_outage_nobody_is_gone_until_redis_was_steady_for_as_long(
    store: LeaseStore, redis: Redis
) -> None:
    store.renew(POOL)
    age(redis, POOL, 60_000)
    # Nobody has renewed anything for longer than the gap that counts as an outage.
    redis.hincrby("aiplane:bull:pulse", "last", -60_000)
    snapshot = read(store)
    assert not snapshot.gone(POOL.id, STALE)
    assert not snapshot.gone("never seen", STALE)
    redis.hincrby("aiplane:bull:pulse", "since", -STALE)
    snapshot = read(store)
    assert snapshot.gone(POOL.id, STALE)
    assert snapshot.gone("never seen", STALE)


def test_another_server_is_not_steady_before_all_could_renew(store: LeaseStore, redis: Redis) -> None:
    store.renew(POOL)
    redis.hincrby("aiplane:bull:pulse", "since", -3_600_000)
    assert read(store).gone("never seen", STALE)
    redis.hset("aiplane:bull:pulse", "server", "another")
    assert not read(store).gone("never seen", STALE)


def test_old_leases_are_forgotten(store: LeaseStore, redis: Redis) -> None:
    store.renew(POOL)
    age(redis, POOL, 3_600_000)
    assert POOL.id not in read(store).seen
    assert redis.hkeys("aiplane:bull:holders") == [BRIDGE.id]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"id": 1}', '{"id":"x","role":"king"}', "[" * 9999])
def test_a_lease_that_cannot_be_read_is_passed_over(store: LeaseStore, redis: Redis, text: str) -> None:
    store.renew(POOL)
    redis.hset("aiplane:bull:holders", POOL.id, text)
    assert set(read(store).seen) == {BRIDGE.id}


def test_a_lease_of_no_time_is_passed_over(store: LeaseStore, redis: Redis) -> None:
    store.renew(POOL)
    redis.zadd("aiplane:bull:leases", {POOL.id: "inf"})
    assert POOL.id not in read(store).seen


def test_the_lease_of_another_version_counts(store: LeaseStore, redis: Redis) -> None:
    store.renew(POOL)
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
    snapshot = read(store)
    assert snapshot.seen[POOL.id][0] == Member(POOL.id, "pool", "n", 1, "hint", 5)
    assert snapshot.slots("hint", STALE) == 5
    redis.hset("aiplane:bull:holders", POOL.id, '{"id":"pool-1","role":"pool","slots":"many","pid":null}')
    assert read(store).seen[POOL.id][0] == Member(POOL.id, "pool", "", 0)


def test_a_pool_says_nothing_that_the_version_before_does_not_know(store: LeaseStore, redis: Redis) -> None:
    store.renew(POOL)
    said = json.loads(redis.hget("aiplane:bull:holders", POOL.id))
    assert said.keys() == {"id", "role", "node", "pid", "kind", "slots"}


def test_looking_renews_nothing_and_sees_the_same(store: LeaseStore, redis: Redis) -> None:
    store.renew(POOL)
    store.renew(BRIDGE)
    age(redis, POOL, SLOTS_STALE_MS)
    before = [
        redis.hgetall("aiplane:bull:pulse"),
        redis.zrange("aiplane:bull:leases", 0, -1, withscores=True),
    ]
    snapshot = store.look()
    after = [redis.hgetall("aiplane:bull:pulse"), redis.zrange("aiplane:bull:leases", 0, -1, withscores=True)]
    assert before == after
    assert snapshot.seen == read(store).seen | {BRIDGE.id: snapshot.seen[BRIDGE.id]}
    assert snapshot.slots("hint", SLOTS_STALE_MS) == 0
    assert SLOTS_STALE_MS <= snapshot.silent_ms(POOL.id) < SLOTS_STALE_MS + 60_000


def test_nobody_lives_where_nobody_ever_did(store: LeaseStore) -> None:
    assert store.look().seen == {}


def test_one_bridge_has_the_turn_until_it_gives_it_back(store: LeaseStore) -> None:
    assert store.lead("one")
    assert not store.lead("other")
    assert store.lead("one")
    store.give_back("other")
    assert not store.lead("other")
    store.give_back("one")
    assert store.lead("other")


def test_the_turn_falls_to_another_when_it_is_not_renewed(store: LeaseStore, redis: Redis) -> None:
    assert store.lead("one")
    assert 0 < redis.pttl("aiplane:bull:turn") <= 5000
    redis.delete("aiplane:bull:turn")  # what its expiry does
    assert store.lead("other")
    assert not store.lead("one")


def test_the_thread_renews_tells_and_gives_back(store: LeaseStore, redis: Redis) -> None:
    told: list[int] = []
    thread = LeaseRenewal(store, lambda: POOL, after=lambda pulse: told.append(pulse.now))
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
from aiplane.ledger.lease_renewal import LeaseRenewal
from aiplane.ledger.leases import LeaseStore, Member

store = LeaseStore(connect_thread(sys.argv[1]), "bull")
LeaseRenewal(store, lambda: Member("p", "pool", "n", 1), after=lambda _: 1 / 0).start()
time.sleep(60)
"""


def test_a_process_that_cannot_keep_its_lease_ends(redis_server: RedisServer) -> None:
    with Process("faulty", [sys.executable, "-c", FAULTY, redis_server.url], env=os.environ) as process:
        assert process.wait() == 70
