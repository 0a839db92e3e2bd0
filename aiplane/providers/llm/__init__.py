"""Calls of a language model: what a task asks, and the one way to ask it, whoever answers.

Nothing here knows a vendor. A provider is one adapter beside this file and one row in the table at the
bottom; the adapter is imported only when its provider is chosen, so that an offline worker loads no SDK.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pydantic import BaseModel

    from aiplane.queues import Kind
    from aiplane.settings import Settings


@dataclass(frozen=True, slots=True)
class Message:
    """One message to the model. Its content may hold a candidate's text, so ``repr`` leaves it out."""

    role: Literal["system", "user"]
    content: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Prompt:
    """Prompt of one call.

    Attributes:
        kind: the kind of job that asks: ``hint``, ``review`` or ``interview``. It chooses the model.
        messages: what the model reads, in order.
        answer: the shape that the answer must have; the JSON schema that the model sees is derived from it.
        case: the typed facts that the messages were written from. Only the offline coach reads it.
    """

    kind: Kind
    messages: tuple[Message, ...]
    answer: type[BaseModel]
    case: object = field(repr=False)


@dataclass(frozen=True, slots=True)
class Completion:
    """Answer of the model, and its cost.

    Attributes:
        text: the answer as it came: not empty, and unchecked
            (:func:`aiplane.providers.llm.parsing.read_answer`).
        model: the model that answered, as the provider names it.
        input_tokens: tokens that the provider counted in the prompt; 0 where it does not say.
        output_tokens: tokens that the provider counted in the answer; 0 where it does not say.
    """

    text: str = field(repr=False)
    model: str
    input_tokens: int
    output_tokens: int


class LLM(Protocol):
    """A provider of language models.

    Attributes:
        provider: its name in ``LLM_PROVIDER``, and the ``provider`` label of the metrics.
    """

    provider: str

    def complete(self, prompt: Prompt) -> Completion:
        """Answer the prompt, before the deadline of the work at hand (:mod:`aiplane.context.deadline`).

        Safe to call from many threads at once.

        Raises:
            LLMError: one of its leaves; no other exception leaves an adapter.
        """
        ...


def create_llm(settings: Settings) -> LLM:
    """Build the provider that ``LLM_PROVIDER`` names, measured. Opens no connection, starts no thread."""
    from aiplane.providers.llm.measured import MeasuredLLM  # noqa: PLC0415 - it knows the protocol above

    return MeasuredLLM(_PROVIDERS[settings.llm_provider](settings), settings)


def _openai(settings: Settings) -> LLM:
    from aiplane.providers.llm.openai import create_openai  # noqa: PLC0415 - only who chose the vendor loads its SDK

    return create_openai(settings)


def _azure(settings: Settings) -> LLM:
    from aiplane.providers.llm.openai import create_azure  # noqa: PLC0415 - only who chose the vendor loads its SDK

    return create_azure(settings)


def _offline(_: Settings) -> LLM:
    from aiplane.providers.llm.offline import OfflineCoach  # noqa: PLC0415 - it loads the code metrics

    return OfflineCoach()


_PROVIDERS: Mapping[str, Callable[[Settings], LLM]] = MappingProxyType(
    {"openai": _openai, "azure": _azure, "offline": _offline}
)
