"""The operator's commands in the celery program: what they tell before anything is asked of Redis."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import click
import pytest
from celery.bin.celery import celery
from click.testing import CliRunner, Result

from aiplane.celery import app
from aiplane.cli import cli, run
from aiplane.cli.operators.group import OPERATING
from aiplane.errors import ERRORS
from tests.support.processes import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterator

LINES = ["queues", "job", "dead", "dead list", "dead show", "dead retry", "dead purge"]


@pytest.fixture(autouse=True)
def settings() -> Iterator[None]:
    """Let each command read its environment, as each process does."""
    app.__dict__.pop("settings", None)
    yield
    app.__dict__.pop("settings", None)


def call(*line: str, of: str | None = "aiplane", **env: str) -> Result:
    chosen = ["-A", of] if of else []
    return CliRunner().invoke(celery, [*chosen, *line], env={"REDIS_URL": "redis://127.0.0.1:1/0", **env})


@pytest.mark.parametrize("line", LINES)
def test_every_command_has_help(line: str) -> None:
    result = call(*line.split(), "--help")
    assert result.exit_code == 0
    assert "Exit status:" in result.output


def test_both_programs_have_the_same_commands() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    entries = project["entry-points"]["celery.commands"]
    assert entries == {name: f"aiplane.cli.operators.group:{name}" for name in OPERATING}
    for name, command in OPERATING.items():
        assert cli.get_command(click.Context(cli), name) is command
        assert name in cli.list_commands(click.Context(cli))
        assert command.name == name


@pytest.mark.parametrize("line", LINES)
def test_aiplane_has_each_with_its_help(line: str) -> None:
    result = CliRunner().invoke(cli, [*line.split(), "--help"])
    assert result.exit_code == 0
    assert "Exit status:" in result.output


@pytest.mark.parametrize(
    ("line", "status", "why"),
    [
        ("queues", 4, "aiplane: Redis at 127.0.0.1:1 cannot be reached"),
        ("job hint 1", 4, "aiplane: Redis at 127.0.0.1:1 cannot be reached"),
        ("job sideways 1", 2, "aiplane: There is no queue of that name."),
        ("dead list --older soon", 2, "it is a number of days, or a number with s, m, h or d behind it."),
        ("dead purge hint --older -1", 2, "it is a number of days"),
    ],
)
def test_aiplane_says_in_a_sentence_what_is_wrong(
    line: str,
    status: int,
    why: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    assert run(line.split()) == status
    assert why in capsys.readouterr().err


@pytest.mark.parametrize("line", ["job", "dead"])
def test_the_help_names_the_failure_codes(line: str) -> None:
    output = call(line, "--help").output
    for code, leaf in ERRORS.items():
        assert f"{code} " in output
        assert f"{code:<21}  {'retried' if leaf.retryable else 'final'}" in output


@pytest.mark.parametrize("of", [None, "tests.support.another_celery"])
def test_without_the_planes_application_it_says_so(of: str | None) -> None:
    result = call("queues", of=of)
    assert result.exit_code == 2
    assert "celery -A aiplane" in result.output


@pytest.mark.parametrize(
    ("line", "status", "why"),
    [
        ("job sideways 1", 2, "There are: interview (ai.interview-response), hint"),
        ("dead retry hint", 2, "Say which"),
        ("dead purge hint 1 --all", 2, "Say which"),
        ("dead list --code nonsense", 2, "nonsense"),
        ("queues", 4, "Redis at 127.0.0.1:1 cannot be reached"),
        ("job hint 1", 4, "Redis at 127.0.0.1:1 cannot be reached"),
    ],
)
def test_what_is_wrong_is_one_sentence_and_a_status(line: str, status: int, why: str) -> None:
    result = call(*line.split())
    assert (result.exit_code, why in result.output) == (status, True), result.output
    assert "Traceback" not in result.output


def test_a_wrong_setting_is_named() -> None:
    result = call("queues", REDIS_URL="http://nowhere")
    assert result.exit_code == 2
    assert "REDIS_URL" in result.output
