"""The labelled cases, and the table that is made of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from aiplane.celery import app
from aiplane.cli.commands.eval import evaluate
from aiplane.code.languages import EXTENSIONS
from aiplane.contracts import PAYLOADS
from aiplane.evals.labels import Label, LabelError, read_labels
from aiplane.evals.recordings import Recording, read_recordings, write_recording
from aiplane.evals.replay import Played, play
from aiplane.evals.table import markdown, misses
from aiplane.evals.trial import Trial
from tests.unit.scripted import GOOD_HINT

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


RECORDED = {
    "kind": "hint",
    "should": "accept",
    "why": "it is good",
    "answers": ["{}"],
    "payload": {
        "problemDescription": "Add.",
        "currentCode": "x = 1\n",
        "language": "c",
        "hintLevel": "gentle",
    },
}
ANSWERS = FOLDER / "answers"
RECORDINGS = read_recordings(ANSWERS)


def played(should: str, *answers: Any, **more: Any) -> Played:
    texts = [each if isinstance(each, str) else json.dumps(each) for each in answers]
    recording = Recording.model_validate({**RECORDED, "should": should, "answers": texts, **more})
    app.loader.import_default_modules()
    return play("one", recording, app)


GOOD = {"hint": GOOD_HINT, "relatedConcepts": ["loops"]}
SHORT = {"hint": "Too short.", "relatedConcepts": ["loops"]}
SPOILT = {"hint": f"{GOOD_HINT} Write `y = f(x)` now.", "relatedConcepts": ["loops"]}


@pytest.fixture(autouse=True)
def _own_model() -> Iterator[None]:
    """Leave the process with the model that it had."""
    before = app.providers.llm
    yield
    app.providers.__dict__["llm"] = before


@pytest.mark.parametrize(
    ("should", "answers", "outcome", "is_wrong"),
    [
        ("accept", [GOOD], "accepted", False),
        ("accept", [SHORT, GOOD], "repaired", True),
        ("accept", [SPOILT], "refused", True),
        ("refuse", [SPOILT], "refused", False),
        ("refuse", [SPOILT, GOOD], "repaired", True),
        ("refuse", [GOOD], "accepted", True),
        ("repair", [SHORT], "repaired", False),
        ("repair", [SHORT, GOOD], "repaired", False),
        ("repair", [GOOD], "accepted", True),
        ("repair", [SPOILT], "refused", True),
        ("mend", [GOOD], "mended", False),
        ("mend", [SHORT], "repaired", True),
        ("mend", [SPOILT], "refused", True),
        ("unlabelled", [GOOD], "accepted", False),
        ("unlabelled", ["no object"], "refused", False),
    ],
)
def test_a_recorded_answer_is_played_through_the_checks(
    should: str, answers: list[Any], outcome: str, is_wrong: bool
) -> None:
    came = played(should, *answers)

    assert (came.outcome, came.is_wrong) == (outcome, is_wrong)


def test_what_went_back_is_told() -> None:
    assert "Your hint has 2 words" in played("accept", SHORT).told
    assert "holds code" in played("accept", SPOILT).told


def test_the_secrets_of_a_prompt_stand_in_a_recording_as_names() -> None:
    thoughts = "<think>@CANARY@ and [@FENCE@ begin: problem]</think>"

    assert played("accept", thoughts + json.dumps(GOOD)).outcome == "accepted"
    assert played("refuse", {**GOOD, "note": "@CANARY@"}).outcome == "refused"
    assert played("refuse", {**GOOD, "reflectionPrompt": "@FENCE@?"}).outcome == "refused"


@pytest.mark.parametrize(
    ("must", "must_not", "outcome"),
    [
        (["1 line"], [], "prompt holds"),
        (["a song"], [], "prompt fails"),
        ([], ["level gentle"], "prompt fails"),
    ],
)
def test_a_recording_may_be_about_what_the_prompt_says(
    must: list[str], must_not: list[str], outcome: str
) -> None:
    came = played("prompt", must=must, must_not=must_not)

    assert (came.outcome, came.is_wrong) == (outcome, outcome == "prompt fails")


@pytest.mark.parametrize(
    ("must", "must_not", "outcome"),
    [
        (["loops"], ["## "], "mended"),
        (["a song"], [], "not mended"),
        ([], ["loops"], "not mended"),
    ],
)
def test_a_recording_may_be_about_what_is_cut(must: list[str], must_not: list[str], outcome: str) -> None:
    came = played("mend", {**GOOD, "hint": f"## Hint\n\n{GOOD_HINT}"}, must=must, must_not=must_not)

    assert (came.outcome, came.is_wrong) == (outcome, outcome == "not mended")


@pytest.mark.parametrize("name", RECORDINGS)
def test_what_is_shipped_comes_out_as_it_is_labelled(name: str) -> None:
    app.loader.import_default_modules()
    came = play(name, RECORDINGS[name], app)

    assert not came.is_wrong, came.told


def test_a_recording_is_written_as_it_is_read(tmp_path: Path) -> None:
    strange = 'a "quoted"\\\n\ttext """ with \x1b and \u2028 and ends in "'
    recording = Recording.model_validate(
        {
            **RECORDED,
            "answers": [strange, "{}", 'one """'],
            "payload": {
                "code": strange,
                "turns": [{"role": "user", "n": None}],
                "x y": {"z": [1, 2.5, True]},
            },
        }
    )
    write_recording(tmp_path / "new", "one", recording)

    (read,) = read_recordings(tmp_path / "new").values()
    assert read.answers == recording.answers
    assert read.payload == {**recording.payload, "turns": [{"role": "user"}]}


@pytest.mark.parametrize("text", ["", "kind = 3", 'kind = "hint"\nshould = "accept"\n[payload]\n'])
def test_a_file_that_is_no_recording_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "broken.toml").write_text(text)

    with pytest.raises(LabelError, match=r"broken\.toml"):
        read_recordings(tmp_path)


def test_the_command_plays_recordings_and_says_what_is_not_as_labelled(tmp_path: Path) -> None:
    good, bad = (
        CliRunner().invoke(evaluate, ["--answers", str(folder), "--misses"]) for folder in (ANSWERS, tmp_path)
    )
    assert (good.exit_code, bad.exit_code) == (0, 2)
    assert "| wrongly accepted | 0 | 0 | 0 | 0 |" in good.stdout

    wrong = Recording.model_validate({**RECORDED, "should": "refuse", "answers": [json.dumps(GOOD)]})
    write_recording(tmp_path, "wrong", wrong)
    told = CliRunner().invoke(evaluate, ["--answers", str(tmp_path), "--misses"])
    assert told.exit_code == 1
    assert "wrong: accepted." in told.stdout


def test_the_command_records_what_a_provider_answers(tmp_path: Path) -> None:
    result = CliRunner().invoke(evaluate, [str(FOLDER), "--only", "python-hint", "--record", str(tmp_path)])

    assert result.exit_code == 0
    recorded = read_recordings(tmp_path)
    assert recorded.keys() == {label.name for label in LABELS if "python-hint" in label.name}
    assert {each.should for each in recorded.values()} == {"unlabelled"}
    assert {each.written_by for each in recorded.values()} == {"offline-coach"}
