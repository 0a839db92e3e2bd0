"""What a bridge and a pool say when they start: all that is wrong, at once, with a status that tells."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.interop.payloads import KINDS
from tests.support.jobs import Queue
from tests.support.processes import Plane, Process, await_ready, plane_environment, procfile

if TYPE_CHECKING:
    from tests.support.provider import FakeProvider
    from tests.support.redis_server import RedisServer


def start(line: str, redis_url: str, arguments: str = "", **env: str) -> Process:
    environment = plane_environment(redis_url, "http://127.0.0.1:9/v1") | env
    return Process(line, ["/bin/sh", "-c", f"exec {procfile().get(line, line)} {arguments}"], env=environment)


@pytest.fixture
def forgetful(redis_server: RedisServer):
    """A Redis that keeps nothing on disk, for the time of one test."""
    redis_server.client.config_set("appendonly", "no")
    yield redis_server
    redis_server.client.config_set("appendonly", "yes")


def test_in_production_a_redis_that_can_lose_jobs_is_refused(forgetful: RedisServer) -> None:
    with start("bridge", forgetful.url, APP_ENV="production") as bridge:
        assert bridge.wait() == 1
        assert "appendonly is off" in bridge.tail()
        assert "REDIS_ACCEPT_DATA_LOSS" in bridge.tail()
        assert "Traceback" not in bridge.tail()


@pytest.mark.parametrize(
    "env", [{"APP_ENV": "production", "REDIS_ACCEPT_DATA_LOSS": "yes"}, {"APP_ENV": "development"}]
)
def test_elsewhere_or_when_accepted_it_is_a_warning(forgetful: RedisServer, env: dict[str, str]) -> None:
    with start("bridge", forgetful.url, **env) as bridge:
        bridge.wait_for_log("appendonly is off")
        bridge.wait_for_log("bridge is ready")


@pytest.mark.parametrize("line", ["bridge", "hint"])
def test_wrong_settings_are_told_at_once_and_without_a_trace(redis_server: RedisServer, line: str) -> None:
    with start(
        line, redis_server.url, LLM_TIMEOUT_SECONDS="soon", METRICS_PORT="x", REDIS_URL="s3cret"
    ) as process:
        assert process.wait() != 0
        text = process.tail()
        assert all(name in text for name in ("LLM_TIMEOUT_SECONDS", "METRICS_PORT", "REDIS_URL"))
        assert "s3cret" not in text
        assert "Traceback" not in text


@pytest.mark.parametrize("queues", ["", "-Q hint,review", "-Q hints"])
def test_a_pool_serves_one_queue_of_the_table(redis_server: RedisServer, queues: str) -> None:
    line = f"celery -A aiplane worker -n odd@%h {queues}"
    with start(line, redis_server.url) as pool:
        assert pool.wait() != 0
        assert "serves one queue" in pool.tail()
        assert "Traceback" not in pool.tail()


@pytest.mark.parametrize(
    ("line", "env", "programs"),
    [
        ("hint", {}, {"metrics_program.py", "syntax_program.py"}),
        ("review", {}, {"metrics_program.py", "syntax_program.py"}),
        ("interview", {}, {"metrics_program.py"}),
        ("transcribe", {"STT_PROVIDER": "openai"}, {"reader_program.py"}),
        ("transcribe", {"STT_PROVIDER": "none"}, set()),
    ],
)
def test_programs_stand_by_before_the_first_job(
    redis_server: RedisServer, line: str, env: dict[str, str], programs: set[str]
) -> None:
    with start(line, redis_server.url, **env) as pool:
        pool.wait_for_log(r"@\S+ ready\.")
        command_lines = (child.cmdline() for child in psutil.Process(pool.pid).children(recursive=True))
        assert {Path(words[2]).name for words in command_lines} == programs


@pytest.mark.parametrize("line", ["bridge", "hint"])
def test_what_still_waits_for_redis_can_be_stopped(line: str) -> None:
    with start(line, "redis://127.0.0.1:9/0") as process:
        process.wait_for_log("Redis does not answer")
        process.signal(signal.SIGTERM)
        assert process.wait(15) == 0


@pytest.mark.parametrize("line", ["bridge", "hint"])
def test_a_folder_of_somebody_elses_is_not_taken_for_ours(
    redis_server: RedisServer, tmp_path: Path, line: str
) -> None:
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "__init__.py").write_text("raise RuntimeError('not ours')")
    environment = plane_environment(redis_server.url, "http://127.0.0.1:9/v1")
    command = [sys.executable, "-P", "-m", *procfile()[line].removeprefix("python -m ").split()]
    with Process(line, command, env=environment, cwd=tmp_path) as process:
        await_ready(process)


def test_a_worker_of_another_kind_is_named(redis_server: RedisServer) -> None:
    # A connection that bears the name of a Node worker of this queue is all that CLIENT LIST shows of one.
    redis_server.client.client_setname("bull:YWkuZ2VuZXJhdGUtaGludA==:w:old-node-worker")
    try:
        with Plane(redis_server.url, "http://127.0.0.1:9/v1", kinds=[]) as plane:
            plane.bridge.wait_for_log(
                "ai.generate-hint is also served by a worker that is no bridge: .*old-node"
            )
    finally:
        redis_server.client.client_setname("")


def test_a_log_at_debug_recites_neither_how_celery_starts_nor_what_a_person_sends(
    redis_server: RedisServer,
) -> None:
    words = "what the candidate wrote"
    payload = {"problemDescription": words, "currentCode": words, "language": "python", "hintLevel": "gentle"}
    send = "import json, sys, tasks.hint as t; t.generate_hint.delay(json.loads(sys.argv[1])).get(timeout=30)"
    with start("hint", redis_server.url, LOG_LEVEL="debug", LLM_PROVIDER="offline") as pool:
        await_ready(pool)
        environment = plane_environment(redis_server.url, "http://127.0.0.1:9/v1")
        command = [sys.executable, "-c", send, json.dumps(payload)]
        with Process("sender", command, env=environment) as sender:
            assert sender.wait(60) == 0, sender.tail()
        said = "\n".join(pool.lines)
    assert "tasks.asking" in said
    assert words not in said
    for logger in ("celery.bootsteps", "redis.connection"):
        assert logger not in said


async def test_celerys_broker_can_be_another_database(
    redis_server: RedisServer, provider: FakeProvider
) -> None:
    env = {"CELERY_BROKER_URL": f"{redis_server.url.rpartition('/')[0]}/5"}
    with Plane(redis_server.url, provider.base_url, kinds=["hint"], env=env):
        async with Queue(redis_server.url, "ai.generate-hint") as queue:
            await queue.event(await queue.add(KINDS["hint"].payload), "completed")
