"""What a terminal or a pipe gets to see."""

from __future__ import annotations

import io
import json
import sys

import pytest

from aiplane.cli.terminal.screen import labelled, one_line, say, show_json


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
@pytest.mark.parametrize("text", ["plain", "ünï 🙂", "\ud800", "\x1b[2J\x9b31m\x7f\u2028"])
def test_a_result_is_json_on_any_terminal(monkeypatch: pytest.MonkeyPatch, encoding: str, text: str) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding, write_through=True))
    show_json({"hint": text})
    shown = raw.getvalue().decode(encoding)
    assert json.loads(shown) == {"hint": text}
    assert not set(shown) & {"\x1b", "\x9b", "\x7f"}


def test_letters_are_shown_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    show_json({"hint": "schön"})
    assert capsys.readouterr().out == '{\n  "hint": "schön"\n}\n'


def test_a_person_gets_one_line_that_commands_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    say("  two\nlines \x1b[31m\x9b\r")
    captured = capsys.readouterr()
    assert captured.err == "  two lines  [31m\n"
    assert captured.out == ""


def test_one_line_keeps_letters() -> None:
    assert one_line("ünï 🙂") == "ünï 🙂"


def test_output_stands_behind_its_process() -> None:
    assert labelled("hint", "ready") == "hint       | ready"
    assert labelled("transcribe", "ready") == "transcribe | ready"
