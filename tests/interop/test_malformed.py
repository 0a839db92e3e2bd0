"""What no BullMQ producer writes, but a Redis can hold: it fails, or goes, and the next job is served."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING

import pytest

from tests.interop.payloads import HINT, hint

if TYPE_CHECKING:
    from tests.support.control_plane import NodeQueue
    from tests.support.redis_server import RedisServer

pytestmark = pytest.mark.usefixtures("beyond_bullmq")

GOOD = {"name": HINT.job_name, "data": json.dumps(hint()), "opts": "{}", "timestamp": "1700000000000"}


def write(server: RedisServer, queue: NodeQueue, fields: dict[str, str]) -> str:
    """Put a hash and its id into the queue as a producer would, without a producer's checks."""
    job = f"raw-{uuid.uuid4()}"
    pipe = server.client.pipeline()
    if fields:
        pipe.hset(f"{queue.key}:{job}", mapping=fields)
    pipe.lpush(f"{queue.key}:wait", job)
    pipe.zadd(f"{queue.key}:marker", {"0": 0})
    pipe.execute()
    return job


def gone_from(server: RedisServer, queue: NodeQueue, job: str) -> bool:
    """Whether a job is in none of the places from which it would be run."""
    lists = [server.client.lrange(f"{queue.key}:{name}", 0, -1) for name in ("wait", "active", "paused")]
    delayed = server.client.zscore(f"{queue.key}:delayed", job)
    return delayed is None and not any(job in each for each in lists)


@pytest.mark.parametrize(
    "change",
    [
        {"data": "{not json"},
        {"data": "NaN"},
        {"data": ""},
        {"data": "[" * 100_000},
        {"data": '"text"'},
    ],
    ids=["not JSON", "NaN", "empty", "deep", "a string"],
)
def test_data_that_cannot_be_read_fails_and_the_next_job_is_served(
    hints: NodeQueue, redis_server: RedisServer, change: dict[str, str]
) -> None:
    events = hints.watch()
    bad = write(redis_server, hints, GOOD | change)
    good = hints.add(HINT.job_name, hint())

    assert events.wait(bad, "failed")["failedReason"].startswith("invalid_payload: ")
    hints.results.consume().answer(good)
    assert gone_from(redis_server, hints, bad)
    assert redis_server.client.zscore(f"{hints.key}:failed", bad)
    assert hints.results.consume().answers(bad) == []


@pytest.mark.parametrize(
    "change",
    [
        {"opts": "{not json"},
        {"opts": "null"},
        {"opts": "[]"},
        {"opts": '{"attempts": null}'},
        {"opts": '{"attempts": "3"}'},
        {"opts": '{"attempts": -1}'},
        {"opts": '{"attempts": 3, "backoff": {"type": "moon", "delay": 10}}'},
        {"opts": '{"attempts": 3, "backoff": {"type": "exponential"}}'},
        {"opts": '{"attempts": 1e400, "backoff": 12}'},
        {"opts": '{"removeOnComplete": "yes", "kl": "many", "lifo": 7}'},
        {"atm": "many"},
        {"ats": "many"},
        {"parent": "{"},
        {"timestamp": "yesterday"},
        {"timestamp": ""},
        {"priority": "x", "delay": "y", "stacktrace": "{"},
        {"rjk": "no such scheduler"},
    ],
    ids=lambda change: " ".join(f"{key}={value}" for key, value in change.items()),
)
def test_what_stands_around_the_data_is_read_with_forgiveness(
    hints: NodeQueue, redis_server: RedisServer, change: dict[str, str]
) -> None:
    odd = write(redis_server, hints, GOOD | change)
    good = hints.add(HINT.job_name, hint())

    hints.results.consume().answer(good)
    events = hints.watch()
    ends = {"completed", "failed"}
    events.wait_for(lambda item: item["event"] in ends and item["args"]["jobId"] == odd, timeout=10)
    assert gone_from(redis_server, hints, odd)


def test_a_dead_letter_has_the_options_as_they_are_stored(
    hints: NodeQueue, redis_server: RedisServer
) -> None:
    opts = '{"attempts": 1,"past all numbers":1e999}'
    dead = write(redis_server, hints, GOOD | {"data": '"text"', "opts": opts})
    hints.watch().wait(dead, "failed")

    [letter] = [
        data
        for key in redis_server.client.scan_iter(f"{hints.key}.dlq:*", _type="hash")
        if dead in (data := redis_server.client.hget(key, "data") or "")
    ]
    assert f'"opts":{opts},' in letter


def test_a_job_with_no_hash_at_all_blocks_nobody(hints: NodeQueue, redis_server: RedisServer) -> None:
    ghost = write(redis_server, hints, {})
    good = hints.add(HINT.job_name, hint())

    hints.results.consume().answer(good)
    hints.watch().wait(ghost, "failed")
    assert gone_from(redis_server, hints, ghost)


def test_a_job_that_is_marked_as_failed_already_is_not_run(
    hints: NodeQueue, redis_server: RedisServer
) -> None:
    marked = write(redis_server, hints, GOOD | {"defa": "child bull:other:1 failed"})

    assert hints.watch().wait(marked, "failed")["failedReason"]
    assert hints.results.consume().answers(marked) == []
    assert redis_server.client.zscore(f"{hints.key}:failed", marked)
