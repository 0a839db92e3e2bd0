"""One labelled case, run: what the task answered, what that took, and how it compares with the label."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiplane.errors import JobError
from aiplane.queues import QUEUES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiplane.evals.labels import Label
    from aiplane.providers.llm import LLM, Completion, Prompt
    from aiplane.worker.application import Application

_MOST_CODE_LINES = {"gentle": 0, "moderate": 0, "direct": 3}
_FENCED = re.compile(r"```[^\n]*\n?(.*?)(?:```|\Z)", re.DOTALL)


class Counting:
    """A model that counts what it is asked."""

    def __init__(self, llm: LLM) -> None:
        self.provider = llm.provider
        self.calls = self.tokens = 0
        self.model = ""
        self.answers: list[str] = []
        self._llm = llm

    def complete(self, prompt: Prompt) -> Completion:
        """Answer as the model does."""
        self.calls += 1
        completion = self._llm.complete(prompt)
        self.tokens += completion.input_tokens + completion.output_tokens
        self.model = completion.model
        self.answers.append(completion.text)
        return completion


@dataclass(frozen=True, slots=True)
class Trial:
    """Outcome of a case.

    Attributes:
        result: as on the wire; ``None`` where the task failed.
        failure: the code of that failure.
        calls: of the model: 2 where an answer went back.
        tokens: in and out, as the provider counts them.
        seconds: from payload to result.
        model: that answered, as the provider names it.
        answers: what it wrote, as it came.
    """

    label: Label
    result: dict[str, Any] | None = field(repr=False)
    failure: str | None
    calls: int
    tokens: int
    seconds: float
    model: str = ""
    answers: tuple[str, ...] = field(default=(), repr=False)

    @property
    def is_valid(self) -> bool:
        """True if there is an answer that passed every check."""
        return self.result is not None

    @property
    def keeps_level(self) -> bool:
        """True if nothing forbidden is said, and a hint holds no more code than its level allows.

        Told from the result alone, without the checks that let it through.
        """
        said = "\n".join(_texts(self.result)).casefold()
        if any(phrase.casefold() in said for phrase in self.label.forbidden):
            return False
        lines = [line for block in _FENCED.findall(said) for line in block.splitlines() if line.strip()]
        return self.label.kind != "hint" or len(lines) <= _MOST_CODE_LINES[self.label.level]

    @property
    def evidence(self) -> list[bool]:
        """A truth value for each thing that stands on lines: they exist, and hold the quote, if any."""
        return [self._is_true(place) for place in _places(self.result)]

    @property
    def signalled(self) -> frozenset[str]:
        """The weaknesses that were signalled."""
        return frozenset((self.result or {}).get("weaknessSignals", ()))

    def _is_true(self, place: dict[str, Any]) -> bool:
        lines = self.label.code.split("\n")
        first = place.get("startLine", place.get("line", 0))
        last = place.get("endLine", first)
        within = 1 <= first <= last <= len(lines)
        return within and place.get("quote", "") in "\n".join(lines[first - 1 : last])


def run(label: Label, app: Application, llm: LLM) -> Trial:
    """Run a case through its kind's task, with this model."""
    counting = Counting(llm)
    app.providers.__dict__["llm"] = counting
    started = time.monotonic()
    result, failure = None, None
    try:
        result = app.tasks[QUEUES[label.kind].task](label.payload())
    except JobError as error:
        failure = error.code
    return Trial(
        label,
        result,
        failure,
        counting.calls,
        counting.tokens,
        time.monotonic() - started,
        counting.model,
        tuple(counting.answers),
    )


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for value in node.values():
            yield from _texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from _texts(value)
    elif isinstance(node, str):
        yield node


def _places(node: Any) -> Iterator[dict[str, Any]]:
    """Yield every object of a result that stands on lines of the code."""
    if isinstance(node, dict):
        if "startLine" in node or "line" in node:
            yield node
        for value in node.values():
            yield from _places(value)
    elif isinstance(node, list):
        for value in node:
            yield from _places(value)
