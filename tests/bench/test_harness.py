"""The benchmark works: every contender serves, and every figure of the table can be told from what it did."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from bench import figures
from bench.contenders import CONTENDERS
from tests.support.node import ensure_node_modules
from tests.support.processes import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path


def measure(part: str, out: Path) -> dict:
    """Run one part as ``make bench`` does, in its quick version."""
    ensure_node_modules()
    command = [sys.executable, "-m", "bench", "--quick", "--part", part, "--out", str(out)]
    ended = subprocess.run(
        command, cwd=REPOSITORY, env=os.environ, capture_output=True, text=True, timeout=100, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return json.loads(out.read_text())


@pytest.mark.slow
def test_every_contender_answers_what_it_is_asked(tmp_path: Path) -> None:
    results = measure("latency", tmp_path / "results.json")
    rows = results["parts"]["latency"]
    assert [row["contender"] for row in rows] == list(CONTENDERS)
    assert all(len(row["milliseconds"]) == 10 and min(row["milliseconds"]) > 0 for row in rows)
    median, _ = figures.of(results)
    assert set(median.values) == set(CONTENDERS)


def test_the_commands_of_a_job_are_told_by_what_they_are_for(tmp_path: Path) -> None:
    results = measure("cost", tmp_path / "results.json")
    ours = results["parts"]["cost"][0]
    once_a_job = ("bridge: settle", "hint: claim", "hint: finish")
    assert {name: ours["sent"][name] for name in once_a_job} == dict.fromkeys(once_a_job, 1.0)
    assert ours["in_scripts"] > 10


@pytest.mark.slow
def test_the_control_plane_is_measured_beside_the_client_and_the_framework(tmp_path: Path) -> None:
    results = measure("service", tmp_path / "results.json")
    (row,) = results["parts"]["service"]
    assert [len(row[name]) for name in ("service", "client", "result", "empty")] == [3, 3, 20, 20]
    # Each turn is at least the model's, and the request is accepted long before its end.
    assert all(took > 200 for took in row["service"] + row["client"])
    assert all(row["accepted"][turn] < row["service"][turn] for turn in range(3))
    assert len(figures.of(results)) == 3
