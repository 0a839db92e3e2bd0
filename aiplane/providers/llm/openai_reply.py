"""Reader of a chat completion as it came off the wire: the text in it, or why there is none.

Only what is needed is read, and only the text is needed: a count that is none, or a field of another type,
does not throw a paid answer away.
"""

from __future__ import annotations

import json
from typing import Any

from aiplane.contracts import clean
from aiplane.errors import LLMInvalidResponseError, LLMRequestRejectedError, LLMUnavailableError
from aiplane.providers.llm import Completion
from aiplane.providers.llm.openai_failed import tells_of_error
from aiplane.providers.llm.openai_json import count_or_zero, first_object, text_or_none
from aiplane.providers.llm.thoughts import is_all_thoughts, without_thoughts

MOST_CHOICES = 16
"""Choices that are looked at; one is asked for."""

LONGEST_NAME = 200
"""Characters of the name that a server gives its model."""

_OF_A_COMPLETION = frozenset({"choices", "usage", "model", "id", "created"})
"""Fields that say nothing of an error."""

_CUT_OFF = frozenset(
    {"length", "max_tokens", "max_output_tokens", "model_length", "model_context_window_exceeded"}
)
_FILTERED = frozenset({"content_filter", "content_filtered", "safety", "sensitive", "prohibited_content"})
_BROKEN = frozenset({"error", "network_error", "insufficient_system_resource"})
"""Reasons to stop that are the server's fault, whatever was written until then."""


def error_in(reply: Any) -> dict[str, Any] | None:
    """Return the error that stands in the place of an answer, as an error's body; None for an answer.

    Gateways answer 200 once they have accepted a request, and may fail after that.
    """
    outer = first_object(reply)
    choice = _choice(outer)
    if _text(choice).strip() and _reason(choice) not in _BROKEN:
        return None
    for place in (choice, first_object(choice.get("message"))):
        if error := place.get("error"):
            return {"error": error}
    if outer.get("error") or (_is_silent(choice) and tells_of_error(outer)):
        return {name: value for name, value in outer.items() if name not in _OF_A_COMPLETION}
    return None


def read_reply(reply: Any, *, model: str) -> Completion:
    """Read a chat completion; ``model`` is the one that was asked.

    Raises:
        LLMInvalidResponseError: it is no completion, or the answer in it is empty, cut off or refused.
        LLMRequestRejectedError: a content filter stopped it; the same prompt would be stopped again.
        LLMUnavailableError: the server broke off.
    """
    outer = first_object(reply)
    choice, usage = _choice(outer), first_object(outer.get("usage"))
    if not _has_content(choice.get("message")):
        raise LLMInvalidResponseError("The provider's answer is not a chat completion.", repairable=False)
    return Completion(
        text=_answer(choice, usage),
        model=clean(text_or_none(outer.get("model")) or model)[:LONGEST_NAME],
        input_tokens=count_or_zero(usage.get("prompt_tokens", usage.get("input_tokens"))),
        output_tokens=count_or_zero(usage.get("completion_tokens", usage.get("output_tokens"))),
    )


def _answer(choice: dict[str, Any], usage: dict[str, Any]) -> str:
    """Return the answer's text, unless the provider says that it is none."""
    reason, text = _reason(choice), clean(_text(choice))
    if reason in _FILTERED:
        raise LLMRequestRejectedError("The provider's content filter stopped the model's answer.")
    if reason in _BROKEN:
        raise LLMUnavailableError("The provider broke off the model's answer: the fault is on its side.")
    if reason in _CUT_OFF:
        raise _cut_off(text, usage)
    if text_or_none(choice["message"].get("refusal")):
        raise LLMInvalidResponseError("The model refused to answer.", repairable=False)
    if not text.strip():
        raise LLMInvalidResponseError("The model's answer is empty.", repairable=False)
    return text


