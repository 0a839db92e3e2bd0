"""Options of ``celery worker`` that a pool would not keep are refused, each by a sentence that names it."""

from __future__ import annotations

import pytest
from celery.bin.celery import celery as program
from click.testing import CliRunner


@pytest.mark.parametrize(
    "option",
    [
        "--autoscale 10,3",
        "-c 0",
        "-c 1001",
        "-c auto",
        "-P threads",
        "-P solo",
        "-P prefork",
        "--time-limit 5",
        "--soft-time-limit 5",
        "--max-tasks-per-child 9",
        "--max-memory-per-child 9",
        "-B",
    ],
)
def test_an_option_that_would_not_be_kept_is_refused(option: str) -> None:
    words = ["-A", "aiplane", "worker", "-Q", "hint", *option.split()]
    result = CliRunner().invoke(program, words)

    assert result.exit_code == 2, result.output
    # Click folds what it shows, and marks some of it.
    assert option.split(maxsplit=1)[0] in result.output, result.output
    assert "Traceback" not in result.output
