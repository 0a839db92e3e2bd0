"""The review task, with a model that says what the test wants."""

from __future__ import annotations

import re
from typing import Any

import pytest

from aiplane.contracts import ReviewPayload, ReviewResult
from aiplane.errors import LLMInvalidResponseError
from aiplane.queues import QUEUES
from tasks.review import review, review_code
from tasks.scoring import CATEGORIES
from tests.unit.payloads import REVIEW
from tests.unit.scripted import ScriptedLLM

CODE = "def f(a):\n    total = 0\n    for x in a:\n        total += x\n    return total\n"
EVIDENCE = {"quote": "total = 0", "startLine": 2, "endLine": 2, "observation": "A sum begins."}
SUGGESTION = {
    "startLine": 3,
    "endLine": 4,
    "severity": "minor",
    "category": "Readability",
    "message": "Use sum.",
    "replacement": None,
}


def category(name: str, score: int = 10, *evidence: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "score": score, "feedback": "So it is.", "evidence": list(evidence)}


def reviewed(
    *categories: dict[str, Any],
    run: dict[str, Any] | None = None,
    rubric: list[str] | None = None,
    **rest: Any,
) -> ReviewResult:
    given = {each["name"]: each for each in categories}
    usual = [given.get(name, category(name)) for name in CATEGORIES]
    answer = {
        "categories": list(categories) if rubric else usual,
        "suggestions": [],
        "summary": "Well.",
        "weaknessSignals": [],
        **rest,
    }
    payload = {"problemDescription": "Sum.", "code": CODE, "language": "python", "executionResult": run}
    return review(ReviewPayload.parse({**payload, "rubric": rubric}), ScriptedLLM(answer))


def failing(passed: int) -> dict[str, int]:
    return {"passedTestCases": passed, "totalTestCases": 10}


def test_the_categories_come_in_their_order_with_their_names() -> None:
    given = [category(name) for name in ("Edge cases", "READABILITY", "4. correctness", "efficiency")]

    assert [each.name for each in reviewed(categories=given).categories] == list(CATEGORIES)


def test_a_rubric_gives_the_names_and_their_order_even_twice() -> None:
    rubric = ["Clear names", "Tests", "Clear names"]
    result = reviewed(
        category("tests"), category("clear names", 10), category("1. Clear  names", 10), rubric=rubric
    )

    assert [each.name for each in result.categories] == rubric


@pytest.mark.parametrize("names", [CATEGORIES[:3], (*CATEGORIES, "style"), ("correctness",) * 4, ()])
def test_other_categories_than_those_asked_for_are_invalid(names: tuple[str, ...]) -> None:
    with pytest.raises(LLMInvalidResponseError, match="asked for"):
        reviewed(categories=[category(name) for name in names])


def test_the_overall_score_is_computed() -> None:
    result = reviewed(category("correctness", 5, EVIDENCE))

    assert result.overall_score == 8


def test_correctness_is_capped_by_the_tests_that_pass() -> None:
    result = reviewed(category("correctness", 9, EVIDENCE), run=failing(3))

    assert result.categories[0].score == 3
    assert result.overall_score == 7


def test_a_low_score_needs_evidence() -> None:
    with pytest.raises(LLMInvalidResponseError, match="without evidence"):
        reviewed(category("readability", 9))


def test_failed_tests_are_evidence_for_correctness_only() -> None:
    assert reviewed(category("correctness", 3), run=failing(5)).categories[0].score == 3

    with pytest.raises(LLMInvalidResponseError, match="without evidence"):
        reviewed(category("efficiency", 3), run=failing(5))


def test_a_quote_is_replaced_by_what_stands_in_the_code() -> None:
    quote = {**EVIDENCE, "quote": "for x in a:  total+=x", "startLine": 3, "endLine": 4}
    evidence = reviewed(category("efficiency", 7, quote)).categories[1].evidence[0]

    assert evidence.quote == "for x in a:\n        total += x"
    assert evidence.quote in "\n".join(CODE.split("\n")[2:4])


def test_the_lines_of_a_quote_are_corrected() -> None:
    evidence = reviewed(category("efficiency", 7, {**EVIDENCE, "startLine": 5, "endLine": 90})).categories[1]

    assert (evidence.evidence[0].start_line, evidence.evidence[0].end_line) == (2, 2)


def test_a_quote_that_is_not_in_the_code_is_invalid_and_not_repeated() -> None:
    with pytest.raises(LLMInvalidResponseError, match="not in the code") as caught:
        reviewed(category("efficiency", 7, {**EVIDENCE, "quote": "subtotal = 0"}))

    assert "subtotal" not in caught.value.failed_reason


@pytest.mark.parametrize(("start", "end"), [(1, 6), (6, 6), (4, 3)])
def test_suggestions_stand_on_lines_that_exist(start: int, end: int) -> None:
    with pytest.raises(LLMInvalidResponseError, match="lines that do not exist"):
        reviewed(suggestions=[{**SUGGESTION, "startLine": start, "endLine": end}])


def test_suggestions_come_most_severe_first_with_the_category_s_own_name() -> None:
    severities = ("info", "critical", "minor", "major")
    result = reviewed(suggestions=[{**SUGGESTION, "severity": severity} for severity in severities])

    assert [each.severity for each in result.suggestions] == ["critical", "major", "minor", "info"]
    assert {each.category for each in result.suggestions} == {"readability"}
    assert "replacement" not in result.to_wire()["suggestions"][0]


def signal(weakness: str, quote: str = "total = 0", line: int = 2) -> dict[str, Any]:
    return {"weakness": weakness, "quote": quote, "startLine": line, "endLine": line}


