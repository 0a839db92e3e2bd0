"""What a collector and a scrape see of a plane of processes: whole traces, and every metric there is."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import socket
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from aiplane.telemetry.instruments import METRICS
from tests.support.audio import recording
from tests.support.control_plane import ControlPlane
from tests.support.jobs import Queue
from tests.support.otlp import Collector, Line, Span
from tests.support.processes import Plane, Process, await_ready
from tests.support.s3 import BUCKET, S3Server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from tests.support.provider import FakeProvider
    from tests.support.redis_server import RedisServer

SECRET = "candidates-own-words"

INTERVIEW = {
    "roomId": "room-1",
    "problemDescription": f"Add two numbers. {SECRET}",
    "currentCode": f"def add(a, b):\n    return a + b  # {SECRET}\n",
    "conversationHistory": [{"role": "user", "content": SECRET}],
    "language": "python",
    "userMessage": f"I am done. {SECRET}",
}


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with Collector() as running:
        yield running


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with S3Server() as server:
        yield server


@pytest.fixture(scope="module")
def plane(
    redis_server: RedisServer, provider: FakeProvider, collector: Collector, s3: S3Server
) -> Iterator[Plane]:
    env = {
        "METRICS_PORT": str(free_ports()),
        "LLM_PRICES": "test-model=1/2",
        **collector.env,
        **s3.env,
        "TTS_PROVIDER": "openai",
    }
    kinds = ["hint", "interview", "transcribe"]
    with Plane(redis_server.url, provider.base_url, env=env, kinds=kinds) as running:
        yield running


@pytest.fixture(scope="module", params=["5", "6"], ids=["bullmq5", "bullmq6"])
def node(
    request: pytest.FixtureRequest, redis_server: RedisServer, collector: Collector
) -> Iterator[ControlPlane]:
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
    with ControlPlane(request.param, redis_server.url, env) as running:
        yield running


def traced(
    collector: Collector, node: ControlPlane, queue: str, data: dict[str, Any], *names: str
) -> dict[str, Span]:
    """Have a job done and its result consumed; return its trace by the names of its spans."""
    jobs = node.queue(queue)
    inbox = jobs.results.consume()
    job = jobs.add("a-job", data)
    inbox.answer(job)
    wanted = {f"process {queue}.results", *names}

    def spans() -> dict[str, Span]:
        for span in collector.spans:
            if span.name == f"process {queue}" and span.attributes["messaging.message.id"] == job:
                return {each.name: each for each in collector.trace(span.trace_id)}
        return {}

    def is_whole(_: Collector) -> bool:
        found = spans()
        return wanted <= set(found) and any(span.kind == "PRODUCER" for span in found.values())

    collector.wait_for(is_whole, f"whole trace of job {job}")
    return spans()


def free_ports() -> int:
    """Return a port from which on twenty are likely to be free."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return min(int(probe.getsockname()[1]), 65_000)


def unbroken(spans: dict[str, Span]) -> bool:
    """Whether every span but the first has its parent in the trace."""
    ids = {span.span_id for span in spans.values()}
    return [span.name for span in spans.values() if span.parent_id not in ids] == ["control plane"]


def test_an_interview_is_one_unbroken_trace(plane: Plane, node: ControlPlane, collector: Collector) -> None:
    queue = "ai.interview-response"
    children = ("chat test-model", "ai.tts", "S3 HeadObject", "S3 PutObject")
    spans = traced(collector, node, queue, INTERVIEW, "run interview", "control plane", *children)

    add = next(span for span in spans.values() if span.kind == "PRODUCER")
    job, run = spans[f"process {queue}"], spans["run interview"]
    parents = {
        add: spans["control plane"],
        job: add,
        run: job,
        **{spans[name]: run for name in children},
        spans[f"process {queue}.results"]: job,
    }
    assert {child.name: child.parent_id for child in parents} == {
        child.name: parent.span_id for child, parent in parents.items()
    }
    assert unbroken(spans)
    assert {add.service, job.service, run.service} == {"control-plane", "aiplane"}
    assert job.instance.startswith("bridge@")
    assert run.instance.startswith("interview@")
    assert (job.kind, run.kind, spans["chat test-model"].kind) == ("CONSUMER", "CONSUMER", "CLIENT")
    assert job.start_ns <= run.start_ns <= run.end_ns <= job.end_ns
    assert job.status == run.status == ""


def test_the_spans_tell_what_the_conventions_name(
    plane: Plane, node: ControlPlane, collector: Collector
) -> None:
    queue = "ai.interview-response"
    spans = traced(collector, node, queue, INTERVIEW, "run interview", "chat test-model")
    job, run, chat = spans[f"process {queue}"], spans["run interview"], spans["chat test-model"]

    assert job.attributes.items() >= {
        ("messaging.system", "bullmq"),
        ("messaging.operation.type", "process"),
        ("messaging.destination.name", queue),
        ("ai.job.type", "interview"),
        ("ai.job.attempt", 1),
        ("ai.job.state", "completed"),
    }
    assert job.events == ["completed"]
    assert run.attributes["ai.job.type"] == "interview"
    # What a task puts on the present span stands on the run's.
    assert run.attributes["ai.interview.difficulty"] in ("easy", "medium", "hard")
    assert run.attributes["ai.prompt.calls"] == 1
    assert chat.attributes.items() >= {
        ("gen_ai.operation.name", "chat"),
        ("gen_ai.provider.name", "openai"),
        ("gen_ai.request.model", "test-model"),
        ("gen_ai.usage.input_tokens", 120),
        ("gen_ai.usage.output_tokens", 45),
    }


