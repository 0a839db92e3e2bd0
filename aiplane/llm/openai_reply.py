"""Reading a chat completion as it came off the wire: the text in it, or why there is none."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, ValidationError

from aiplane.errors import LLMInvalidResponseError, LLMRequestRejectedError
from aiplane.llm import Completion


class _Wire(BaseModel):
    # A validation error may reach the log; the model's text must not.
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)


class _Message(_Wire):
    content: str | None = None
    refusal: str | None = None


class _Choice(_Wire):
    message: _Message
    finish_reason: str | None = None


class _Usage(_Wire):
    prompt_tokens: NonNegativeInt | None = None
    completion_tokens: NonNegativeInt | None = None


class _Reply(_Wire):
    choices: list[_Choice] = Field(min_length=1)
    model: str | None = None
    usage: _Usage | None = None


def read_reply(body: bytes, *, model: str) -> Completion:
    """Read the body of a chat completion; ``model`` is the one that was asked.

    Raises:
        LLMInvalidResponseError: it is no completion, or the answer in it is empty, cut off or refused.
        LLMRequestRejectedError: a content filter stopped it; the same prompt would be stopped again.
    """
    try:
        reply = _Reply.model_validate_json(body)
    except ValidationError as error:
        raise LLMInvalidResponseError(
            "The provider's answer is not a chat completion.", repairable=False
        ) from error
    choice, usage = reply.choices[0], reply.usage or _Usage()
    return Completion(
        text=_text_of(choice),
        model=reply.model or model,
        input_tokens=usage.prompt_tokens or 0,
        output_tokens=usage.completion_tokens or 0,
    )


def _text_of(choice: _Choice) -> str:
    """Return the answer's text, unless the provider says that it is none."""
    if choice.finish_reason == "content_filter":
        raise LLMRequestRejectedError("The provider's content filter stopped the model's answer.")
    if choice.finish_reason == "length":
        raise LLMInvalidResponseError(
            "The model's answer was cut off. Raise LLM_MAX_OUTPUT_TOKENS if it recurs."
        )
    if choice.message.refusal:
        raise LLMInvalidResponseError("The model refused to answer.", repairable=False)
    if not (choice.message.content or "").strip():
        raise LLMInvalidResponseError("The model's answer is empty.", repairable=False)
    return choice.message.content or ""