def _cut_off(text: str, usage: dict[str, Any]) -> LLMInvalidResponseError:
    """Tell an answer that was cut off from one for which thinking left no room: no repair shortens that."""
    written = without_thoughts(text).strip()
    if written and not is_all_thoughts(written):
        return LLMInvalidResponseError(
            "The model's answer was cut off. Raise LLM_MAX_OUTPUT_TOKENS if it recurs."
        )
    details = first_object(usage.get("completion_tokens_details"))
    tokens = count_or_zero(details.get("reasoning_tokens")) or count_or_zero(usage.get("completion_tokens"))
    used = f" ({tokens} tokens)" if tokens else ""
    return LLMInvalidResponseError(
        f"The model wrote no answer: its thinking used up LLM_MAX_OUTPUT_TOKENS{used}. Raise it, or lower "
        "LLM_REASONING_EFFORT.",
        repairable=False,
    )


def _choice(outer: dict[str, Any]) -> dict[str, Any]:
    """Return the first choice with an answer in it, or else the first, which may be empty."""
    choices = outer.get("choices")
    listed = choices[:MOST_CHOICES] if isinstance(choices, list) else [choices]
    of_use = (choice for choice in listed if isinstance(choice, dict) and _is_usable(choice))
    return next(of_use, first_object(choices))


def _is_usable(choice: dict[str, Any]) -> bool:
    return bool(_text(choice).strip()) and _reason(choice) not in _BROKEN | _FILTERED | _CUT_OFF


def _is_silent(choice: dict[str, Any]) -> bool:
    """Return whether a choice without text does not say itself why there is none."""
    refusal = first_object(choice.get("message")).get("refusal")
    return not refusal and _reason(choice) not in _FILTERED | _CUT_OFF


def _reason(choice: dict[str, Any]) -> str:
    return str(choice.get("finish_reason")).lower()


def _has_content(message: Any) -> bool:
    """Return whether this is a message whose content, or its absence, can be read."""
    content = message.get("content") if isinstance(message, dict) else message
    if isinstance(content, list):
        return not content or any(isinstance(part, dict | str) for part in content)
    return isinstance(message, dict) and (content is None or isinstance(content, str | dict))


def _text(choice: dict[str, Any]) -> str:
    """Return the text of a message: its content, or the arguments of the tool that it calls instead."""
    message = first_object(choice.get("message"))
    text = _of_content(message.get("content"))
    return text if text.strip() else _arguments(message)


def _arguments(message: dict[str, Any]) -> str:
    """Return the arguments of a message's first call: a form of answer may be given to a model as a tool."""
    function = first_object(first_object(message.get("tool_calls")).get("function"))
    match function.get("arguments") or first_object(message.get("function_call")).get("arguments"):
        case str(text):
            return text
        case dict(answer):
            return _written(answer)
        case _:
            return ""


def _of_content(content: Any) -> str:
    """Return the text of a content: a text, its parts without the thoughts, or the answer as an object."""
    match content:
        case str(text):
            return text
        case list(parts):
            return "".join(_of_part(part) for part in parts)
        case {"type": "text" | "output_text"} | {"type": "json", "json": dict()} as part:
            return _of_part(part)
        case {"text": str(text), **others} if not others:
            return text
        case dict(answer):
            return _written(answer)
        case _:
            return ""


def _written(answer: dict[str, Any]) -> str:
    """Write an answer that came as an object, unless it is nested deeper than anything that was asked for."""
    try:
        return json.dumps(answer, ensure_ascii=False)
    except RecursionError:
        return ""


def _of_part(part: Any) -> str:
    match part:
        case (
            (str() as found)
            | {"type": "text" | "output_text", "text": {"value": str() | dict() as found}}
            | {"type": "text" | "output_text", "text": str() | dict() as found}
            | {"type": "json" | "output_json" | "json_object", "json": str() | dict() as found}
        ):
            return found if isinstance(found, str) else _written(found)
        case {"text": str(text)} if "type" not in part:
            return text
        case _:
            return ""