def test_a_transcription_is_one_unbroken_trace(
    plane: Plane, node: ControlPlane, collector: Collector, s3: S3Server
) -> None:
    queue, key = "ai.transcribe", f"spoken-{node.version}.mp3"
    audio = recording("mp3", 0.5)
    s3.client.put_object(BUCKET, key, io.BytesIO(audio), len(audio))
    data = {"mimeType": "audio/mpeg", "audioKey": key}
    spans = traced(collector, node, queue, data, "run transcribe", "ai.stt", "S3 GetObject")

    job, run = spans[f"process {queue}"], spans["run transcribe"]
    assert run.parent_id == job.span_id
    assert [spans[name].parent_id for name in ("ai.stt", "S3 GetObject")] == [run.span_id] * 2
    assert spans["S3 GetObject"].attributes["aws.s3.bucket"] == BUCKET
    assert spans[f"process {queue}.results"].parent_id == job.span_id


def test_nothing_of_a_candidate_is_in_a_span_or_a_line(
    plane: Plane, node: ControlPlane, collector: Collector
) -> None:
    traced(collector, node, "ai.interview-response", INTERVIEW, "run interview", "chat test-model")
    ours = [span for span in collector.spans if span.service == "aiplane"]
    assert ours
    assert SECRET not in repr(ours)
    assert SECRET not in repr(collector.lines)


async def test_a_job_has_one_line_at_info_and_it_leads_to_the_trace(
    plane: Plane, collector: Collector, queues: dict[str, Queue]
) -> None:
    job = await queues[HINTS].add(hint())
    await queues[HINTS].event(job, "completed")

    def lines() -> list[Line]:
        about = {"ai.job.id": job, "ai.job.queue": HINTS}
        return [line for line in collector.lines if about.items() <= line.attributes.items()]

    def spans() -> list[Span]:
        return [span for span in collector.trace(lines()[0].trace_id) if span.name == "run hint"]

    collector.wait_for(lambda _: bool(lines()), f"line of job {job}")
    # What the pool has logged of it meanwhile comes before its span.
    collector.wait_for(lambda _: bool(spans()), f"span of job {job}")
    [line] = lines()
    assert line.body.startswith(f"job {job} of {HINTS}: completed")
    assert line.attributes.items() >= {
        ("ai.job.type", "hint"), ("ai.job.state", "completed"), ("ai.job.code", "-"), ("ai.job.attempt", 1),
        ("ai.job.model_calls", 1), ("ai.job.input_tokens", 120), ("ai.job.output_tokens", 45),
    }  # fmt: skip


# Metrics

HINTS, INTERVIEWS, TRANSCRIPTIONS = "ai.generate-hint", "ai.interview-response", "ai.transcribe"


class Scrapes:
    """Every sample that any process has shown: by metric and labels, the latest value."""

    def __init__(self) -> None:
        self.labels: dict[str, set[frozenset[str]]] = {}

    def read(self, process: Process) -> dict[tuple[str, str], float]:
        """Scrape a process; return its samples by name and queue."""
        port = process.wait_for_log(r"metrics can be scraped on port (\d+)")[1]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            text = answer.read().decode()
        values = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                name = sample.name
                for suffix in ("_bucket", "_count", "_sum") if family.type == "histogram" else ():
                    name = name.removesuffix(suffix)
                self.labels.setdefault(name, set()).add(frozenset(sample.labels) - {"le"})
                values[sample.name, sample.labels.get("queue", "")] = sample.value
        return values

    async def until(self, process: Process, name: str, queue: str, wanted: Callable[[float], bool]) -> float:
        """Return the value of a sample as soon as it is as wanted."""
        async with asyncio.timeout(30):
            while True:
                value = self.read(process).get((name, queue))
                if value is not None and wanted(value):
                    return value
                await asyncio.sleep(0.2)


@pytest.fixture
async def queues(redis_server: RedisServer) -> AsyncIterator[dict[str, Queue]]:
    async with (
        Queue(redis_server.url, HINTS) as hints,
        Queue(redis_server.url, INTERVIEWS) as interviews,
        Queue(redis_server.url, TRANSCRIPTIONS) as transcriptions,
    ):
        yield {queue.name: queue for queue in (hints, interviews, transcriptions)}


def hint(directives: str = "") -> dict[str, Any]:
    return {
        "problemDescription": f"Add. {directives}",
        "currentCode": "",
        "language": "python",
        "hintLevel": "gentle",
    }


