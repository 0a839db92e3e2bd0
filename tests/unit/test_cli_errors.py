"""How a command ends badly: one line, a status that says why, and no secret."""

from __future__ import annotations

import re
import signal

import pytest
from redis import exceptions as redis

from aiplane.cli import COMMANDS, run
from aiplane.cli.local.child import NotReadyError
from aiplane.cli.local.supervisor import StoppedBySignalError
from aiplane.cli.terminal.errors import RedisFaultError, explain, naming_redis
from aiplane.client import JobFailedError, JobNotFoundError
from aiplane.settings import Settings, SettingsError


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (SettingsError(("A is wrong", "B is wrong")), 2, "A is wrong; B is wrong"),
        (JobFailedError("1", "stt_disabled: Off.", 1), 1, "stt_disabled: Off."),
        (JobNotFoundError("hint", "1"), 1, "no hint job '1'"),
        (TimeoutError("The job has not ended."), 3, "has not ended"),
        (NotReadyError("hint", "ended"), 5, "hint ended"),
        (StoppedBySignalError(signal.SIGINT), 130, "stopped by SIGINT"),
    ],
)
def test_each_kind_of_fault_has_its_status(error: Exception, status: int, words: str) -> None:
    sentence, explained = explain(error)
    assert explained == status
    assert words in sentence


@pytest.mark.parametrize(
    ("raised", "words"),
    [
        (redis.ConnectionError("Error 111 connecting to u:secret@host"), "cannot be reached"),
        (redis.TimeoutError("secret"), "does not answer"),
        (redis.AuthenticationError("secret"), r"refuses \(WRONGPASS: "),
        (redis.OutOfMemoryError("secret"), r"refuses \(OOM: its memory is full\)"),
    ],
)
def test_redis_is_named_by_its_host_alone(raised: Exception, words: str) -> None:
    with pytest.raises(RedisFaultError, match=words) as fault, naming_redis("redis://u:secret@host.example"):
        raise raised
    sentence, status = explain(fault.value)
    assert "host.example:6379" in sentence
    assert "secret" not in sentence
    assert status == 4


def test_a_fault_of_ours_is_one_line_that_tells_where(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Settings, "load", lambda: {}["the text of a candidate"])
    assert run(["result", "hint", "1"]) == 70
    (line,) = capsys.readouterr().err.splitlines()
    assert re.fullmatch(r"aiplane: a fault of ours: KeyError at test_cli_errors\.py:\d+", line)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nonsense"], "No such command 'nonsense'"),
        (["submit", "hint"], "Missing option '--problem'"),
        (["submit", "review", "--problem", __file__, "--code", __file__], "Missing option '--language'"),
        (["submit", "transcribe"], "Missing option '--mime-type'"),
        (["submit", "hint", "--level", "harsh"], "'harsh' is not one of"),
        (["submit", "hint", "--timeout", "0"], "0.0 is not in the range"),
        (["submit", "hint", "--payload", __file__], "is not JSON"),
    ],
)
def test_a_wrong_command_line_is_one_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert run(arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("aiplane: ")
    assert words in line


def test_ctrl_c_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Settings, "load", interrupt)
    assert run(["result", "hint", "1"]) == 130
    assert capsys.readouterr().err.strip() == "aiplane: interrupted"


def test_the_help_of_every_command_can_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    assert "Exit status:" in capsys.readouterr().out
    for name in COMMANDS:
        assert run([name, "--help"]) == 0
        assert capsys.readouterr().out.startswith(f"Usage: aiplane {name}")


def test_no_command_at_all_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 2
    assert capsys.readouterr().err.startswith("Usage: aiplane")
