"""What a program answers that was taken over: it may lie, and it can break nothing with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from aiplane import audio
from aiplane.audio import read_recording
from aiplane.code import metrics as code_metrics
from aiplane.code import syntax
from aiplane.context import deadline
from aiplane.errors import TranscriptionFailedError
from aiplane.sandbox.pool import HelperPool
from tests.support.audio import recording

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

LIES = [
    "",
    "null",
    "[]",
    "[" * 100_000,
    '{"size": 1e400}',
    '{"size": -1, "seconds": 1.0, "silent": false}',
    '{"size": 0, "seconds": NaN, "silent": false}',
    '{"size": 0, "seconds": "1", "silent": false}',
    '{"size": 0, "unfit": "<script>"}',
    '{"size": 0, "lengths": [-1]}',
    '{"lines": [[]]}',
    '{"lines": "1"}',
    '{"lines": 1, "functions": [{"name": 1}]}',
    '{"lines": 1, "functions": [null]}',
    '{"lines": 9' + "9" * 10_000 + "}",
]


@pytest.fixture
def liar(tmp_path: Path) -> Iterator[Callable[[str], HelperPool]]:
    """Make programs that answer everything with the same words."""
    pools: list[HelperPool] = []

    def make(lie: str, end: str = "\n") -> HelperPool:
        program = tmp_path / "liar.py"
        said = f"print({lie!r}, end={end!r}, flush=True)\n"
        program.write_text(f"import sys\nfor question in sys.stdin.buffer:\n    {said}")
        pools.append(HelperPool(program))
        return pools[-1]

    yield make
    for pool in pools:
        pool.close()


@pytest.mark.parametrize("lie", LIES, ids=range(len(LIES)))
def test_of_a_recording(lie: str, liar: Callable[[str], HelperPool], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audio, "READERS", liar(lie))

    with pytest.raises(TranscriptionFailedError):
        read_recording(recording("wav", 0.2), "audio/wav")


@pytest.mark.parametrize("lie", LIES, ids=range(len(LIES)))
def test_of_code(lie: str, liar: Callable[[str], HelperPool], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code_metrics, "METERS", liar(lie))
    monkeypatch.setattr(syntax, "CHECKERS", liar(lie))
    code = f"lie = {LIES.index(lie)}"

    assert code_metrics.measure(code, "python") is None
    assert syntax.syntax_errors(code, "python") is None


def test_a_line_that_does_not_end_is_not_waited_for(
    liar: Callable[..., HelperPool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audio, "LONGEST_LINE", 1000)
    monkeypatch.setattr(audio, "READERS", liar("x" * 2000, end=""))

    with deadline.within(5), pytest.raises(TranscriptionFailedError, match="damaged"):
        read_recording(recording("wav", 0.2), "audio/wav")


def test_of_a_name_no_more_is_taken_than_is_let_into_prompts(
    liar: Callable[[str], HelperPool], monkeypatch: pytest.MonkeyPatch
) -> None:
    row = (
        '{"name": "%s", "start_line": 1, "end_line": 1, "code_lines": 1, "parameters": 0, "complexity": 1, '
        '"nesting": 0}'
    )
    rows = f"{row % ('x' * 1000)}, {row % ''}"
    monkeypatch.setattr(code_metrics, "METERS", liar('{"lines": 1, "functions": [' + rows + "]}"))

    metrics = code_metrics.measure("def a_name_that_is_made_longer(): pass", "python")

    assert metrics is not None
    assert metrics.functions[0].name == "x" * code_metrics.LONGEST_NAME
