"""Taking on a real Redis: what is sent with it is what the bridge would have sent, and nothing else is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from aiplane.bull import Bull
from aiplane.bull.scripts import pack
from aiplane.celery import celery_configuration
from aiplane.ledger.runs import Outcome, Runs
from aiplane.queues import QUEUES
from aiplane.redis.clients import connect
from aiplane.settings import Settings
from aiplane.worker.application import Application
from bridges.attempt import refuse
from bridges.dispatch import Dispatch
from bridges.job import Job, read_job
from bridges.settle import NextJob, Settler
from bridges.take_script import Answer, Sending, read_answer, taking, taking_steps

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from redis import Redis

    from tests.support.redis_server import RedisServer

HINT = QUEUES["hint"]
LIST = "aiplane:bull:celery:hint"
RECORD = {"name": "generate-hint", "data": '{"a":1}', "opts": '{"attempts":3}', "timestamp": "1700000000123"}


class Bench:
    """A queue of jobs that anybody may have written, and the means to take them."""

    def __init__(self, redis_server: RedisServer) -> None:
        self.redis: Redis = redis_server.client
        client = connect(redis_server.url)
        app = Application("test", set_as_current=False)
        app.settings = Settings.load({"REDIS_URL": redis_server.url})
        app.config_from_object(celery_configuration(app.settings))
        self.dispatch = Dispatch(app)
        self.bull, self.runs = Bull(client), Runs(client, "bull")
        self.queue = self.bull.queue(HINT.name)
        self._sending = Sending(self.dispatch.form(HINT, HINT.name), HINT.name, self.runs.key(""))
        self._script = taking_steps(self.bull).text

    def step(self, token: str = "token") -> Any:
        return taking(self.queue, token, "a test", self._sending)

    def put(self, job_id: str, record: Mapping[str, str]) -> None:
        """Let a job wait, and no other."""
        self.redis.flushdb()
        if record:
            self.redis.hset(self.queue.key(job_id), mapping=dict(record))
        self.redis.lpush(self.queue.key("wait"), job_id)

    def take(self) -> Answer:
        """Take the next job. Not by a loop's client: the examples of one test are on no loop."""
        (reply,) = self.redis.eval(self._script, 0, pack([self.step()]))
        return read_answer(reply)

    def job(self, answer: Answer) -> Job:
        """Return the job that was taken, as a bridge reads it."""
        taken = answer.taken
        assert taken.job_id is not None
        return read_job(HINT, HINT.name, taken.job_id, "token", taken.record, sent=answer.sent)

    def messages(self) -> list[dict[str, Any]]:
        return [self.untagged(text) for text in self.redis.lrange(LIST, 0, -1)]

    @staticmethod
    def untagged(text: str) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(text)
        assert message["properties"].pop("delivery_tag")
        return message


@pytest.fixture
def bench(redis_server: RedisServer) -> Iterator[Bench]:
    redis_server.client.flushdb()
    yield Bench(redis_server)
    redis_server.client.flushdb()


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"atm": "2", "stacktrace": '["a"]', "ats": "7"},
        {"attemptsMade": "1"},
        {"opts": '{"attempts": 0, "backoff": {"type": "exponential", "delay": 1500}}'},
        {"opts": '{"jobId":"room-17.hint_2:a","removeOnComplete":{"age":3600,"count":100},"lifo":true}'},
        {"opts": "{}"},
        {"opts": '{"jobId": "\N{PILE OF POO}"}'},
        {"timestamp": "0"},
    ],
    ids=str,
)
def test_an_ordinary_job_is_sent_as_it_is_taken(bench: Bench, more: dict[str, str]) -> None:
    bench.put("room-17.hint_2:a", {**RECORD, **more})
    job = bench.job(bench.take())
    assert job.sent
    assert bench.messages() == [bench.untagged(bench.dispatch.message(job).text)]
    entry = bench.redis.hgetall(bench.runs.key(job.run))
    assert set(entry) == {"sent"}
    assert bench.redis.ttl(bench.runs.key(job.run)) > 0
    assert bench.redis.get(bench.queue.lock_key(job.id)) == "token"


