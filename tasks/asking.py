"""One question to the model, its answer checked, and one repair: the whole of a task's talk with a model.

An answer with a fault goes back once, in the same attempt, with all of its faults. If then one is left that
must not be (:mod:`tasks.faults`), the attempt fails with ``llm_invalid_response``; if only such are left that
should not be, the better of the two answers goes out, and the span and the log say what is wrong with it.
An answer that was cut off goes back too, a refusal does not, and neither does an answer that holds the word
hidden in the instructions: it was made by somebody who will not stop at one. A repair is tried only where
the deadline leaves it as much time as the first answer took, and an answer that may go out does not wait for
one that fails.
"""

from __future__ import annotations

import logging
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from opentelemetry import trace
from pydantic import BaseModel

from aiplane.context.deadline import remaining
from aiplane.errors import LLMError, LLMInvalidResponseError
from aiplane.providers.llm import Message, Prompt
from aiplane.providers.llm.measured import count_refused
from aiplane.providers.llm.parsing import read_object
from aiplane.providers.llm.thoughts import without_thoughts
from aiplane.worker.progress import reached, remark
from tasks.faults import Checked, checked, must, told_to_a_person, told_to_the_model
from tasks.leaks import check_leaks, holds_canary, shown_text
from tasks.prompting import draw_fences, fenced, instructions, system_message, user_message
from tasks.spotlight import unmark

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aiplane.providers.llm import LLM
    from aiplane.queues import Kind
    from tasks.faults import Fault
    from tasks.sections import Sheet

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
        check: makes the task's result of an answer, and says what is wrong with it.
    """

    kind: Kind
    shape: type[A]
    case: object = field(repr=False)
    sheet: Sheet
    facts: Sequence[str]
    check: Callable[[A], Checked[R]]
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
    best = _best(conversation, version)
    span.set_attribute("ai.prompt.calls", conversation.calls)
    calls = "1 call" if conversation.calls == 1 else f"{conversation.calls} calls"
    took = f"{calls}, {time.monotonic() - started:.3f} s"
    if best.result is None or not best.may_go_out:
        raise LLMInvalidResponseError(told_to_a_person(fault for fault in best.faults if fault.is_must))
    if best.faults:
        told = told_to_a_person(best.faults)
        span.set_attribute("ai.answer.shortcomings", told)
        log.info("the answer goes out although it could be better: %s", told)
    reached("checked", f"the answer of {conversation.model} passed the checks: {took}")
    log.debug("written with prompt %s in %s", version, calls)
    return best.result


def _best(conversation: _Conversation[A, R], version: str) -> Checked[R]:
    """Ask, ask again where there is something to mend and time for it, and return the better answer."""
    started = time.monotonic()
    first = conversation.ask()
    if not first.faults or remaining() <= (took := time.monotonic() - started):
        return first
    told = told_to_a_person(first.faults)
    log.info("an answer to prompt %s goes back: %s", version, told)
    remark(f"the answer goes back after {took:.3f} s: {told}")
    try:
        second = conversation.ask_again(first.faults)
    except LLMError as error:
        if not first.may_go_out:
            raise
        log.info("the repair failed, and the first answer goes out: %s", error.failed_reason)
        return first
    return min((second, first), key=_badness)


def _badness(answer: Checked[R]) -> tuple[bool, int]:
    return (not answer.may_go_out, len(answer.faults))


def _unreadable(error: LLMInvalidResponseError) -> Fault:
    """Make a fault of an answer that is none: it came empty, was cut off, or is not of the shape."""
    wrong = error.sentence.removeprefix("The model's answer ").rstrip(".")
    if wrong == error.sentence.rstrip("."):
        wrong = f"cannot be used: {wrong}"
    return must(
        "answer", wrong, "Write one object of the schema and nothing else, shorter if it was cut off."
    )


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

    def ask(self) -> Checked[R]:
        return self._complete(self._user)

    def ask_again(self, faults: Sequence[Fault]) -> Checked[R]:
        """Ask with the bad answer and its faults at the end: all before it is what a provider has cached."""
        said = self._answer[:LONGEST_RETURNED]
        block = f"{fenced('your answer', said, self._fences)}\n\n" if said.strip() else ""
        return self._complete(
            f"{self._user}\n\n{block}You answered before, and that answer is not used yet:\n"
            f"{told_to_the_model(faults)}\n"
            "Write the whole answer again with this mended and the rest kept."
        )

    def _complete(self, user: str) -> Checked[R]:
        question, self._answer = self._question, ""
        messages = (Message("system", system_message(question.kind)), Message("user", user))
        self.calls += 1
        try:
            completion = self._llm.complete(Prompt(question.kind, messages, question.shape, question.case))
            self.model = _STRANGE.sub("?", completion.model[:80])
            answer = self._checked(completion.text)
        except LLMInvalidResponseError as error:
            count_refused(self._llm.provider, error)
            if not error.repairable:
                raise
            return Checked(None, (_unreadable(error),))
        if not answer.may_go_out:
            count_refused(self._llm.provider, LLMInvalidResponseError(told_to_a_person(answer.faults)))
        return answer

    def _checked(self, text: str) -> Checked[R]:
        question = self._question
        thought = without_thoughts(text)
        self._answer = "" if self._fences.word in thought or holds_canary(thought) else thought
        answer, data = read_object(unmark(text, self._fences.mark), question.shape)
        shown = shown_text(data)
        if holds_canary(shown):
            raise LLMInvalidResponseError("The model's answer holds its own instructions.", repairable=False)
        found = question.check(answer)
        return checked(found.result, (*check_leaks(question.kind, shown, self._fences.word), *found.faults))
