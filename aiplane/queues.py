"""The four queues as one table: everything about a kind of job that is not its content.

Every number and name here is fixed by the wire contract with the control plane. A new kind of job is one more
row here and one more module in ``tasks/``. What a deployment may override (a queue's name, its concurrency,
its time limit) is in :mod:`aiplane.settings`; the rest of the row is fixed.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind: TypeAlias = Literal["interview", "hint", "review", "transcribe"]


@dataclass(frozen=True, slots=True)
class QueueSpec:
    """One row: a kind of job, and how it is named, sized and bounded.

    Attributes:
        kind: the value of ``ai.job.type``, and the name of the kind's Celery queue.
        name: BullMQ's name of the job queue unless a setting overrides it.
        job_name: the name that producers give to a job. A queue's kind never depends on it.
        result_name: the name of the result job.
        concurrency: how many jobs of the kind run at once unless a setting overrides it.
        time_limit: seconds that one run of the task may take; past it, ``job_timeout``.
        task: the name under which the kind's Celery task is registered.
    """

    kind: Kind
    name: str
    job_name: str
    result_name: str
    concurrency: int
    time_limit: float
    task: str


QUEUES: Mapping[Kind, QueueSpec] = MappingProxyType(
    {
        spec.kind: spec
        for spec in (
            QueueSpec(
                kind="interview",
                name="ai.interview-response",
                job_name="interview-response",
                result_name="interview-result",
                concurrency=3,
                time_limit=180.0,
                task="tasks.interview.reply_to_candidate",
            ),
            QueueSpec(
                kind="hint",
                name="ai.generate-hint",
                job_name="generate-hint",
                result_name="hint-result",
                concurrency=5,
                time_limit=150.0,
                task="tasks.hint.generate_hint",
            ),
            QueueSpec(
                kind="review",
                name="ai.review-code",
                job_name="review-code",
                result_name="review-result",
                concurrency=3,
                time_limit=150.0,
                task="tasks.review.review_code",
            ),
            QueueSpec(
                kind="transcribe",
                name="ai.transcribe",
                job_name="transcribe",
                result_name="transcribe-result",
                concurrency=5,
                time_limit=120.0,
                task="tasks.transcribe.transcribe_audio",
            ),
        )
    }
)

KINDS: tuple[Kind, ...] = tuple(QUEUES)

TASK_MODULES: tuple[str, ...] = tuple(spec.task.rpartition(".")[0] for spec in QUEUES.values())
"""The modules that a worker imports to find its tasks: by name, so that no arrow points at them."""


def results_of(queue: str) -> str:
    """Name the queue that the results of ``queue`` go to."""
    return f"{queue}.results"


def dead_letters_of(queue: str) -> str:
    """Name the queue that keeps a copy of what failed for good in ``queue``."""
    return f"{queue}.dlq"