@pytest.mark.parametrize(
    ("job_id", "more"),
    [
        ("1", {"tm": '{"traceparent": "00-1-1-01"}'}),
        ("1", {"rjk": "every-hour"}),
        ("1", {"defa": "a child has failed"}),
        ("1", {"timestamp": "1700000000123.5"}),
        ("1", {"timestamp": "01"}),
        ("1", {"timestamp": "1" * 16}),
        ("1", {"atm": "-1"}),
        ("1", {"atm": ""}),
        ("1", {"opts": '{"tm": "00-1-1-01"}'}),
        ("1", {"opts": '{"kl": 20}'}),
        ("1", {"opts": '{"keepLogs": 20}'}),
        ("1", {"opts": '{"attempts": "4"}'}),
        ("1", {"opts": '{"attempts": 1.5}'}),
        ("1", {"opts": '{"attempts": -1}'}),
        ("1", {"opts": '{"attempts": NaN}'}),
        ("1", {"opts": '{"attempts": 0x10}'}),
        ("1", {"opts": '{"attempts": 010}'}),
        ("1", {"opts": '{"attempts": 3'}),
        ("1", {"opts": "[]"}),
        ("1", {"opts": ""}),
        ("1", {"opts": '{"a": "\t"}'}),
        ("1", {"opts": '{"a": "\\u006b"}'}),
        ("1", {"opts": f'{{"a": "{"x" * 1000}"}}'}),
        ("a b", {}),
        ("a|b", {}),
        ("a%b", {}),
        ('a"b', {}),
        ("é", {}),
    ],
    ids=str,
)
def test_any_other_job_is_left_to_the_bridge(bench: Bench, job_id: str, more: dict[str, str]) -> None:
    bench.put(job_id, {**RECORD, **more})
    job = bench.job(bench.take())
    assert (job.id, job.sent) == (job_id, False)
    assert bench.messages() == []
    assert not bench.redis.exists(bench.runs.key(job.run))


def test_a_job_without_data_is_left_to_the_bridge(bench: Bench) -> None:
    bench.put("1", {})
    assert not bench.job(bench.take()).sent
    assert bench.messages() == []


def test_a_run_that_is_under_way_is_not_sent_again(bench: Bench) -> None:
    bench.put("1", RECORD)
    first = bench.job(bench.take())
    bench.redis.lmove(bench.queue.key("active"), bench.queue.key("wait"))
    assert bench.job(bench.take()).run == first.run
    assert len(bench.messages()) == 1


def test_where_it_cannot_be_sent_the_job_is_taken_all_the_same(bench: Bench) -> None:
    bench.put("1", RECORD)
    bench.redis.set(LIST, "no list")
    job = bench.job(bench.take())
    assert (job.id, job.sent) == ("1", False)


FIELDS = st.sampled_from(
    ["0", "1", "-1", "01", "1e3", "1.0", "", " 1", "9" * 15, "9" * 16, "\u0661", "NaN", "1700000000123"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 10**6) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
OPTIONS = st.dictionaries(
    st.sampled_from(["attempts", "kl", "keepLogs", "tm", "lifo", "backoff", "delay", "jobId"]),
    VALUES,
    max_size=4,
)
PIECES = st.sampled_from(
    [*'{}[]":,', "0", "1", "-", ".", "e", "x", "\\", " ", "\t", "true", "null", "NaN", '"attempts":', '"kl"']
)


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    job_id=st.sampled_from(["1", "room-17", "a:b", "a|b", "%", "é", "a b"])
    | st.text("ab1:-_.|% ", min_size=1),
    options=OPTIONS.map(json.dumps)
    | st.lists(PIECES, max_size=9).map(lambda some: "{" + "".join(some) + "}"),
    record=st.fixed_dictionaries({}, optional={"timestamp": FIELDS, "atm": FIELDS, "attemptsMade": FIELDS}),
)
@example(job_id="1", options='{"attempts":1,"attempts":2}', record={})
def test_what_is_sent_is_what_the_bridge_would_have_sent(
    bench: Bench, job_id: str, options: str, record: dict[str, str]
) -> None:
    bench.put(job_id, {**RECORD, "opts": options, **record})
    job = bench.job(bench.take())
    if job.sent:
        assert refuse(job) is None
        assert bench.messages() == [bench.untagged(bench.dispatch.message(job).text)]
        assert bench.redis.exists(bench.runs.key(job.run))
    else:
        assert bench.messages() == []


