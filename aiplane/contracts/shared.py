"""The pieces that more than one kind of job carries: turns, test runs, hints, weaknesses."""

from __future__ import annotations

from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, FailFast, Field, model_validator
from pydantic_core import PydanticCustomError

from aiplane.contracts.scalars import (
    HELPS,
    MAX_SAFE_INTEGER,
    Count,
    Label,
    Note,
    NumberOrWord,
    Said,
    Speech,
    Timestamp,
    latest,
)
from aiplane.contracts.wire import Payload, Wire

KnownLanguage = Literal["python", "javascript", "typescript", "java", "cpp", "c", "go", "rust"]
KNOWN_LANGUAGES: Final[frozenset[str]] = frozenset(get_args(KnownLanguage))
"""The languages with code metrics. Any other word is a language too, without them."""

Difficulty = Literal["easy", "medium", "hard"]
FollowUpType = Literal["question", "hint", "evaluation", "encouragement"]

_SPEAKERS: Final = MappingProxyType(
    {
        "user": "user",
        "candidate": "user",
        "assistant": "assistant",
        "interviewer": "assistant",
        "ai": "assistant",
    }
)


def _role(word: Any) -> Any:
    if not isinstance(word, str):
        raise PydanticCustomError("wire", "must be a string")
    if len(word) > 40:
        raise PydanticCustomError("wire", "is longer than 40 characters")
    return _SPEAKERS.get(word.strip().lower(), "system")


Role = Annotated[Literal["user", "assistant", "system"], BeforeValidator(_role)]
RunStatus = Literal["pending", "running", "completed", "failed"]

HintLevel = Annotated[
    Literal["gentle", "moderate", "direct"],
    BeforeValidator(lambda level: "gentle" if level == "subtle" else level),
]
"""How much a hint may say. ``subtle`` is an older word for ``gentle``."""

CodeWeakness = Literal[
    "edge_cases",
    "time_complexity",
    "space_complexity",
    "variable_naming",
    "code_structure",
    "off_by_one",
    "input_validation",
]
"""What may be concluded from code."""

ConversationWeakness = Literal["edge_cases", "time_complexity", "communication"]
"""What may be concluded from what a person says."""

Weakness = Literal[CodeWeakness, ConversationWeakness]

CODE_WEAKNESSES: Final[frozenset[Weakness]] = frozenset(get_args(CodeWeakness))
CONVERSATION_WEAKNESSES: Final[frozenset[Weakness]] = frozenset(get_args(ConversationWeakness))
WEAKNESSES: Final[tuple[Weakness, ...]] = get_args(Weakness)


def _without_repeats(weaknesses: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(weaknesses))


WeaknessSignals = Annotated[tuple[Weakness, ...], AfterValidator(_without_repeats)]
"""Weaknesses, each at most once, in the order in which they were first named."""

CodeWeaknessSignals = Annotated[tuple[CodeWeakness, ...], AfterValidator(_without_repeats)]
"""Weaknesses that show in code, each at most once, in the order in which they were first named."""


class Turn(Wire):
    """One thing that was said. A ``system`` turn is data like any other, never an instruction.

    Attributes:
        role: who said it: the candidate, the interviewer, or ``system`` for a note in the record, under
            whatever word of up to 40 characters.
        content: what was said, up to 20,000 characters; possibly nothing.
        timestamp, created_at: when, in epoch milliseconds; producers use the one or the other.
    """

    role: Role
    content: Speech
    timestamp: Timestamp = None
    created_at: Timestamp = None

    @property
    def at(self) -> int | None:
        """The time when it was said, in epoch milliseconds, if that is known."""
        return self.created_at if self.timestamp is None else self.timestamp


Conversation = Annotated[tuple[Turn, ...], Field(max_length=500), FailFast()]
"""Up to 500 turns (the wire contract), oldest first."""


def _count_or_none(value: Any) -> int | None:
    return value if type(value) is int and 0 <= value <= MAX_SAFE_INTEGER else None


