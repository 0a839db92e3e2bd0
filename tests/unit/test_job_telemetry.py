"""What is told of a job: counted, logged and traced once, whatever became of it."""

from __future__ import annotations

import logging
import re
import time
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from aiplane.context import job as current
from aiplane.context.usage import Usage
from aiplane.errors import LLMAuthError, LLMUnavailableError, WorkerLostError
from aiplane.ledger.runs import Outcome
from aiplane.queues import QUEUES
from aiplane.telemetry import instruments
from aiplane.telemetry.instruments import METRICS
from bridges.job import Job, read_job
from bridges.job_telemetry import JobTelemetry
from bridges.settle import Settled
from tests.support.processes import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterator

QUEUE = "ai.generate-hint"


class Meter:
    """What was measured in a test."""

    def __init__(self, reader: InMemoryMetricReader) -> None:
        self._reader = reader

    def points(self) -> dict[tuple[str, frozenset[tuple[str, Any]]], float]:
        """Return counters' values and histograms' counts by name and labels; what is 0 is left out."""
        data = self._reader.get_metrics_data()
        found = {}
        for resource in data.resource_metrics if data else ():
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    for point in metric.data.data_points:
                        number = getattr(point, "value", None) or getattr(point, "count", 0)
                        found[metric.name, frozenset((point.attributes or {}).items())] = number
        return {key: number for key, number in found.items() if number}


@pytest.fixture
def meter(monkeypatch: pytest.MonkeyPatch) -> Iterator[Meter]:
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    monkeypatch.setattr(metrics, "get_meter", provider.get_meter)
    for made in (instruments._counter, instruments._histogram):
        made.cache_clear()
    yield Meter(reader)
    for made in (instruments._counter, instruments._histogram):
        made.cache_clear()
    provider.shutdown()


def job(attempts_made: int = 0, **record: str) -> Job:
    now = round(time.time() * 1000)
    fields = {
        "data": "{}",
        "opts": '{"delay": 4000}',
        "timestamp": str(now - 9_000),
        "processedOn": str(now - 2_000),
        "atm": str(attempts_made),
        **record,
    }
    return read_job(QUEUES["hint"], QUEUE, "7", "brg:me:1", fields)