def test_the_marker_of_an_empty_queue_is_taken_away(bench: Bench) -> None:
    bench.put("1", RECORD)
    marker = bench.queue.key("marker")
    assert bench.take().taken.job_id == "1"
    assert bench.redis.zrange(marker, 0, -1) == ["0"]
    answer = bench.take()
    assert (answer.taken.job_id, answer.sent) == (None, False)
    assert not bench.redis.exists(marker)


@pytest.mark.parametrize("place", ["wait", "prioritized"])
def test_the_marker_stays_where_jobs_wait_that_cannot_be_taken_now(bench: Bench, place: str) -> None:
    bench.redis.hset(bench.queue.key("meta"), "concurrency", "0")
    bench.redis.zadd(bench.queue.key("marker"), {"0": 0})
    if place == "wait":
        bench.redis.lpush(bench.queue.key("wait"), "1")
    else:
        bench.redis.zadd(bench.queue.key("prioritized"), {"1": 1})
    answer = bench.take()
    assert answer.taken.job_id is None
    assert answer.standing is not None
    assert answer.standing.limited
    assert bench.redis.exists(bench.queue.key("marker"))


def test_the_marker_of_a_delayed_job_stays(bench: Bench) -> None:
    bench.redis.zadd(bench.queue.key("marker"), {"0": 0, "1": 99})
    bench.redis.zadd(bench.queue.key("delayed"), {"7": 4e15 * 0x1000})
    answer = bench.take()
    assert answer.taken.next_delayed_at > 0
    assert bench.redis.zrange(bench.queue.key("marker"), 0, -1) == ["1"]


def test_where_there_is_no_job_what_waits_in_two_places_is_brought_to_one(bench: Bench) -> None:
    bench.redis.lpush(bench.queue.key("paused"), "1")
    bench.redis.hset(bench.queue.key("1"), mapping=RECORD)
    answer = bench.take()
    assert answer.standing is not None
    assert not answer.standing.paused
    assert bench.redis.zrange(bench.queue.key("marker"), 0, -1) == ["0"]
    assert bench.take().taken.job_id == "1"


@pytest.fixture
async def settler(bench: Bench) -> AsyncIterator[Settler]:
    yield Settler(bench.bull, bench.runs)
    await bench.bull.redis.aclose()


async def test_a_successor_is_sent_with_the_settlement(bench: Bench, settler: Settler) -> None:
    bench.put("1", RECORD)
    bench.redis.hset(bench.queue.key("2"), mapping=RECORD)
    bench.redis.lpush(bench.queue.key("wait"), "2")
    first = bench.job(bench.take())
    bench.redis.delete(LIST)
    answers: list[Answer] = []

    def read(reply: Any) -> Job:
        answers.append(read_answer(reply))
        return bench.job(answers[-1])

    done = Outcome(result='{"hint": "Look at line 3."}', recorded=True)
    settled = await settler.settle(first, done, lambda: NextJob(bench.step("next"), read))
    assert settled.successor is not None
    assert (settled.successor.id, settled.successor.sent) == ("2", True)
    assert bench.messages() == [bench.untagged(bench.dispatch.message(settled.successor).text)]