class ExecutionSummary(Wire):
    """Summary of a run of the candidate's code against the problem's test cases.

    Attributes:
        timed_out_test_cases: those that were ended for their time, where a producer tells them apart. It only
            helps to say what is wrong: one that cannot be read is absent.
    """

    status: RunStatus | None = None
    passed_test_cases: Count | None = None
    total_test_cases: Count | None = None
    failed_test_cases: Count | None = None
    error_test_cases: Count | None = None
    timed_out_test_cases: Annotated[int | None, BeforeValidator(_count_or_none)] = None
    all_tests_passed: Annotated[bool, Field(strict=True)] | None = None
    submitted_at: Timestamp = None

    @property
    def pass_share(self) -> float | None:
        """The share of test cases that pass, from 0 to 1, or ``None`` where it is not known.

        A run that is not over says nothing yet, and neither does one without test cases, or with
        numbers that contradict each other. Where there is no total it is the sum of the other counts;
        where there are no counts at all, ``allTestsPassed`` can tell of a full share, and of no other.
        """
        if not self._is_over:
            return None
        total, passed = self.total, self.passed
        if total is None or passed is None:
            return 1.0 if self.all_tests_passed and not self._not_passed else None
        share = passed / total
        agreed = passed + self._not_passed <= total and self.all_tests_passed in (None, share == 1)
        return share if agreed else None

    @property
    def passed(self) -> int | None:
        """Number of tests that pass: as told, or what the others leave of the total; None if not known."""
        if self.passed_test_cases is None and None not in (self.total_test_cases, self.failed_test_cases):
            left = (self.total_test_cases or 0) - self._not_passed
            return left if left >= 0 else None
        return self.passed_test_cases

    @property
    def fails(self) -> bool:
        """True if some test case is known not to pass; how many do may be unknown all the same."""
        if not self._is_over:
            return False
        if (share := self.pass_share) is not None:
            return share < 1
        return self._not_passed > 0 or self.all_tests_passed is False

    @property
    def some_pass(self) -> bool:
        """True if some test case is known to pass."""
        passed = self.passed if self._is_over else self.passed_test_cases
        return bool(passed) or self.pass_share == 1

    @property
    def code_was_read(self) -> bool | None:
        """True if the language could read the code.

        It can read what gave a test its result, right or wrong, and what ran until its time was over. False
        where the run is over and every test, or the run itself, ended in an error, as it does of code
        that cannot be read (and of other code); None where the run does not tell.
        """
        if self.some_pass or self._gave_wrong_result or self.timed_out_test_cases:
            return True
        if not self._is_over:
            return None
        if self.error_test_cases or self.status == "failed":
            return False
        return True if self.pass_share is not None else None

    @property
    def _gave_wrong_result(self) -> bool:
        """True if some test case came to a result, if a wrong one; some producers count errors too."""
        failed, errors = self.failed_test_cases or 0, self.error_test_cases or 0
        counted_twice = self.total_test_cases is not None and failed + errors > self.total_test_cases
        return failed > (errors if counted_twice else 0)

    @property
    def _is_over(self) -> bool:
        return self.status not in ("pending", "running") and self.total != 0

    @property
    def _not_passed(self) -> int:
        return (self.failed_test_cases or 0) + (self.error_test_cases or 0)

    @property
    def total(self) -> int | None:
        """Number of tests: as told, or the sum of the other counts; None if not known."""
        if self.total_test_cases is not None:
            return self.total_test_cases
        rest = (self.failed_test_cases, self.error_test_cases)
        if self.passed_test_cases is None or rest == (None, None):
            return None
        return self.passed_test_cases + sum(count or 0 for count in rest)


class HistoricalWeakness(Wire):
    """Something that this person struggled with in earlier sessions.

    Attributes:
        category: what, in the control plane's words; not only the weaknesses that we signal ourselves.
        frequency, trend: how often and whether it gets better, as a number or a word.
        last_seen_at: when it last showed, in epoch milliseconds.
    """

    category: Label
    description: Annotated[Note | None, HELPS] = None
    frequency: Annotated[NumberOrWord | None, HELPS] = None
    trend: Annotated[NumberOrWord | None, HELPS] = None
    last_seen_at: Timestamp = None

    @model_validator(mode="before")
    @classmethod
    def _bare_text_is_a_category(cls, data: Any) -> Any:
        return {"category": data} if isinstance(data, str) else data


class WithHistory(Payload):
    """A payload that knows what this person struggled with before.

    Attributes:
        historical_weaknesses: the last 500, far above the handful that a prompt can use.
    """

    historical_weaknesses: Annotated[tuple[HistoricalWeakness, ...], latest(500)] = ()


class WithExecution(Payload):
    """A payload that may carry a test run, under any of the three names that producers use."""

    execution_result: ExecutionSummary | None = None
    latest_submission_summary: ExecutionSummary | None = None
    latest_execution_summary: ExecutionSummary | None = None

    @property
    def execution(self) -> ExecutionSummary | None:
        """The test run to go by.

        That is the first one that tells how many tests pass, or that some do not, else the first one
        there is, in this order: the result sent for this very job, the latest submission (run against
        every case), the latest trial run.
        """
        runs = self._runs
        telling = (run for run in runs if run.pass_share is not None or run.fails)
        return next(telling, runs[0] if runs else None)

    @property
    def code_was_read(self) -> bool | None:
        """True if the language could read the code, by the first run that tells; None where none does."""
        told = (run.code_was_read for run in self._runs)
        return next((read for read in told if read is not None), None)

    @property
    def _runs(self) -> list[ExecutionSummary]:
        runs = (self.execution_result, self.latest_submission_summary, self.latest_execution_summary)
        return [run for run in runs if run is not None]


class PastHint(Wire):
    """A hint that the candidate already has. On the wire it is an object, or the bare text."""

    hint: Said

    @model_validator(mode="before")
    @classmethod
    def _bare_text_is_a_hint(cls, data: Any) -> Any:
        return {"hint": data} if isinstance(data, str) else data
