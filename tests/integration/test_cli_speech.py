"""``aiplane speak``, ``listen`` and ``doctor``: what an operator sees, and the status that a script sees."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from aiplane import cli
from tests.support.audio import recording, samples, seconds_of
from tests.support.s3 import S3Server
from tests.support.seccomp import hide_seccomp

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.provider import FakeProvider
    from tests.support.redis_server import RedisServer


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with S3Server() as server:
        yield server


@pytest.fixture(autouse=True)
def environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, provider: FakeProvider, s3: S3Server
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    env = {**s3.env, "OPENAI_BASE_URL": provider.base_url, "TTS_PROVIDER": "openai", "STT_PROVIDER": "openai"}
    for name, value in env.items():
        monkeypatch.setenv(name, value)


# speak


def test_speak_writes_a_file_that_plays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["speak", "Hello."]) == 0

    assert 0.4 < seconds_of((tmp_path / "speech.mp3").read_bytes()) < 0.6
    told = capsys.readouterr()
    assert told.out == ""
    assert "openai read it aloud in" in told.err


def test_speak_writes_to_a_pipe(
    capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTS_AUDIO_FORMAT", "ogg")
    assert cli.run(["speak", "Hello.", "-o", "-"]) == 0

    assert 0.4 < seconds_of(capfdbinary.readouterr().out) < 0.6


def test_speak_says_what_is_wrong_with_the_key(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["speak", "[[provider: status=401]]"]) == 1

    assert "OPENAI_API_KEY" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "  ", "x" * 5000])
def test_speak_refuses_what_cannot_be_read(text: str) -> None:
    assert cli.run(["speak", text]) == 2


def test_speak_needs_a_provider(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("TTS_PROVIDER", "none")
    assert cli.run(["speak", "Hello."]) == 2

    assert "TTS_PROVIDER" in capsys.readouterr().err


# listen


def test_listen_prints_the_transcript(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "answer.webm").write_bytes(recording("webm", 1.0))
    assert cli.run(["listen", "answer.webm"]) == 0

    told = capsys.readouterr()
    assert json.loads(told.out) == {"text": "I would use a hash map.", "language": "en", "durationMs": 1000}


def test_listen_takes_raw_samples_by_their_type(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "answer.pcm").write_bytes(samples(1.0, 8_000))
    assert cli.run(["listen", "answer.pcm", "--mime-type", "audio/pcm;rate=8000"]) == 0

    assert json.loads(capsys.readouterr().out)["durationMs"] == 1000


def test_listen_hears_silence_by_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "answer.wav").write_bytes(recording("wav", 1.0, loudness=0.0))
    assert cli.run(["listen", "answer.wav"]) == 0

    told = capsys.readouterr()
    assert json.loads(told.out)["text"] == ""
    assert "nobody was asked" in told.err


def test_listen_says_what_is_wrong_with_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "answer.webm").write_bytes(recording("webm", 1.0)[:-10])
    assert cli.run(["listen", "answer.webm"]) == 1
    assert cli.run(["listen", "nothing.webm"]) == 2

    told = capsys.readouterr().err
    assert "cut off" in told
    assert "nothing.webm cannot be read" in told


# doctor


@pytest.fixture
def redis_env(monkeypatch: pytest.MonkeyPatch, redis_server: RedisServer) -> None:
    monkeypatch.setenv("REDIS_URL", redis_server.url)


REDIS = ("Redis", "Celery's broker", "Celery's results")
"""The rows of the places that are a Redis."""


def states(printed: str) -> dict[str, str]:
    """Read the table: what is examined, and the state that it is in."""
    rows = [
        [cell.strip() for cell in line.split("│")] for line in printed.splitlines() if line.startswith("│")
    ]
    return {row[1]: row[3] for row in rows if row[1]}


@pytest.mark.usefixtures("redis_env")
def test_doctor_finds_all_well(
    s3: S3Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LLM_PROVIDER", "openai")
    assert cli.run(["doctor"]) == 0

    assert states(capsys.readouterr().out) == dict.fromkeys(
        (*REDIS, "language model", "text to speech", "speech to text", "storage", "seccomp"), "works"
    )
    assert s3.objects() == []


@pytest.mark.usefixtures("redis_env")
def test_doctor_leaves_alone_what_is_not_used(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("TTS_PROVIDER", "STT_PROVIDER", "S3_ENDPOINT", "S3_BUCKET"):
        monkeypatch.delenv(name)
    assert cli.run(["doctor"]) == 0

    told = states(capsys.readouterr().out)
    assert {told.pop(name) for name in (*REDIS, "seccomp")} == {"works"}
    assert set(told.values()) == {"not used"}


@pytest.mark.usefixtures("redis_env")
def test_doctor_says_where_nothing_can_be_confined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hide_seccomp(tmp_path, monkeypatch)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    cli.run(["doctor"])

    printed = capsys.readouterr().out
    assert states(printed)["seccomp"] == "not used"
    assert "libseccomp" in printed


def test_doctor_tells_all_that_is_wrong_and_no_secret(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = {
        "REDIS_URL": "redis://:hunter2@127.0.0.1:1/0",
        "LLM_PROVIDER": "openai",
        "OPENAI_API_KEY": "hunter2",
        "OPENAI_BASE_URL": "http://127.0.0.1:1/v1",
        "S3_SECRET_KEY": "hunter2",
    }
    for name, value in wrong.items():
        monkeypatch.setenv(name, value)
    assert cli.run(["doctor"]) == 1

    told = capsys.readouterr()
    found = states(told.out)
    assert found.pop("seccomp") == "works"
    assert set(found.values()) == {"wrong"}
    for advice in ("REDIS_URL", "OPENAI_BASE_URL", "S3_SECRET_KEY"):
        assert advice in told.out
    assert "hunter2" not in told.out + told.err
    assert told.err.startswith("aiplane: not as it should be: Redis, Celery's broker,")


@pytest.mark.usefixtures("redis_env")
def test_doctor_tries_what_the_workers_do(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    channels = ["resetchannels", "&aiplane:bull:outcomes", "&aiplane:bull:operators"]
    rules = ["reset", "on", ">hunter2", "~*", *channels, "+@all", "-info", "-client"]
    redis_server.client.execute_command("ACL", "SETUSER", "narrow", *rules)
    monkeypatch.setenv("REDIS_URL", redis_server.url.replace("//", "//narrow:hunter2@"))
    assert cli.run(["doctor"]) == 1

    printed = capsys.readouterr().out
    assert [states(printed)[name] for name in REDIS] == ["works", "wrong", "wrong"]
    rows = [line.split("│") for line in printed.splitlines() if line.startswith("│")]
    advice = " ".join(row[-2].strip() for row in rows)
    for words in ("cannot be examined", "refuses CLIENT", "celery.pidbox"):
        assert words in advice
    assert "hunter2" not in printed


def test_doctor_says_when_a_setting_is_wrong(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TTS_PROVIDER", "polly")
    assert cli.run(["doctor"]) == 2

    assert "TTS_PROVIDER must be" in capsys.readouterr().err
