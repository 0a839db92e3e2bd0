"""Progress and log lines on a real Redis: written as BullMQ does, never twice, and never in anybody's way."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

import pytest

from aiplane.bull import KEEP_LOGS, Note, NoteWriter
from aiplane.redis.clients import connect_thread
from aiplane.worker.progress_writer import MOST_WAITING, ProgressWriter

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from redis import Redis

    from tests.support.redis_server import RedisServer

QUEUE = "ai.generate-hint"
JOB = f"bull:{QUEUE}:7"


@pytest.fixture
def redis(redis_server: RedisServer) -> Redis:
    redis_server.client.flushall()
    redis_server.client.hset(JOB, "data", "{}")
    return redis_server.client


@pytest.fixture
def writer(redis_server: RedisServer, redis: Redis) -> Iterator[NoteWriter]:
    client = connect_thread(redis_server.url)
    yield NoteWriter(client, "bull")
    client.close()


@pytest.fixture
def thread(writer: NoteWriter) -> Iterator[ProgressWriter]:
    running = ProgressWriter(writer)
    running.start()
    yield running
    running.stop()
    assert not running.is_alive()


def line(text: str, **fields: int) -> Note:
    return Note(QUEUE, "7", text, **fields)


def at(percent: int) -> Note:
    return Note(QUEUE, "7", json.dumps({"progress": percent}), is_progress=True)


def log_of(redis: Redis) -> list[str]:
    return redis.lrange(f"{JOB}:logs", 0, -1)


def test_notes_are_written_in_order(writer: NoteWriter, redis: Redis) -> None:
    assert writer.write([at(10), line("one"), line("two"), at(25)]) == 0

    assert log_of(redis) == ["one", "two"]
    assert json.loads(redis.hget(JOB, "progress")) == {"progress": 25}
    events = [fields for _, fields in redis.xrange(f"bull:{QUEUE}:events")]
    assert [(event["event"], event["jobId"], json.loads(event["data"])["progress"]) for event in events] == [
        ("progress", "7", 10),
        ("progress", "7", 25),
    ]


def test_a_job_that_is_gone_stays_gone(writer: NoteWriter, redis: Redis) -> None:
    redis.delete(JOB)

    assert writer.write([at(10), line("too late")]) == 0
    assert redis.keys("*") == []


def test_a_log_keeps_its_latest_lines(writer: NoteWriter, redis: Redis) -> None:
    writer.write([line(str(number)) for number in range(KEEP_LOGS + 5)])
    assert log_of(redis) == [str(number) for number in range(5, KEEP_LOGS + 5)]

    writer.write([line("the last", keep_logs=2)])
    assert log_of(redis) == [str(KEEP_LOGS + 4), "the last"]


def test_a_redis_that_has_forgotten_the_scripts_is_told_them_again(writer: NoteWriter, redis: Redis) -> None:
    writer.write([line("one")])
    redis.script_flush()

    assert writer.write([at(10), line("two")]) == 0
    assert log_of(redis) == ["one", "two"]


def test_one_jobs_strange_key_costs_no_other_its_notes(writer: NoteWriter, redis: Redis) -> None:
    redis.set(f"bull:{QUEUE}:8", "no job")
    redis.set(f"bull:{QUEUE}:8:logs", "no log")

    assert writer.write([Note(QUEUE, "8", "one"), line("two")]) == 1
    assert log_of(redis) == ["two"]


def test_of_progress_only_the_latest_is_written_and_of_the_log_every_line(
    writer: NoteWriter, redis: Redis
) -> None:
    thread = ProgressWriter(writer)
    for percent in (10, 25, 75):
        thread.put(at(percent), line(f"{percent} %"))
    thread.start()
    thread.stop()

    assert log_of(redis) == ["10 %", "25 %", "75 %"]
    assert redis.xlen(f"bull:{QUEUE}:events") == 1
    assert json.loads(redis.hget(JOB, "progress")) == {"progress": 75}


def test_what_is_put_at_the_end_is_still_written(thread: ProgressWriter, redis: Redis) -> None:
    thread.put(line("the last"))
    thread.stop()

    assert log_of(redis) == ["the last"]


def test_the_last_notes_of_a_job_are_handed_out_with_what_waits_of_it(
    writer: NoteWriter, redis: Redis
) -> None:
    thread = ProgressWriter(writer)
    another = Note(QUEUE, "8", "of another job")
    thread.put(line("one"), at(10), another)

    assert thread.last(QUEUE, "7", line("two"), at(100)) == [line("one"), line("two"), at(100)]
    assert thread.last(QUEUE, "8") == [another]


def test_while_notes_of_a_job_are_being_written_its_last_ones_come_after_them(
    writer: NoteWriter, redis: Redis
) -> None:
    thread = ProgressWriter(writer)
    handed_out = []

    class Interrupted(NoteWriter):
        def write(self, notes: Sequence[Note]) -> int:
            if not handed_out:
                handed_out.append(thread.last(QUEUE, "7", line("two")))
            return writer.write(notes)

    thread._writer = Interrupted(redis, "bull")
    thread.put(line("one"))
    thread.start()
    while len(log_of(redis)) < 2:
        thread.join(0.01)
    thread.stop()

    assert handed_out == [()]
    assert log_of(redis) == ["one", "two"]


def test_an_outage_costs_notes_and_nothing_else(
    thread: ProgressWriter, redis_server: RedisServer, redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    redis_server.kill()
    while not thread.dropped:
        thread.put(line("nobody is there"))
        thread.join(0.01)
    dropped = thread.dropped
    for number in range(MOST_WAITING + 100):
        thread.put(line(str(number), keep_logs=2 * MOST_WAITING))
    assert thread.dropped >= dropped + 100
    redis_server.start()
    redis.hset(JOB, "data", "{}")
    while "after" not in log_of(redis):
        thread.put(line("after", keep_logs=2 * MOST_WAITING))
        thread.join(0.05)
    thread.stop()

    assert log_of(redis)[-1] == "after"
    assert sum(each.isdecimal() for each in log_of(redis)) <= MOST_WAITING
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
