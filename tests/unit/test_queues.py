"""The table of queues is the contract's table."""

from __future__ import annotations

from aiplane.queues import QUEUES, TASK_MODULES, dead_letters_of, results_of

TABLE = {
    "interview": ("ai.interview-response", "interview-response", 3, "interview-result", 180),
    "hint": ("ai.generate-hint", "generate-hint", 5, "hint-result", 150),
    "review": ("ai.review-code", "review-code", 3, "review-result", 150),
    "transcribe": ("ai.transcribe", "transcribe", 5, "transcribe-result", 120),
}


def test_every_row_is_the_contracts() -> None:
    rows = {
        kind: (spec.name, spec.job_name, spec.concurrency, spec.result_name, spec.time_limit)
        for kind, spec in QUEUES.items()
    }
    assert rows == TABLE


def test_results_and_dead_letters_are_named_after_the_queue() -> None:
    assert results_of("ai.review-code") == "ai.review-code.results"
    assert dead_letters_of("mine") == "mine.dlq"


def test_a_tasks_module_is_named_after_its_kind() -> None:
    assert set(TASK_MODULES) == {f"tasks.{kind}" for kind in TABLE}
