"""One question to the model, its answer checked, and one repair: the whole of a task's talk with a model.

An answer that fails a check goes back once, in the same attempt, with the reason; what fails again is
``llm_invalid_response``. An answer that was cut off goes back too, a refusal does not, and neither does an
answer that leaks the instructions: it was made by somebody who will not stop at one. A repair is tried only
where the deadline leaves it as much time as the first answer took.
"""

from __future__ import annotations

import logging
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from opentelemetry import trace
from pydantic import BaseModel

from aiplane.deadline import remaining
from aiplane.errors import LLMInvalidResponseError
from aiplane.llm import Message, Prompt
from aiplane.llm.answer import read_answer
from aiplane.llm.measured import count_refused
from aiplane.worker.progress import reached, remark
from tasks.prompting import draw_fences, fenced, instructions, leaks, system_message, user_message
from tasks.spotlight import unmark

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aiplane.llm import LLM
    from aiplane.queues import Kind
    from tasks.prompting import Sheet

log = logging.getLogger(__name__)

_STRANGE = re.compile(r"[^\w.:/@+-]", re.ASCII)
"""What is in no model's name: a provider may say of itself what it likes, and a person reads it."""

LONGEST_RETURNED = 8_000
"""Characters of a bad answer that the model is shown again: what it was told is enough to write a new one."""

A = TypeVar("A", bound=BaseModel)
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Question(Generic[A, R]):
    """What a task asks.

    Attributes:
        kind: chooses the instructions and the model.
        shape: the answer's.
        case: the typed facts behind the prompt.
        sheet: what is from outside.
        facts: what we measured or decided, and what to write, in our words.
        session: what this prompt may share its beginning with, for a provider's cache; ``None`` for nothing.
        check: makes the task's result of an answer, or raises ``LLMInvalidResponseError`` with the reason.
    """

    kind: Kind
    shape: type[A]
    case: object = field(repr=False)
    sheet: Sheet
    facts: Sequence[str]
    check: Callable[[A], R]
    session: str | None = None


def ask(llm: LLM, question: Question[A, R]) -> R:
    """Ask, check, and ask once more where that can help.

    Raises:
        LLMError: one of its leaves.
    """
    version = instructions(question.kind).version
    span = trace.get_current_span()
    span.set_attribute("ai.prompt.version", version)
    if question.sheet.shortened:
        span.set_attribute("ai.prompt.shortened", question.sheet.shortened)
    conversation = _Conversation(llm, question)
    started = time.monotonic()
    reached("asked", f"{llm.provider} is asked, with prompt {version}")
    try:
        result = conversation.ask()
    except LLMInvalidResponseError as fault:
        if not fault.repairable or remaining() <= time.monotonic() - started:
            raise
        log.info("an answer to prompt %s goes back: %s", version, fault.sentence)
        remark(f"the answer goes back after {time.monotonic() - started:.3f} s: {fault.sentence}")
        result = conversation.ask_again(fault)
    span.set_attribute("ai.prompt.calls", conversation.calls)
    calls = "1 call" if conversation.calls == 1 else f"{conversation.calls} calls"
    reached(
        "checked",
        f"the answer of {conversation.model} passed the checks: {calls}, {time.monotonic() - started:.3f} s",
    )
    log.debug("written with prompt %s in %s", version, calls)
    return result


class _Conversation(Generic[A, R]):
    """One question, and what was answered to it so far."""

    def __init__(self, llm: LLM, question: Question[A, R]) -> None:
        self.calls = 0
        self.model = ""
        self._llm = llm
        self._question = question
        self._fences = draw_fences(question.sheet, question.session)
        self._user = user_message(question.sheet, question.facts, self._fences)
        self._answer = ""

    def ask(self) -> R:
        return self._complete(self._user)

    def ask_again(self, fault: LLMInvalidResponseError) -> R:
        """Ask with the bad answer and the reason at the end: all before it is what a provider has cached."""
        said = self._answer[:LONGEST_RETURNED]
        block = f"{fenced('your answer', said, self._fences)}\n\n" if said.strip() else ""
        return self._complete(
            f"{self._user}\n\n{block}You answered before, and that cannot be used: {fault.sentence} "
            "Write the whole answer again, without that fault; shorter, if it was cut off."
        )

    def _complete(self, user: str) -> R:
        question, self._answer = self._question, ""
        messages = (Message("system", system_message(question.kind)), Message("user", user))
        self.calls += 1
        completion = self._llm.complete(Prompt(question.kind, messages, question.shape, question.case))
        self.model = _STRANGE.sub("?", completion.model[:80])
        try:
            return self._checked(completion.text)
        except LLMInvalidResponseError as error:
            count_refused(self._llm.provider, error)
            raise

    def _checked(self, text: str) -> R:
        question = self._question
        if leaks(text):
            raise LLMInvalidResponseError("The model's answer holds its own instructions.", repairable=False)
        if self._fences.word in text:
            raise LLMInvalidResponseError("The model's answer holds the fences of its prompt.")
        self._answer = text
        return question.check(read_answer(unmark(text, self._fences.mark), question.shape))
