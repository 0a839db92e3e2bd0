"""The offline coach: what it says follows from the facts, and it does not repeat itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from aiplane.coaching.answers import HintAnswer
from aiplane.code.rows import Source
from aiplane.contracts import (
    HintPayload,
    InterviewPayload,
    ReviewPayload,
)
from aiplane.providers.llm import Prompt
from aiplane.providers.llm.offline import MODEL, OfflineCoach
from aiplane.providers.llm.offline.findings import RULES, Finding, findings_in
from aiplane.providers.llm.offline.steps import (
    ANYTIME,
    BEGIN,
    BREAKING,
    FAILING_KINDS,
    TRACE,
    UNUSUAL,
    family_step,
    finding_step,
    syntax_step,
)
from aiplane.providers.llm.offline.topics import ANY_PROBLEM, TOPICS, topic_of
from aiplane.providers.llm.offline.voice import SIGNATURE, voice_of
from aiplane.text.measures import count_words
from tasks import hint, interview, review
from tasks.teaching import LEAST_WORDS, MOST_WORDS
from tests.unit.test_metrics import PROGRAMS

if TYPE_CHECKING:
    from aiplane.contracts import HintLevel

COACH = OfflineCoach()

CLEAN = "def f(a):\n    if not a:\n        return 1\n    return sum(a)\n"
SELF_PAIRS = """def f(a, t):
    for i in range(len(a)):
        for j in range(len(a)):
            if a[i] + a[j] == t:
                return [i, j]
"""
PAIRS = """def f(nums, target):
    for i in nums:
        for j in nums:
            if i + j == target:
                return i, j
