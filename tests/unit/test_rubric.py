"""A job's own rubric: names, weights, and what code cannot show."""

from __future__ import annotations

import pytest

from tasks.rubric import code_can_show, is_correctness, is_edge_cases, label, weights


@pytest.mark.parametrize(
    ("rubric", "expected"),
    [
        (["a", "b"], (1, 1)),
        (["Correctness (40%): x", "Style (60 %)"], (40, 60)),
        (["40% Correctness", "60% Style"], (40, 60)),
        (["1. Correctness - 40 %", "2. Style - 60 %"], (40, 60)),
        (["Correctness: 40%", "Style: 60%"], (40, 60)),
        (["Correctness (weight: 40%)", "Style weight 60%"], (40, 60)),
        (["Correctness [37,5 %]", "Style [62,5 %]"], (37.5, 62.5)),
        (["a (50%)", "b", "c"], (50, 25, 25)),
        (["a (60%)", "b (40%)", "c"], (60, 40, 40)),
        (["a (80%)", "b (80%)"], (1, 1)),
        (["Handles 100 % of the inputs that are allowed", "Style"], (1, 1)),
    ],
)
def test_weights_are_read(rubric: list[str], expected: tuple[float, ...]) -> None:
    assert weights(rubric) == expected


@pytest.mark.parametrize(
    "line",
    [
        "Communication: did the candidate explain trade-offs before coding?",
        "Explains their reasoning clearly",
        "Thinks aloud",
        "Asks clarifying questions",
        "Collaboration and teamwork",
        "Responds to feedback",
        "Time management (10%)",
        "Kommunikation",
        "Comunicación con el entrevistador",
        "Communique bien ses choix : communiquer",
        "沟通能力",
        "コミュニケーション",
    ],
)
def test_what_a_person_did_is_not_in_the_code(line: str) -> None:
    assert not code_can_show(line)


@pytest.mark.parametrize(
    "line",
    [
        "Correctness",
        "Comments explain the approach",
        "Names communicate intent",
        "Documentation: docstrings describe the solution",
        "Testing: did the candidate write or discuss tests?",
        "Idiomatic Go",
        "Error handling",
        "Problem solving",
        "Discusses nothing but O(n) loops",
        "Time complexity",
    ],
)
def test_what_is_about_code_is_in_the_code(line: str) -> None:
    assert code_can_show(line)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("1. Type safety (20%): Types are precise.", "Type safety"),
        ("Naming", "Naming"),
        ("- Idiomatic Go", "Idiomatic Go"),
        ("Testing: did they?", "Testing"),
        ("(a) thing", "(a) thing"),
    ],
)
def test_a_line_is_called_by_its_first_words(line: str, name: str) -> None:
    assert label(line) == name


def test_correctness_and_edge_cases_are_known_by_many_names() -> None:
    assert all(
        map(is_correctness, ("correctness", "1. Correctness (40%): x", "Korrektheit", "Corrección", "正确性"))
    )
    assert all(map(is_edge_cases, ("edge_cases", "Edge cases: empty", "Randfälle", "边界情况")))
    assert not is_correctness("Correct naming")
