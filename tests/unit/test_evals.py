"""The labelled cases, and the table that is made of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from aiplane.cli.evaluate import evaluate
from aiplane.code_languages import EXTENSIONS
from aiplane.contracts import PAYLOADS
from aiplane.evals.labels import Label, LabelError, read_labels
from aiplane.evals.table import markdown, misses
from aiplane.evals.trial import Trial

FOLDER = Path(__file__).parents[2] / "evals"
LABELS = read_labels(FOLDER)
CODE = "def f(a):\n    return a[0]\n"
LABEL = Label(
    name="one", kind="review", language="python", problem="p", code=CODE, weaknesses=("edge_cases",)
)


def trial(label: Label = LABEL, failure: str | None = None, calls: int = 1, **result: Any) -> Trial:
    return Trial(label, None if failure else result, failure, calls, 10, 0.5)


def row(name: str, *trials: Trial) -> str:
    (line,) = [line for line in markdown(trials).splitlines() if line.startswith(f"| {name} |")]
    return line.split("|")[2].strip()


def test_there_are_forty_cases_or_more_in_all_languages_and_kinds() -> None:
    assert len(LABELS) >= 40
    assert {label.language for label in LABELS} == set(EXTENSIONS)
    assert {label.kind for label in LABELS} == {"hint", "review", "interview"}
    assert sum(label.held_out for label in LABELS) >= len(LABELS) // 3


@pytest.mark.parametrize("label", LABELS, ids=lambda label: label.name)
def test_each_case_is_a_payload_with_something_to_compare(label: Label) -> None:
    PAYLOADS[label.kind].parse(label.payload())

    assert label.forbidden if label.kind == "hint" else label.weaknesses is not None
    assert label.kind != "interview" or label.tier


def test_the_figures_are_counted() -> None:
    right = trial(weaknessSignals=["edge_cases"])
    wrong = trial(weaknessSignals=["off_by_one", "code_structure"], calls=2)
    failed = trial(failure="llm_timeout")

    assert row("cases", right, wrong, failed) == "3"
    assert row("valid at first answer", right, wrong, failed) == "33%"
    assert row("valid after repair", right, wrong, failed) == "67%"
    assert row("weakness precision / recall", right, wrong, failed) == "0.33 / 0.50"
    assert row("of what metrics can see", right, wrong, failed) == "0.50 / 0.50"
    assert row("tokens a case", right, wrong, failed) == "10"


@pytest.mark.parametrize(
    ("place", "is_true"),
    [
        ({"startLine": 2, "endLine": 2, "quote": "return a[0]"}, True),
        ({"startLine": 1, "endLine": 1, "quote": "return a[0]"}, False),
        ({"startLine": 1, "endLine": 9}, False),
        ({"line": 2}, True),
        ({"line": 0}, False),
    ],
)
def test_evidence_is_looked_up(place: dict[str, Any], is_true: bool) -> None:
    assert trial(categories=[{"evidence": [place]}]).evidence == [is_true]


HINT = Label(
    name="h", kind="hint", language="c", problem="p", code="", level="direct", forbidden=("Hash Map",)
)


@pytest.mark.parametrize(
    ("hint", "keeps"),
    [
        ("Go on.", True),
        ("Use a hash map.", False),
        ("```\na\nb\nc\n```", True),
        ("```\na\nb\nc\nd\n```", False),
    ],
)
def test_a_level_is_kept_or_not(hint: str, keeps: bool) -> None:
    assert trial(HINT, hint=hint).keeps_level == keeps
    assert row("level kept", trial(HINT, hint=hint)) == ("100%" if keeps else "0%")


def test_what_is_not_as_labelled_is_said() -> None:
    assert misses([trial(weaknessSignals=["edge_cases"])]) == []
    assert misses([trial(weaknessSignals=["off_by_one"]), trial(failure="llm_timeout")]) == [
        "one: misses edge_cases, invents off_by_one",
        "one: failed as llm_timeout",
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("case = 3", "is not a file of cases"),
        ("[[case", "is not a file of cases"),
        ("", "is not a file of cases"),
        (
            '[[case]]\nname = "a"\nkind = "hint"\nlanguage = "c"\nproblem = "p"\ncode = ""\n' * 2,
            "occur twice",
        ),
    ],
)
def test_a_file_that_is_none_of_cases_is_named(tmp_path: Path, text: str, fault: str) -> None:
    (tmp_path / "broken.toml").write_text(text)

    with pytest.raises(LabelError, match=fault):
        read_labels(tmp_path)


def test_the_command_prints_the_table() -> None:
    result = CliRunner().invoke(evaluate, [str(FOLDER), "--only", "python-", "--misses"])

    assert result.exit_code == 0
    assert "| valid after repair | 100% |" in result.stdout
    assert "10/10 python-interview-stuck: answered" in result.stderr