def test_only_weaknesses_that_code_can_show_are_signalled_each_once() -> None:
    named = ["off_by_one", "communication", "boredom", "off_by_one", "edge_cases"]

    signals = reviewed(weaknessSignals=[signal(name) for name in named]).weakness_signals

    assert signals == ("off_by_one", "edge_cases")


def test_a_weakness_whose_quote_is_not_in_the_code_is_not_signalled() -> None:
    signals = [signal("off_by_one", "subtotal = 0"), signal("edge_cases", "return total", 5)]

    assert reviewed(weaknessSignals=signals).weakness_signals == ("edge_cases",)


@pytest.mark.parametrize(
    ("replacement", "sent"),
    [
        ("total = sum(a)", "    total = sum(a)"),
        ("    for y in a:\n        total += y", "    for y in a:\n        total += y"),
        ("for y in a:\n    total += y", "    for y in a:\n        total += y"),
        ("for y in a\n    total += y", None),
        ("total = sum(a", None),
        ("", None),
    ],
)
def test_a_replacement_still_parses_or_is_dropped(replacement: str, sent: str | None) -> None:
    (suggestion,) = reviewed(suggestions=[{**SUGGESTION, "replacement": replacement}]).suggestions

    assert suggestion.replacement == sent


MACROS = "#define rep(i, n) for (int i = 0; i < n; i++)\nint f(int a) {\n  rep(i, 3) a++;\n  return a;\n}\n"
MARKUP = "const App = (p: P) => {\n  const a: number = p.a;\n  return <b>{a}</b>;\n};\n"


@pytest.mark.parametrize(
    ("language", "code", "line", "replacement", "is_kept"),
    [
        ("cpp", MACROS, 3, "  rep(j, 2) a += j;", True),
        ("c", MACROS, 3, "  rep(i, 3) { a++; }", True),
        ("cpp", MACROS, 4, "  return (a;", False),
        ("typescript", MARKUP, 3, "  return <i>{a}</i>;", True),
        ("typescript", MARKUP, 3, "  return <i>{a}</i", False),
    ],
)
def test_a_replacement_is_parsed_as_the_language_is(
    language: str, code: str, line: int, replacement: str, is_kept: bool
) -> None:
    llm = ScriptedLLM(
        {
            "categories": [category(name) for name in CATEGORIES],
            "suggestions": [{**SUGGESTION, "startLine": line, "endLine": line, "replacement": replacement}],
            "summary": "Well.",
            "weaknessSignals": [],
        }
    )
    payload = {"problemDescription": "Sum.", "code": code, "language": language}

    (suggestion,) = review(ReviewPayload.parse(payload), llm).suggestions

    assert suggestion.replacement == (replacement if is_kept else None)
    assert "parser" not in llm.user


@pytest.mark.parametrize(("run", "is_told"), [(None, True), (failing(1), False), (failing(0), False)])
def test_a_parser_is_not_heard_where_a_run_has_read_the_code(
    run: dict[str, int] | None, is_told: bool
) -> None:
    llm = ScriptedLLM(
        {
            "categories": [
                category(name, 0, {**EVIDENCE, "quote": "(a", "startLine": 1, "endLine": 1})
                for name in CATEGORIES
            ],
            "suggestions": [],
            "summary": "Well.",
            "weaknessSignals": [],
        }
    )
    payload = {
        "problemDescription": "Sum.",
        "code": "print((a\n",
        "language": "python",
        "executionResult": run,
    }

    review(ReviewPayload.parse(payload), llm)

    assert ("A parser is unsure at line 1" in llm.user) == is_told


def test_ten_suggestions_are_kept_at_most_and_those_the_most_severe() -> None:
    given = [{**SUGGESTION, "severity": severity} for severity in ["info"] * 10 + ["critical"] * 3]

    kept = [each.severity for each in reviewed(suggestions=given).suggestions]

    assert kept == ["critical"] * 3 + ["info"] * 7


def test_a_line_that_is_named_exists() -> None:
    with pytest.raises(LLMInvalidResponseError, match="line that does not exist"):
        reviewed(summary="Line 6 is wrong.")


LONG = "".join(f"v_{number} = {number}\n" for number in range(1, 10_001))


def long_review(start: int, **fields: Any) -> ReviewResult:
    answer = {
        "categories": [category(name) for name in CATEGORIES],
        "suggestions": [{**SUGGESTION, "startLine": start, "endLine": start}],
        "summary": "Well.",
    }
    payload = {"problemDescription": "Sum.", "code": LONG, "language": "lua", **fields}
    return review(ReviewPayload.parse(payload), ScriptedLLM(answer))


@pytest.mark.parametrize(
    ("tag", "words"), [(None, "Lines read"), ("pt-BR", "Linhas lidas"), ("cy", "Lines read")]
)
def test_of_long_code_the_summary_says_what_was_read(tag: str | None, words: str) -> None:
    summary = long_review(1, responseLanguage=tag).summary

    assert re.fullmatch(rf"Well\.\n\n{words}: 1-2\d{{3}}, 8\d{{3}}-10000 / 10000\.", summary)


def test_suggestions_stand_on_lines_that_were_read() -> None:
    with pytest.raises(LLMInvalidResponseError, match="not shown"):
        long_review(5_000)


def test_the_task_is_a_plain_call() -> None:
    result = review_code(REVIEW)

    assert review_code.name == QUEUES["review"].task
    assert [each["name"] for each in result["categories"]] == REVIEW["rubric"]