async def speech_and_failures(queues: dict[str, Queue], provider: FakeProvider) -> None:
    """Have jobs done that say, hear, cost and fail whatever there is a metric for."""
    hints, interviews, transcriptions = queues.values()
    twice = {"attempts": 2, "backoff": {"type": "fixed", "delay": 10}}
    failing = await hints.add(hint("[[provider: status=503]]"), **twice)
    reply = {
        "reasoning": "", "shouldRespond": True, "message": "Well. [[provider: status=500]]",
        "followUpType": "question", "followUpQuestion": "", "codeAnnotations": [], "weaknessSignals": [],
    }  # fmt: skip
    provider.answer_for("silent", json.dumps(reply))
    silent = INTERVIEW | {"problemDescription": "Add. [[case: silent]]"}
    done = {
        hints: [await hints.add(hint()), failing, await hints.add({})],
        interviews: [await interviews.add(INTERVIEW), await interviews.add(silent)],
        transcriptions: [
            await transcriptions.add(spoken(words)) for words in ("", "[[provider: status=500]]")
        ],
    }
    for queue, jobs in done.items():
        for job in jobs:
            await queue.event(job, "completed", "failed")
    assert await hints.state(failing) == "failed"


def spoken(comment: str) -> dict[str, str]:
    audio = recording("mp3", 0.5, comment=comment)
    return {"mimeType": "audio/mpeg", "audioBase64": base64.b64encode(audio).decode()}


async def lose_a_message(redis_server: RedisServer, queue: Queue) -> None:
    """Have a message vanish between the broker and the pool: whoever waits longest for it gets it."""

    def steal() -> object:
        return redis_server.client.brpop(["aiplane:bull:celery:hint"], 3)

    for _ in range(10):
        theft = asyncio.ensure_future(asyncio.to_thread(steal))
        # Kombu asks anew every second, so by now our demand is the older one.
        await asyncio.sleep(1.2)
        await queue.add(hint())
        if await theft:
            return
    raise AssertionError("no message could be stolen")


async def test_every_metric_is_seen_and_the_counts_survive_a_bridge(
    plane: Plane, redis_server: RedisServer, provider: FakeProvider, queues: dict[str, Queue],
    collector: Collector,
) -> None:  # fmt: skip
    scrapes, hints, interviews = Scrapes(), queues[HINTS], queues[INTERVIEWS]
    await speech_and_failures(queues, provider)

    lost = await interviews.add(INTERVIEW | {"problemDescription": "Add. [[case: lost]] [[provider: hang]]"})
    await asyncio.to_thread(provider.wait_for, "lost")
    scrapes.read(plane.pools["interview"])
    plane.pools["interview"].kill()
    await interviews.add(INTERVIEW)
    await lose_a_message(redis_server, hints)
    await scrapes.until(plane.bridge, "ai_job_resent_total", HINTS, lambda value: value >= 1)
    await scrapes.until(plane.bridge, "ai_job_handed_back_total", INTERVIEWS, lambda value: value >= 1)
    await scrapes.until(plane.bridge, "ai_job_lost_runs_total", INTERVIEWS, lambda value: value == 1)
    assert await interviews.state(lost) in ("delayed", "waiting")

    running = await hints.add(hint("[[case: adopted]] [[provider: delay=6]]"))
    await asyncio.to_thread(provider.wait_for, "adopted")
    pool = plane.pools["hint"]
    await scrapes.until(pool, "ai_pool_busy", HINTS, lambda value: value == 1)
    scrapes.read(plane.bridge)
    plane.bridge.kill()
    await hints.add(hint())
    await scrapes.until(pool, "ai_queue_depth", HINTS, lambda value: value == 1)
    await scrapes.until(pool, "ai_queue_active", HINTS, lambda value: value == 1)

    successor = plane.start("bridge")
    await_ready(successor)
    await scrapes.until(successor, "ai_job_adopted_total", HINTS, lambda value: value == 1)
    await scrapes.until(successor, "ai_bridge_turn", "", lambda value: value == 1)
    await hints.event(running, "completed")
    await scrapes.until(pool, "ai_queue_active", HINTS, lambda value: value == 0)
    for process in (successor, pool, plane.pools["transcribe"]):
        scrapes.read(process)
    seen = {name: labels for name, labels in scrapes.labels.items() if name != "target_info"}
    # Those of the control plane are held in tests/control_plane/test_telemetry.py.
    ours = [metric for metric in METRICS.values() if not metric.name.startswith("ai.api.")]
    assert seen == {metric.prometheus: {frozenset(metric.labels)} for metric in ours}
    adopted_span(collector, running)


def adopted_span(collector: Collector, job: str) -> None:
    """Check that a job that two bridges held has one span, and that what its pool did hangs under it."""

    def spans() -> list[Span]:
        return [
            span for span in collector.spans
            if span.name == f"process {HINTS}" and span.attributes["messaging.message.id"] == job
        ]  # fmt: skip

    collector.wait_for(lambda _: bool(spans()), f"span of job {job}")
    [span] = spans()
    runs = [each for each in collector.trace(span.trace_id) if each.name == "run hint"]
    assert [run.parent_id for run in runs] == [span.span_id]
    assert span.events == ["adopted", "completed"]
    assert span.start_ns < runs[0].start_ns