"""
TWO_SUM = "Find the two numbers that add up to the target."


@pytest.mark.parametrize("language", PROGRAMS)
def test_every_kind_is_answered_in_every_language(language: str) -> None:
    code = {"problemDescription": TWO_SUM, "language": language}

    hinted = hint.write_hint(
        HintPayload.parse({**code, "currentCode": PROGRAMS[language], "hintLevel": "direct"}), COACH
    )
    reviewed = review.review(ReviewPayload.parse({**code, "code": PROGRAMS[language]}), COACH)
    replied = interview.reply(
        InterviewPayload.parse({**code, "currentCode": PROGRAMS[language], "conversationHistory": []}), COACH
    )

    assert hinted.hint
    assert "time_complexity" in reviewed.weakness_signals
    assert replied.message


def test_an_answer_costs_nothing_and_names_its_author() -> None:
    llm = Keeping()
    hint.write_hint(HintPayload.parse(hint_payload()), llm)

    completion = COACH.complete(llm.prompt)

    assert (completion.model, completion.input_tokens, completion.output_tokens) == (MODEL, 0, 0)
    HintAnswer.model_validate_json(completion.text)


class Keeping(OfflineCoach):
    prompt: Prompt

    def complete(self, prompt: Prompt) -> Any:
        self.prompt = prompt
        return super().complete(prompt)


def hint_payload(**fields: Any) -> dict[str, Any]:
    return {
        "problemDescription": TWO_SUM,
        "currentCode": PAIRS,
        "language": "python",
        "hintLevel": "gentle",
        **fields,
    }


def given_hint(**fields: Any) -> str:
    return hint.write_hint(HintPayload.parse(hint_payload(**fields)), COACH).hint


TEMPLATES = {
    "python": 'class A:\n    def f(self, nums):\n        """\n        Sum.\n        """\n        pass\n',
    "javascript": "/**\n * @param {number[]} nums\n */\nvar f = function(nums) {\n\n};\n",
    "typescript": "function f(nums: number[]): number {\n\n};\n",
    "java": "class A {\n    public int[] f(int[] nums) {\n        // Sum\n        return null;\n    }\n}\n",
    "cpp": "#include <vector>\nclass A {\npublic:\n    std::string f(vector<int>& nums) {\n    }\n};\n",
    "c": "int* f(int* nums, int size) {\n\n}\n",
    "go": "package main\n\nfunc f(nums []int) int {\n    return 0\n}\n",
    "rust": "impl A {\n    pub fn f(nums: Vec<i32>) -> i32 {\n    }\n}\n",
}


@pytest.mark.parametrize("language", TEMPLATES)
def test_an_empty_template_is_told_from_code(language: str) -> None:
    fields = {"language": language, "hintLevel": "direct"}

    assert BEGIN.direct in given_hint(currentCode=TEMPLATES[language], **fields)
    assert BEGIN.direct not in given_hint(currentCode=PROGRAMS[language], **fields)


@pytest.mark.parametrize(
    ("run", "words"),
    [
        ({"passedTestCases": 0, "totalTestCases": 4}, TRACE.gentle),
        ({"passedTestCases": 4, "totalTestCases": 4}, UNUSUAL.gentle),
        ({"passedTestCases": 3, "totalTestCases": 4}, FAILING_KINDS.gentle),
        ({"passedTestCases": 3, "totalTestCases": 9, "errorTestCases": 6}, BREAKING.gentle),
        (None, TRACE.gentle),
    ],
)
def test_a_hint_follows_from_how_the_tests_went(run: dict[str, int] | None, words: str) -> None:
    assert words in given_hint(
        currentCode="def f(a):\n    if not a:\n        return 1\n    return sum(a)\n", executionResult=run
    )


def test_a_hint_points_at_what_stands_in_the_way() -> None:
    passing = {"passedTestCases": 4, "totalTestCases": 4}

    assert "line 3" in given_hint(executionResult=passing, hintLevel="moderate")
    assert "line 3" not in given_hint(executionResult=passing, hintLevel="gentle")


@pytest.mark.parametrize("level", ["gentle", "moderate", "direct"])
def test_no_hint_is_given_twice_until_all_were_given(level: HintLevel) -> None:
    given: list[str] = []
    while len(given) < 9 and (latest := given_hint(hintLevel=level, previousHints=given)) not in given:
        given.append(latest)

    assert len(given) >= 9


@pytest.mark.parametrize("topic", TOPICS)
def test_every_family_of_problems_is_found_by_its_words(topic: Any) -> None:
    word = next(word for word in SAMPLES if topic_of(word) == topic)

    assert topic_of(f"Given some input. {word.upper()} Return the answer.") == topic


SAMPLES = (
    "Reverse a linked list.",
    "Find the depth of a binary tree.",
    "Merge the intervals.",
    "Count the islands in a grid.",
    "Are the parentheses balanced?",
    "Find the k-th largest element.",
    "List all possible subsets.",
    "Find the longest substring.",
    "In how many ways can you climb? Give the number of ways.",
    TWO_SUM,
    "Find x in a sorted array.",
)


def test_other_problems_have_a_way_in_too() -> None:
    assert topic_of("Print hello.") == ANY_PROBLEM


def test_a_review_scores_what_it_finds_and_says_where() -> None:
    result = review.review(
        ReviewPayload.parse(
            {
                "problemDescription": TWO_SUM,
                "code": PAIRS,
                "language": "python",
                "executionResult": {"passedTestCases": 3, "totalTestCases": 10},
                "historicalWeaknesses": [{"category": "time_complexity"}],
            }
        ),
        COACH,
    )

    assert [category.score for category in result.categories] == [3, 7, 8, 5]
    assert [category.judged for category in result.categories] == [None, None, None, False]
    assert result.categories[1].evidence[0].quote == "for j in nums:"
    assert result.suggestions[0].start_line == 3
    assert "earlier sessions" not in result.summary


def test_a_rubric_is_scored_by_what_its_lines_are_about() -> None:
    rubric = [
        "Runtime complexity",
        "Does it work?",
        "Handling of edge cases",
        "Talks while coding",
        "Elegance",
    ]
    payload = {"problemDescription": TWO_SUM, "code": PAIRS, "language": "python", "rubric": rubric}

    result = review.review(ReviewPayload.parse(payload), COACH)

    assert [category.score for category in result.categories] == [7, 5, 5, 5, 5]
    assert [category.judged is None for category in result.categories] == [True, False, False, False, False]
    assert result.overall_score == 7
    assert "no rule" in result.categories[-1].feedback


@pytest.mark.parametrize("run", [None, {"status": "running"}, {"status": "failed"}])
def test_code_that_never_ran_has_no_ten(run: dict[str, str] | None) -> None:
    payload = {"problemDescription": TWO_SUM, "code": CLEAN, "language": "python", "executionResult": run}

    result = review.review(ReviewPayload.parse(payload), COACH)

    assert max(category.score for category in result.categories) < 10
    assert result.categories[0].judged is False
    assert result.overall_score < 9


def test_where_every_test_passes_no_pattern_says_that_the_result_is_wrong() -> None:
    payload = {
        "problemDescription": TWO_SUM,
        "code": SELF_PAIRS,
        "language": "python",
        "executionResult": {"passedTestCases": 9, "totalTestCases": 9},
    }

    result = review.review(ReviewPayload.parse(payload), COACH)

    assert result.categories[0].score == 10
    assert not [each for each in result.suggestions if each.category == "correctness"]


C_PAIRS = """int f(int* a, int n, int t) {
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++)
      if (a[i] + a[j] == t)
        return 1;
  return 0;
}
"""
JAVASCRIPT_PAIRS = """function f(a, t) {
  for (let i = 0; i < a.length; i++) {
    for (let j = 0; j < a.length; j++) {
      if (a[i] + a[j] === t) return [i, j];
    }
  }
}
"""


@pytest.mark.parametrize("code", [SELF_PAIRS, C_PAIRS, JAVASCRIPT_PAIRS])
def test_a_pair_of_an_element_with_itself_is_seen(code: str) -> None:
    assert "together with itself" in remarks_on(code)
    assert "together with itself" not in remarks_on(code.replace("a[i] +", "i != j and a[i] +"))


@pytest.mark.parametrize("code", [C_PAIRS, JAVASCRIPT_PAIRS])
def test_loops_that_begin_behind_one_another_pair_nothing_with_itself(code: str) -> None:
    assert "together with itself" not in remarks_on(code.replace("j = 0", "j = i + 1"))


def test_two_loops_over_a_grid_pair_nothing() -> None:
    grid = "def f(a):\n    for i in range(n):\n        for j in range(n):\n            total += a[i][j]\n"

    assert "together with itself" not in remarks_on(grid)


def remarks_on(code: str) -> str:
    return " ".join(finding.rule.remark for finding in findings_in(Source(code, "python", None)))


def talk(answers: list[str], **fields: Any) -> list[Any]:
    """An interview in which the room keeps the messages only, without the follow-up questions."""
    history: list[dict[str, str]] = []
    replies = []
    for answer in [None, *answers]:
        payload = {
            "problemDescription": TWO_SUM,
            "currentCode": PAIRS,
            "conversationHistory": history,
            "language": "python",
        }
        said = {} if answer is None else {"userMessage": answer}
        before = {"currentDifficulty": replies[-1].difficulty} if replies else {}
        replies.append(
            interview.reply(InterviewPayload.parse({**payload, **fields, **said, **before}), COACH)
        )
        history += [{"role": "user", "content": answer}] if answer else []
        history.append({"role": "assistant", "content": replies[-1].message})
    return replies


@pytest.mark.parametrize("hints", [0, 1, 5])
def test_the_interviewer_never_asks_the_same_twice(hints: int) -> None:
    questions = [reply.follow_up_question for reply in talk(["Then I go on."] * 20, hintCount=hints)]
    asked = [question for question in questions if question]

    assert len(asked) >= 8
    assert len(set(asked)) == len(asked)
    assert questions[-1] is None


def test_the_interviewer_asks_about_the_code_and_marks_the_line() -> None:
    (annotation,) = talk(["I compare all pairs."])[1].code_annotations

    assert annotation.line == 3


def test_a_candidate_without_an_answer_is_met_with_smaller_steps() -> None:
    replies = talk(["I don't know", "no idea", "I am stuck"])

    assert replies[-1].difficulty == "easy"
    assert replies[-1].follow_up_type == "encouragement"
    assert "communication" in replies[-1].weakness_signals


def test_a_candidate_who_does_well_is_asked_more() -> None:
    run = {"passedTestCases": 5, "totalTestCases": 5}

    replies = talk(["Like this."] * 3, hintCount=0, executionResult=run)

    assert {reply.difficulty for reply in replies} == {"hard"}


def test_how_the_tests_went_is_said_once() -> None:
    run = {"passedTestCases": 3, "totalTestCases": 5}

    types = [reply.follow_up_type for reply in talk(["Like this."] * 3, hintCount=1, executionResult=run)]

    assert types == ["evaluation", "question", "question", "question"]


def test_an_old_weakness_is_probed_first() -> None:
    reply = talk(["Hello"], historicalWeaknesses=[{"category": "variable_naming"}])[1]

    assert "name" in reply.follow_up_question


def proactive(silence: float | None) -> Any:
    payload = {
        "problemDescription": TWO_SUM,
        "currentCode": PAIRS,
        "conversationHistory": [{"role": "assistant", "content": "What does it cost?"}],
        "trigger": "proactive",
        "interactionSignals": {"secondsSinceLastUserMessage": silence},
    }
    return interview.reply(InterviewPayload.parse(payload), COACH)


def test_a_candidate_who_is_thinking_is_left_alone_for_a_while() -> None:
    assert not proactive(None).should_respond
    assert not proactive(60).should_respond
    assert proactive(300).message.startswith("Offline coach: You have been quiet for a while.")


def test_a_case_of_another_kind_is_a_fault_of_ours() -> None:
    with pytest.raises(TypeError):
        COACH.complete(Prompt("hint", (), HintAnswer, {"payload": 1}))


def test_code_that_does_not_parse_comes_before_all_else() -> None:
    broken = "def f(nums, target):\n    for i in range(len(nums):\n        print(i)\n"

    assert "unsure about the form of your code" in given_hint(currentCode=broken)
    assert "unsure at line 2" in given_hint(currentCode=broken, hintLevel="moderate")


@pytest.mark.parametrize(
    ("response", "words"),
    [("A dictionary?", "cannot judge your answer"), ("I don't know", "something smaller"), (" ", "")],
)
def test_an_answer_to_the_latest_hint_is_taken_up(response: str, words: str) -> None:
    hinted = given_hint(reflectionResponse=response, previousHints=["Look at the pairs."])

    assert words in hinted
    assert ("your answer to the last hint" in hinted or "had no answer" in hinted) == bool(words)


def test_a_gentle_hint_keeps_the_idea_to_itself() -> None:
    result = hint.write_hint(HintPayload.parse(hint_payload(currentCode="")), COACH)

    assert result.suggested_approach is None
    assert "hash maps" not in result.related_concepts


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("Just give me the answer!", "I leave the finding of it to you"),
        ("You stupid thing", "frustrating"),
        ("What is the weather like?", "back to the problem"),
        ("I am stuck", "a smaller step"),
        ("Why does it fail for two equal numbers?", "cannot answer questions"),
        ("I would use a set for that.", "cannot judge what you said"),
        ("Maybe a set?", "cannot judge what you said"),
    ],
)
def test_whatever_a_candidate_says_the_interviewer_stays_the_interviewer(said: str, words: str) -> None:
    reply = talk([said])[1]

    assert words in reply.message
    assert reply.follow_up_question


def test_a_review_of_long_code_keeps_to_what_was_read() -> None:
    code = "".join(f"v_{number} = {number}\n" for number in range(9_000)) + PAIRS
    payload = {"problemDescription": TWO_SUM, "code": code, "language": "python"}

    result = review.review(ReviewPayload.parse(payload), COACH)

    assert "Lines read: 1-" in result.summary


def test_a_parser_is_not_heard_where_tests_pass() -> None:
    macros = "#define rep(i, n) for (int i = 0; i < n; i++)\nint f() {\n  rep(i, 3) { }\n  return 1;\n}\n"
    broken = "def f(nums, target):\n    for i in range(len(nums):\n        print(i)\n"
    passed = {"passedTestCases": 1, "totalTestCases": 4}

    assert "parser" not in given_hint(currentCode=broken, executionResult=passed)
    assert "parser" not in given_hint(currentCode=macros, language="cpp")


def test_a_review_says_where_a_parser_is_unsure() -> None:
    payload = {"problemDescription": TWO_SUM, "code": "def f(:\n    return 1\n", "language": "python"}

    assert "A parser is unsure at line 1" in review.review(ReviewPayload.parse(payload), COACH).summary


@pytest.mark.parametrize("level", ["gentle", "moderate", "direct"])
def test_every_hint_says_who_speaks_and_is_as_long_as_a_hint_has_to_be(level: HintLevel) -> None:
    topics = [step for topic in (*TOPICS, ANY_PROBLEM) for step in [family_step(topic)]]
    findings = [finding_step(Finding(rule, 3, 3, "x")) for rule in RULES]

    for step in (BEGIN, BREAKING, FAILING_KINDS, *ANYTIME, syntax_step(3), *topics, *findings):
        words = count_words(f"{SIGNATURE} All 4 tests pass. {step.at(level)} {step.trial}")
        assert LEAST_WORDS <= words <= MOST_WORDS - 25, step.at(level)
    assert given_hint(hintLevel=level).startswith("This is the offline coach")


TAGS = ["de", "es-419", "fr", "it", "pt-BR", "ru", "zh-Hant", "ja"]


@pytest.mark.parametrize("tag", TAGS)
def test_whoever_reads_another_language_is_told_what_was_measured_in_it(tag: str) -> None:
    voice = voice_of(tag)
    assert voice is not None
    run = {"passedTestCases": 3, "totalTestCases": 10}
    fields = {"problemDescription": TWO_SUM, "language": "python", "responseLanguage": tag}

    hinted = given_hint(responseLanguage=tag, executionResult=run, hintLevel="direct")
    reviewed = review.review(ReviewPayload.parse({**fields, "code": PAIRS, "executionResult": run}), COACH)
    talked = {**fields, "currentCode": PAIRS, "conversationHistory": [], "executionResult": run}
    replied = interview.reply(InterviewPayload.parse(talked), COACH)

    for text in (hinted, reviewed.summary, replied.message):
        assert text is not None
        assert text.startswith(voice.who)
        assert "10" in text
        assert "30%" in text
    assert reviewed.categories[1].feedback == voice.judged
    assert reviewed.categories[2].feedback == voice.measured
    assert reviewed.categories[3].feedback == voice.unjudged
    assert replied.follow_up_question == voice.question
    assert not any("loop" in text for text in (hinted, reviewed.summary, replied.message or ""))
    shortest = count_words(f"{voice.who} {voice.all_passing} {voice.try_example}")
    longest = count_words(f"{voice.who} {voice.unknown} {voice.look} {voice.try_example}")
    assert shortest >= LEAST_WORDS
    assert longest <= MOST_WORDS


def test_a_language_that_the_coach_has_no_words_in_gets_english() -> None:
    assert given_hint(responseLanguage="nl").startswith("This is the offline coach")


def test_the_tier_moves_with_how_it_goes_and_so_do_the_questions() -> None:
    well = talk(["Like this."] * 2, hintCount=0, executionResult={"passedTestCases": 5, "totalTestCases": 5})
    badly = talk(
        ["I don't know."] * 2, hintCount=4, executionResult={"passedTestCases": 1, "totalTestCases": 5}
    )

    assert [reply.difficulty for reply in well] == ["hard"] * 3
    assert [reply.difficulty for reply in badly] == ["easy"] * 3
    assert not {reply.follow_up_question for reply in well} & {
        reply.follow_up_question for reply in badly[1:]
    }


def test_the_first_message_greets_and_says_who_speaks() -> None:
    first, second = (reply.message for reply in talk(["Like this."]))

    assert first.startswith(f"Hello! {SIGNATURE}")
    assert second.startswith("Offline coach: ")


def test_in_another_language_too_it_says_only_once_what_it_is() -> None:
    first, second = (reply.message for reply in talk(["So und so."], responseLanguage="de"))

    assert first.startswith("Hier spricht der Offline-Coach")
    assert second.startswith("Offline-Coach: Die Tests")