def labelled(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return name, frozenset(labels.items())


AWAY = Outcome(error=LLMUnavailableError("The provider is away."), recorded=True)
REFUSED = Outcome(error=LLMAuthError("The key is wrong."), recorded=True)
LOST = Outcome(error=WorkerLostError("It died."))
DONE = Outcome(result="{}", recorded=True, usage=Usage(2, 1_500, 120, 45))


@pytest.mark.parametrize(
    ("outcome", "settled", "counted"),
    [
        (DONE, Settled.COMPLETED, [labelled("ai.job.duration_ms", queue=QUEUE, status="completed")]),
        (
            AWAY,
            Settled.RETRIED,
            [
                labelled("ai.job.duration_ms", queue=QUEUE, status="retried"),
                labelled("ai.job.retries", queue=QUEUE, code="llm_unavailable"),
            ],
        ),
        (
            REFUSED,
            Settled.FAILED,
            [
                labelled("ai.job.duration_ms", queue=QUEUE, status="failed"),
                labelled("ai.job.dead_letters", queue=QUEUE, code="llm_auth"),
            ],
        ),
        (
            LOST,
            Settled.RETRIED,
            [
                labelled("ai.job.duration_ms", queue=QUEUE, status="retried"),
                labelled("ai.job.retries", queue=QUEUE, code="worker_lost"),
                labelled("ai.job.lost_runs", queue=QUEUE),
            ],
        ),
        (
            DONE,  # a result that cannot be settled, because the job has children that are not done
            Settled.FAILED,
            [
                labelled("ai.job.duration_ms", queue=QUEUE, status="failed"),
                labelled("ai.job.dead_letters", queue=QUEUE, code="internal_error"),
            ],
        ),
        (None, Settled.HANDED_BACK, [labelled("ai.job.handed_back", queue=QUEUE)]),
        (DONE, Settled.LOST, []),
        (LOST, Settled.CHANGED, []),
    ],
)
def test_each_end_is_counted_once(
    meter: Meter, outcome: Outcome | None, settled: Settled, counted: list[Any]
) -> None:
    JobTelemetry().settled(job(), outcome, settled)
    assert set(meter.points()) == set(counted)
    assert set(meter.points().values()) <= {1}


def test_adoptions_and_resends_are_counted_and_the_wait_is_not_told_twice(meter: Meter) -> None:
    telemetry = JobTelemetry()
    telemetry.taken(job())
    telemetry.adopted(job())
    telemetry.sent_again(job())
    telemetry.taken(job(attempts_made=1))  # when its retry became due, nobody has written down
    telemetry.taken(job(ats="2"))  # nor when a person has sent it anew
    assert meter.points() == {
        labelled("ai.job.wait_ms", queue=QUEUE): 1,
        labelled("ai.job.adopted", queue=QUEUE): 1,
        labelled("ai.job.resent", queue=QUEUE): 1,
    }


def test_the_one_line_of_a_job_says_what_a_person_asks(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        JobTelemetry().settled(job(), DONE, Settled.COMPLETED)
    [line] = caplog.records
    fields = line.__dict__["fields"]
    assert (fields["state"], fields["code"], fields["waited_ms"]) == ("completed", "-", 3_000)
    assert 2_000 <= fields["ran_ms"] < 30_000
    assert (
        fields.items()
        >= {"model_ms": 1500, "model_calls": 2, "input_tokens": 120, "output_tokens": 45}.items()
    )
    assert line.message.startswith(
        "job 7 of ai.generate-hint: completed (code -, attempt 1 of 3), waited_ms 3000"
    )


def test_what_is_logged_within_the_block_is_about_the_job() -> None:
    telemetry = JobTelemetry()
    telemetry.taken(job())
    with telemetry.about(job()):
        assert current.work() == current.Work("7", QUEUE, "hint", 1)
    assert current.work() is None


@pytest.mark.parametrize("record", [{"processedOn": "9" * 15}, {"timestamp": "9" * 15}, {"tm": "[" * 9999}])
def test_a_strange_record_is_told_of_as_well(meter: Meter, record: dict[str, str]) -> None:
    telemetry = JobTelemetry()
    telemetry.taken(job(**record))
    telemetry.settled(job(**record), DONE, Settled.COMPLETED)
    assert labelled("ai.job.duration_ms", queue=QUEUE, status="completed") in meter.points()


def test_what_cannot_be_told_harms_nobody(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a text that nobody may see")

    monkeypatch.setattr("bridges.job_telemetry.record", broken)
    JobTelemetry().taken(job())
    JobTelemetry().settled(job(), DONE, Settled.COMPLETED)
    assert caplog.text.count("telemetry of a job failed (RuntimeError)") == 2
    assert "nobody may see" not in caplog.text


def test_the_guide_lists_the_metrics_that_there_are() -> None:
    guide = (REPOSITORY / "docs" / "telemetry.md").read_text()
    listed = {}
    for names, kind, labels in re.findall(r"^\| (`ai\..*?) \| (\w+) \| (.*?) \|", guide, re.MULTILINE):
        for name in re.findall(r"`(ai[\w.]+)`", names):
            listed[name] = (kind, tuple(re.findall(r"`(\w+)`", labels)))
    assert listed == {metric.name: (metric.kind, metric.labels) for metric in METRICS.values()}


def test_the_table_has_what_the_contract_names() -> None:
    contract = {
        "ai.queue.depth": ("queue",), "ai.queue.active": ("queue",),
        "ai.job.duration_ms": ("queue", "status"),
        "ai.llm.latency_ms": ("provider", "model"), "ai.llm.tokens.input": ("provider", "model"),
        "ai.llm.tokens.output": ("provider", "model"), "ai.llm.failures": ("provider", "error_type"),
        "ai.tts.latency_ms": ("provider",), "ai.stt.latency_ms": ("provider",),
        "ai.stt.audio_duration_ms": ("provider",), "ai.tts.failures": ("provider",),
        "ai.stt.failures": ("provider",),
    }  # fmt: skip
    assert {name: METRICS[name].labels for name in contract} == contract
