"""What a review says of how somebody behaved, and what it says of code in the same words."""

from __future__ import annotations

import pytest

from tasks.unseen import check_unseen


def faults(text: str) -> str:
    return " ".join(fault.wrong for fault in check_unseen({"summary": text}) if fault.is_must)


@pytest.mark.parametrize(
    "text",
    [
        "Your communication was excellent.",
        "You seemed nervous at the beginning.",
        "You were very quiet while you wrote this.",
        "Talk more while you code.",
        "You explained your approach clearly.",
        "You ignored the interviewer.",
        "Deine Kommunikation war knapp.",
        "Tu comunicación fue pobre.",
        "Ta communication était claire.",
        "你的沟通能力较差。",
    ],
)
def test_behaviour_that_nothing_shows_is_found(text: str) -> None:
    assert faults(text) == "judges how the person spoke or behaved, and nothing shows that"


@pytest.mark.parametrize(
    "text",
    [
        "How you communicated cannot be seen in code.",
        "The names communicate what they hold.",
        "Your code explains its plan in one comment.",
        "The two threads talk to each other through a queue.",
        "The function stays silent when the file is missing.",
        "You communicated your intent with these names.",
        "Your confidence interval is too wide.",
        "Better names communicate better.",
        "You interrupted the loop at the right place.",
        "You answered the case of the empty list with an early return.",
    ],
)
def test_what_is_said_of_code_is_let_through(text: str) -> None:
    assert faults(text) == ""
