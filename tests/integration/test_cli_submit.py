"""``aiplane submit`` and ``aiplane result`` against a real Redis; the plane is played by the test."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from aiplane.bull import Bull, JobHandle, check
from aiplane.cli import run
from aiplane.cli.commands import submit
from aiplane.queues import QUEUES
from aiplane.redis.clients import connect
from tests.support.redis_server import RedisServer
from tests.support.taking import take

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from aiplane.queues import Kind

RESULT = {"hint": "Look at line 3.", "hintLevel": "gentle", "relatedConcepts": []}


@pytest.fixture(autouse=True)
def redis(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[RedisServer]:
    redis_server.client.flushall()
    monkeypatch.setenv("REDIS_URL", redis_server.url)
    return redis_server


@pytest.fixture
def problem(tmp_path: Path) -> str:
    path = tmp_path / "problem.md"
    path.write_text("Sum two numbers.")
    return str(path)


@pytest.fixture
def code(tmp_path: Path) -> str:
    path = tmp_path / "code.py"
    path.write_text("def add(a, b): ...")
    return str(path)


def sent(redis: RedisServer, kind: Kind, job_id: str) -> dict[str, Any]:
    record = redis.client.hgetall(f"bull:{QUEUES[kind].name}:{job_id}")
    assert record["name"] == QUEUES[kind].job_name
    payload: dict[str, Any] = json.loads(record["data"])
    return payload


async def answer_one(url: str, *, failure: str = "") -> None:
    """Take one hint job as soon as there is one, and settle it."""
    async with connect(url) as client:
        bull = Bull(client)
        await bull.load_scripts()
        queue = bull.queue(QUEUES["hint"].name)
        while (taken := await take(client, queue)).job_id is None:
            await queue.wait_for_marker(client, 4)
        job = JobHandle(taken.job_id, "token")
        pipe = client.pipeline(transaction=True)
        if failure:
            queue.failing(job, failure, []).stage(pipe)
        else:
            queue.completing(job, json.dumps(RESULT)).stage(pipe)
        check((await pipe.execute())[0])


def test_a_hint(redis: RedisServer, problem: str, code: str, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--problem", problem, "--code", code, "--language", "python", "--level", "direct"]
    assert run(["submit", "hint", *options, "--no-wait"]) == 0
    assert sent(redis, "hint", capsys.readouterr().out.strip()) == {
        "problemDescription": "Sum two numbers.",
        "currentCode": "def add(a, b): ...",
        "language": "python",
        "hintLevel": "direct",
    }


def test_a_hint_before_any_code_is_written(redis: RedisServer, problem: str) -> None:
    assert (
        run(["submit", "hint", "--problem", problem, "--language", "go", "--job-id", "a", "--no-wait"]) == 0
    )
    payload = sent(redis, "hint", "a")
    assert payload["currentCode"] == ""
    assert payload["hintLevel"] == "gentle"


def test_a_review(redis: RedisServer, problem: str, code: str) -> None:
    options = ["--problem", problem, "--code", code, "--language", "python"]
    assert run(["submit", "review", *options, "--job-id", "plain", "--no-wait"]) == 0
    assert sorted(sent(redis, "review", "plain")) == ["code", "language", "problemDescription"]
    rubric = ["--rubric", "clarity", "--rubric", "tests"]
    assert run(["submit", "review", *options, *rubric, "--job-id", "rubric", "--no-wait"]) == 0
    assert sent(redis, "review", "rubric")["rubric"] == ["clarity", "tests"]


def test_an_interview(redis: RedisServer, problem: str, tmp_path: Path) -> None:
    history = tmp_path / "history.json"
    history.write_text('[{"role": "user", "content": "Hello"}]')
    options = ["--problem", problem, "--message", "Shall I sort?", "--history", str(history)]
    assert run(["submit", "interview", *options, "--job-id", "a", "--no-wait"]) == 0
    assert sent(redis, "interview", "a") == {
        "problemDescription": "Sum two numbers.",
        "currentCode": "",
        "conversationHistory": [{"role": "user", "content": "Hello"}],
        "userMessage": "Shall I sort?",
    }


def test_a_recording(redis: RedisServer, tmp_path: Path) -> None:
    recording = tmp_path / "speech.wav"
    recording.write_bytes(b"RIFF")
    options = ["--audio", str(recording), "--mime-type", "audio/wav", "--language", "en-GB"]
    assert run(["submit", "transcribe", *options, "--job-id", "a", "--no-wait"]) == 0
    payload = sent(redis, "transcribe", "a")
    assert payload == {"audioBase64": "UklGRg==", "mimeType": "audio/wav", "language": "en-GB"}


def test_options_replace_fields_of_a_payload_and_nothing_is_added_to_it(
    redis: RedisServer, tmp_path: Path
) -> None:
    whole = tmp_path / "payload.json"
    whole.write_text('{"language": "go", "roomId": "r1"}')
    options = ["--payload", str(whole), "--language", "rust", "--job-id", "a", "--no-wait"]
    assert run(["submit", "hint", *options]) == 0
    assert sent(redis, "hint", "a") == {"language": "rust", "roomId": "r1"}


def test_an_id_that_bullmq_refuses(problem: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["submit", "hint", "--problem", problem, "--language", "go", "--job-id", "room:1"]) == 2
    assert "colon" in capsys.readouterr().err


async def test_the_result_is_json_and_nothing_else(
    redis: RedisServer, problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = asyncio.to_thread(run, ["submit", "hint", "--problem", problem, "--language", "go"])
    _, status = await asyncio.gather(answer_one(redis.url), command)
    captured = capsys.readouterr()
    assert (status, captured.err) == (0, "")
    assert json.loads(captured.out) == RESULT


async def test_a_failed_job_is_one_line(
    redis: RedisServer, problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = asyncio.to_thread(run, ["submit", "hint", "--problem", problem, "--language", "go"])
    _, status = await asyncio.gather(
        answer_one(redis.url, failure="llm_auth: The provider\nrefused \x1b[31mthe key."), command
    )
    captured = capsys.readouterr()
    assert (status, captured.out) == (1, "")
    assert captured.err == "aiplane: llm_auth: The provider refused  [31mthe key.\n"


async def test_the_result_of_a_job_that_was_sent_earlier(
    redis: RedisServer, problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--problem", problem, "--language", "go", "--job-id", "mine", "--no-wait"]
    assert await asyncio.to_thread(run, ["submit", "hint", *options]) == 0
    assert capsys.readouterr().out == "mine\n"
    await answer_one(redis.url)
    assert await asyncio.to_thread(run, ["result", "hint", "mine"]) == 0
    assert json.loads(capsys.readouterr().out) == RESULT


def test_a_job_that_nobody_takes(
    problem: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(submit, "TIMEOUT_SECONDS", 0.1)
    options = ["--problem", problem, "--language", "go", "--job-id", "mine", "--timeout", "0.5"]
    assert run(["submit", "hint", *options]) == 3
    told, ended = capsys.readouterr().err.splitlines()
    assert told == (
        "The hint job mine still waits: no pool has a free slot for it. Are the workers running (aiplane up)?"
    )
    assert ended == "aiplane: The hint job 'mine' has not ended within 0.5 s."


def test_a_job_that_does_not_exist(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["result", "hint", "none"]) == 1
    assert "no hint job 'none'" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["submit", "result"])
def test_a_redis_that_cannot_be_reached(
    problem: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://user:hunter2@127.0.0.1:9/0")
    options = {"submit": ["hint", "--problem", problem, "--language", "go"], "result": ["hint", "1"]}
    began = time.monotonic()
    assert run([command, *options[command]]) == 4
    assert time.monotonic() - began < 10
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("aiplane: Redis at 127.0.0.1:9 cannot be reached")
    assert "hunter2" not in line


def test_a_redis_that_refuses_the_login(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REDIS_URL", redis.url.replace("redis://", "redis://:hunter2@"))
    assert run(["result", "hint", "1"]) == 4
    captured = capsys.readouterr().err
    assert "refuses (AUTH: it has no password): check the user and the password" in captured
    assert "hunter2" not in captured
