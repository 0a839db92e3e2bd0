"""The labelled cases as typed objects."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from aiplane.contracts import Difficulty, HintLevel, Weakness  # noqa: TC001 - pydantic reads them

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EvalKind = Literal["hint", "review", "interview"]


class LabelError(Exception):
    """File of cases that cannot be read. The message names the file and what is wrong with it."""


class Label(BaseModel):
    """One case: a payload in short, and what is known of a good answer.

    Attributes:
        name: of the case, unique among all.
        held_out: whether it is kept for the end, and nothing may be tuned to it.
        passed, total: how many test cases pass; absent where the tests were not run.
        level: of a hint.
        given: hints that the candidate already has.
        reflection: what the candidate answered to the latest one.
        turns: of an interview: ``interviewer: …`` or ``candidate: …``.
        pace: seconds between two turns; absent where the turns have no times.
        silence: seconds since the candidate last said something.
        hints: how many hints an interview's candidate has had.
        difficulty: the tier of the reply before.
        weaknesses: those that a good reviewer or interviewer would signal, all of them.
        tier: the tier that an interview's reply must have.
        forbidden: what no answer may say, in any case of letters.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    kind: EvalKind
    language: str
    problem: str
    code: str
    held_out: bool = False
    passed: int | None = None
    total: int | None = None
    level: HintLevel = "gentle"
    given: tuple[str, ...] = ()
    reflection: str | None = None
    turns: tuple[Annotated[str, Field(pattern=r"^(interviewer|candidate): ")], ...] = ()
    message: str | None = None
    pace: float | None = None
    silence: float | None = None
    hints: int | None = None
    difficulty: Difficulty | None = None
    weaknesses: tuple[Weakness, ...] | None = None
    tier: Difficulty | None = None
    forbidden: tuple[str, ...] = ()

    def payload(self) -> dict[str, Any]:
        """Return the payload that a producer would send for this case."""
        run = None if self.total is None else {"passedTestCases": self.passed, "totalTestCases": self.total}
        code = "code" if self.kind == "review" else "currentCode"
        shared = {
            "problemDescription": self.problem,
            code: self.code,
            "language": self.language,
            "executionResult": run,
        }
        return {**shared, **self._own()}

    def _own(self) -> dict[str, Any]:
        """Return what only this kind of payload has."""
        match self.kind:
            case "hint":
                return {
                    "hintLevel": self.level,
                    "previousHints": list(self.given),
                    "reflectionResponse": self.reflection,
                }
            case "interview":
                return {
                    "conversationHistory": list(self._history()),
                    "userMessage": self.message,
                    "hintCount": self.hints,
                    "currentDifficulty": self.difficulty,
                    "interactionSignals": {"secondsSinceLastUserMessage": self.silence},
                }
            case _:
                return {}

    def _history(self) -> Iterator[dict[str, Any]]:
        for number, turn in enumerate(self.turns):
            speaker, _, words = turn.partition(": ")
            at = None if self.pace is None else int((1 + number) * self.pace * 1000)
            role = "assistant" if speaker == "interviewer" else "user"
            yield {"role": role, "content": words, "timestamp": at}


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    case: tuple[Label, ...]


def read_labels(folder: Path) -> tuple[Label, ...]:
    """Read every case of a folder, in the order of the files' names.

    Raises:
        LabelError: there is none, a file is not what it should be, or a name occurs twice.
    """
    labels = tuple(label for file in sorted(folder.glob("*.toml")) for label in _read(file))
    if not labels:
        raise LabelError(f"there are no cases in {folder}")
    names = [label.name for label in labels]
    if twice := {name for name in names if names.count(name) > 1}:
        raise LabelError(f"these names occur twice: {', '.join(sorted(twice))}")
    return labels


def _read(file: Path) -> tuple[Label, ...]:
    try:
        return _File.model_validate(tomllib.loads(file.read_text("utf-8"))).case
    except (ValidationError, ValueError) as error:
        raise LabelError(f"{file} is not a file of cases: {error}") from error
