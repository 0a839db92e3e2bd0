"""What a reply must keep: each rule, and what it lets through."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest

from aiplane.celery import app
from aiplane.contracts import InterviewPayload, InterviewResult
from aiplane.errors import LLMInvalidResponseError
from tasks.interview import reply, reply_to_candidate
from tasks.prompting import system_message
from tests.unit.scripted import ScriptedLLM

TURNS = [
    {"role": "assistant", "content": "Good. How does the running time grow with the input?"},
    {"role": "user", "content": "Linear."},
]
HISTORY = [{"category": "edge_cases", "description": "forgets to check for the empty list at the start"}]


def replied(
    message: str = "I see.", question: str | None = None, *, is_spoken: bool = False, **fields: Any
) -> InterviewResult:
    return talk(message, question, is_spoken=is_spoken, **fields)[0]


def asked(
    message: str = "I see.", question: str | None = None, *, is_spoken: bool = False, **fields: Any
) -> tuple[InterviewResult, str]:
    result, llm = talk(message, question, is_spoken=is_spoken, **fields)
    return result, llm.user


def goes_back(message: str = "I see.", question: str | None = None, **fields: Any) -> str:
    """Return what a reply goes back with, once, before it goes out all the same."""
    result, llm = talk(message, question, **fields)
    assert result.message == message.strip()
    return llm.sent_back


def talk(
    message: str = "I see.",
    question: str | None = None,
    *,
    is_spoken: bool = False,
    said: dict[str, Any] | None = None,
    **fields: Any,
) -> tuple[InterviewResult, ScriptedLLM]:
    answer = {
        "shouldRespond": True,
        "message": message,
        "followUpType": "question",
        "followUpQuestion": question,
        **(said or {}),
    }
    llm = ScriptedLLM(answer)
    payload = {"problemDescription": "Sum.", "currentCode": "x = 1\n", "conversationHistory": TURNS, **fields}
    return reply(InterviewPayload.parse(payload), llm, is_spoken=is_spoken), llm


@pytest.mark.parametrize(
    ("message", "question"),
    [
        ("I see. What is next?", "What does it cost?"),
        ("What is next? And then?", None),
        ("接下来呢\uff1f", "为什么\uff1f"),
    ],
)
def test_one_question_is_asked_at_most(message: str, question: str | None) -> None:
    assert "asks 2 questions" in goes_back(message, question)


@pytest.mark.parametrize(
    ("message", "question"), [("I see.", None), ("What is next?", None), ("I see.", "Why so?")]
)
def test_one_or_none_is_fine(message: str, question: str | None) -> None:
    assert replied(message, question).message == message


@pytest.mark.parametrize(
    "question",
    [
        "How does the running time grow with the input?",
        "how does the running time grow with the input",
        "And how would the running time grow with larger input?",
    ],
)
def test_what_was_asked_is_not_asked_again(question: str) -> None:
    assert "asks what was asked before" in goes_back("I see.", question)


def test_what_was_asked_is_not_asked_again_in_the_message() -> None:
    assert "asked before" in goes_back("So. How does the running time grow with the input?")


def test_another_question_is_fine() -> None:
    assert goes_back("I see.", "Which input would break this?") == ""
    assert goes_back("I see.", "How does the memory grow with the input?") == ""


def test_a_spoken_reply_has_90_words_at_most() -> None:
    assert goes_back("Go on. " * 49, is_spoken=True) == ""
    assert goes_back("Go on. " * 50) == ""
    assert "has 100 words, and it should have 90 at most" in goes_back(
        "Go on. " * 49, "Why so?", is_spoken=True
    )


@pytest.mark.parametrize(
    ("provider", "voice", "most"), [("openai", True, 90), ("openai", False, 200), ("none", True, 200)]
)
def test_a_reply_is_short_where_it_is_spoken(
    provider: str, voice: bool, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    llm = ScriptedLLM({"shouldRespond": True, "message": "I see.", "followUpType": "question"})
    settings = app.settings.model_copy(update={"tts_provider": provider})
    monkeypatch.setattr(app, "settings", settings)
    monkeypatch.setattr(app, "providers", SimpleNamespace(llm=llm, text_to_speech=None, storage=None))

    reply_to_candidate(
        {"problemDescription": "Sum.", "currentCode": "", "conversationHistory": [], "voice": voice}
    )

    assert f"have {most} words at most" in llm.user


def test_lines_that_are_named_exist() -> None:
    with pytest.raises(LLMInvalidResponseError, match="line that does not exist"):
        replied("Look at line 2.")


def test_the_model_is_told_how_long_a_reply_may_be() -> None:
    assert "have 90 words at most" in asked(is_spoken=True)[1]


@pytest.mark.parametrize("message", ["Write `total += x` there.", "Use this:\nfor x in nums:"])
def test_an_interviewer_writes_no_code(message: str) -> None:
    with pytest.raises(LLMInvalidResponseError, match="holds code"):
        replied(message)


@pytest.mark.parametrize(
    "message",
    [
        "You seem to be one who forgets to check for the empty list.",
        "As in your earlier sessions, look at the edges.",
        "That is one of your known weaknesses.",
        "You often forget the empty case.",
        "Is it that you often forget to check the list when it is empty?",
        "You forget, um, to check, well, for the, say, empty, so, list.",
        "Your record says edge cases.",
        "Wie in den letzten Sitzungen: schau auf den Rand.",
    ],
)
def test_what_is_known_of_earlier_sessions_is_not_told(message: str) -> None:
    with pytest.raises(LLMInvalidResponseError, match="earlier sessions"):
        replied(message, historicalWeaknesses=HISTORY)


def test_a_weakness_may_be_probed() -> None:
    assert replied(
        "I see.", "What happens with an empty list?", historicalWeaknesses=HISTORY
    ).follow_up_question


@pytest.mark.parametrize(
    ("stored", "question"),
    [
        (
            "Often forgets that k may be larger than the length of the array.",
            "What if k were larger than the length of the array?",
        ),
        (
            "Does not handle an empty list or a single element.",
            "What if it is an empty list or a single element?",
        ),
        ("vergisst oft den Fall der leeren Liste", "Was passiert bei einer leeren Liste?"),
    ],
)
def test_a_probe_may_share_the_words_of_what_is_stored(stored: str, question: str) -> None:
    known = [{"category": "edge_cases", "description": stored}]

    assert goes_back("I see.", question, historicalWeaknesses=known) == ""


def test_what_the_candidate_says_of_it_may_be_said_back() -> None:
    said = "I know that I am one who forgets to check for the empty list."

    assert replied(
        "You say one forgets to check for the empty list.", userMessage=said, historicalWeaknesses=HISTORY
    )


def test_an_interviewer_may_quote_the_candidate_s_code() -> None:
    said = "Now `hi = nums.length` is exclusive, and `nums[mid]` reads past the end."

    assert goes_back(said, currentCode="lo, hi = 0\nhi = nums.length\nx = nums[mid]\n") == ""


WHOLE_WAY = (
    "Sure. Make a table from each value to its index. Go through the list once. For each number, compute "
    "what is missing and check whether it is in the table. If it is, return both; if not, put the number "
    "into it."
)


@pytest.mark.parametrize("tier", ["medium", "hard"])
def test_the_solution_is_not_told_step_by_step(tier: str) -> None:
    with pytest.raises(LLMInvalidResponseError, match="tells the solution step by step"):
        replied(WHOLE_WAY, currentDifficulty=tier)


def test_what_the_candidate_said_may_be_said_back_step_by_step() -> None:
    own = "I'd go through the list, store each value, check if the rest is there, compute it and return both."

    assert goes_back(WHOLE_WAY, userMessage=own) == ""


REMARK = {"line": 1, "comment": "Here it begins."}


def test_remarks_are_five_of_300_characters_at_lines_that_exist() -> None:
    remarks = [
        {**REMARK, "line": 9},
        *({**REMARK, "comment": f"{number} " + "so " * 200} for number in range(9)),
    ]
    given = replied(said={"codeAnnotations": remarks}).code_annotations or ()

    assert [each.comment[0] for each in given] == list("01234")
    assert all(len(each.comment) <= 300 and each.comment.endswith("so\u2026") for each in given)


@pytest.mark.parametrize(
    ("comment", "rule"),
    [
        ("Change this to: int lo = 0, hi = nums.length - 1;", "holds code"),
        ("See line 7.", "line that does not exist"),
        ("You often forget the empty list.", "earlier sessions"),
        (WHOLE_WAY, "step by step"),
    ],
)
def test_remarks_are_held_to_what_the_message_is(comment: str, rule: str) -> None:
    with pytest.raises(LLMInvalidResponseError, match=rule):
        replied(said={"codeAnnotations": [{**REMARK, "comment": comment}]}, historicalWeaknesses=HISTORY)


def test_below_the_tier_of_hints_nothing_that_the_model_keeps_back_is_told() -> None:
    said = {"diagnosis": {"keepBack": "store complements in a set"}}
    told = "You could store the complements in a set."

    with pytest.raises(LLMInvalidResponseError, match="diagnosis keeps back"):
        replied(told, said=said, currentDifficulty="medium")
    assert goes_back(told, said=said, currentDifficulty="easy", hintCount=5) == ""


def test_a_reply_is_in_the_language_that_was_asked_for() -> None:
    english = (
        "You are on the right track, and this is a good idea. Look at what happens at the border of the map."
    )

    with pytest.raises(LLMInvalidResponseError, match="language that was asked for"):
        replied(english, responseLanguage="es")
    assert goes_back(english, responseLanguage="en-US") == ""
    assert goes_back(english) == ""


def test_a_question_is_the_message_where_there_is_no_other() -> None:
    result = replied("", "Why so?")

    assert (result.message, result.follow_up_question) == ("Why so?", None)


@pytest.mark.parametrize(
    "said",
    [
        "Okay, then I'll write the function now.",
        "Just give me the solution.",
        "Ugh, I feel stupid, the output array can hold the products already.",
        "You stupid machine, shut up!",
        "I don't know.",
        "I'm not sure, but I think that a set makes it linear.",
        "What is the weather like?",
    ],
)
def test_the_model_is_told_no_mood(said: str) -> None:
    facts = facts_of(asked(userMessage=said)[1])

    assert facts == facts_of(asked(userMessage="So?")[1])
    for mood in ("asks for the answer", "is rude", "has no answer", "off the topic"):
        assert mood not in system_message("interview")


def facts_of(user: str) -> str:
    return user.partition("Facts and orders from us:")[2]


def test_the_model_is_told_how_long_the_silence_has_been() -> None:
    facts = facts_of(
        asked(
            trigger="proactive",
            userMessage=None,
            interactionSignals={"secondsSinceLastUserMessage": 240, "elapsedSeconds": 900.4},
        )[1]
    )

    assert "- The interview began 900 s ago." in facts
    assert "- The candidate last said something 240 s ago." in facts


def test_who_has_just_spoken_is_not_silent() -> None:
    signals = {"secondsSinceLastUserMessage": 4}

    assert "last said" not in facts_of(asked(userMessage="So?", interactionSignals=signals)[1])


@pytest.mark.parametrize(
    ("place", "fact"),
    [
        ({"startLine": 1, "endLine": 1}, "- The candidate is at line 1."),
        ({"cursorLine": 1}, "- The candidate is at line 1."),
        ({"startLine": 1, "endLine": 9}, None),
        ({"cursorLine": 12}, None),
    ],
)
def test_the_place_that_is_told_exists(place: dict[str, int], fact: str | None) -> None:
    facts = facts_of(asked(codeContext=place)[1])

    assert fact in facts if fact else "The candidate is at" not in facts


def test_the_turns_are_numbered_and_the_latest_words_are_the_last() -> None:
    user = asked(userMessage="So?")[1]

    assert re.search(r"^1 (?:interviewer|candidate)\|", user, re.MULTILINE)
    assert re.search(r"^3 candidate\|.So\?$", user, re.MULTILINE)
