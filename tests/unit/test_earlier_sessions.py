"""Earlier sessions that an answer speaks of, and words that only sound like it."""

from __future__ import annotations

import pytest

from tasks.earlier_sessions import check_mentions


def faults(text: str, *public: str, topic: str = "") -> str:
    return " ".join(fault.wrong for fault in check_mentions({"summary": text}, public, topic))


@pytest.mark.parametrize(
    "text",
    [
        "As in your last three sessions, the empty list is forgotten.",
        "This came up in earlier interviews.",
        "One of your known weaknesses is naming.",
        "Short names again, as you always do.",
        "As so often with you, the last element is skipped.",
        "You never learn to check the input.",
        "Wie in den letzten drei Sitzungen fehlt die Prüfung.",
        "Como en las últimas sesiones, falta el caso vacío.",
    ],
)
def test_earlier_sessions_are_not_told(text: str) -> None:
    assert "earlier sessions" in faults(text)


@pytest.mark.parametrize(
    "text",
    [
        "You return early, as you usually do in Go.",
        "You never manage the memory of the last node.",
        "The last three rows are skipped.",
        "The previous value is kept, as in line 3.",
        "The loop always ends, as it should.",
        "In earlier versions of Python the order was not kept.",
        "The name is used in several places of this session.",
    ],
)
def test_other_things_may_be_earlier(text: str) -> None:
    assert faults(text) == ""


def test_what_the_problem_is_about_or_the_candidate_said_may_be_told() -> None:
    assert faults("Other sessions may hold the lock.", topic="Count the sessions of each user.") == ""
    assert faults("As you say, in your last interview.", "It was asked in my last interview.") == ""
