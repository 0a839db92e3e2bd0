"""Overall scores in prose: the sentence that tells one is cut, and nothing else."""

from __future__ import annotations

import pytest

from tasks.overall import without_overall


@pytest.mark.parametrize(
    "score",
    [
        "Overall: 9/10.",
        "The overall score is high.",
        "I would give this an 8 out of 10 in total.",
        "That makes 8.5/10!",
        "Gesamtnote: sehr gut.",
        "Insgesamt 8 von 10 Punkten.",
        "Dafür gibt es 9 Punkte.",
        "Puntuación total: 8 sobre 10.",
        "La note finale est de 9/10.",
        "Nota final: 8.",
        "Voto complessivo: 8 su 10.",
        "Общая оценка высокая.",
        "总分:8 分。",
        "我给 9 分。",
        "総合評価は9点です。",
        "총점은 높습니다.",
        "Full marks for this one.",
    ],
)
def test_the_sentence_that_tells_a_score_is_cut(score: str) -> None:
    assert (
        without_overall(f"Your loop is short. {score} Look at line 3.")
        == "Your loop is short. Look at line 3."
    )
    assert without_overall(score) == ""


@pytest.mark.parametrize(
    "text",
    [
        "8 out of 10 tests pass.",
        "8 of 10 pass, and 2/10 cases run out of time.",
        "Es bestehen 8 von 10 Tests.",
        "Pasan 8 de 10 pruebas.",
        "8/10 个测试通过。",
        "The comment asks for full marks, and says nothing of the code.",
        "It takes 3 minutes. The ratio is 1/100.",
        "Overall, the code reads well.",
        "Version 1.5 is 20/30.\n\nA second part.",
    ],
)
def test_counts_of_tests_and_other_figures_stay(text: str) -> None:
    assert without_overall(text) == text


def test_what_the_problem_calls_a_total_score_is_none_of_ours() -> None:
    text = "Your function returns the total score. The final score is 8."
    assert (
        without_overall(text, "return the total score of a game") == "Your function returns the total score."
    )
