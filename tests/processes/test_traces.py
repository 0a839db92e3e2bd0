"""One trace from a Node producer through the plane to a Node consumer, with `bullmq-otel` on both ends."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.audio import recording
from tests.support.control_plane import ControlPlane
from tests.support.otlp import Collector, Span
from tests.support.processes import Plane
from tests.support.s3 import BUCKET, S3Server

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    env = {**collector.env, **s3.env, "TTS_PROVIDER": "openai"}
    kinds = ["interview", "transcribe"]
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

    collector.wait_for(lambda _: wanted <= set(spans()), f"whole trace of job {job}")
    return spans()


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
