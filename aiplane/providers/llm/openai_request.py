"""The body of a chat completion's request, as far as a server can be asked for what is wanted."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from aiplane.contracts import clean
from aiplane.providers.llm import Message
from aiplane.providers.llm.schema import schema_name, strict_schema

if TYPE_CHECKING:
    from pydantic import BaseModel

    from aiplane.providers.llm import Prompt
    from aiplane.settings import Settings


def request_body(settings: Settings, prompt: Prompt, *, limit: str) -> dict[str, Any]:
    """Write the request; ``limit`` is the name under which the server knows the limit of tokens.

    Temperature and effort are sent only where they are set: some models refuse the one, some the other.
    """
    form = settings.llm_response_format
    body = {
        "model": settings.model(prompt.kind),
        "messages": _messages(prompt, form),
        limit: settings.llm_max_output_tokens,
        "response_format": _response_format(prompt.answer, form),
        "temperature": settings.llm_temperature,
        "reasoning_effort": settings.llm_reasoning_effort,
    }
    return {name: value for name, value in body.items() if value is not None}


def _response_format(shape: type[BaseModel], form: str) -> dict[str, Any] | None:
    """Return what asks for an answer of ``shape``, as far as ``LLM_RESPONSE_FORMAT`` can."""
    match form:
        case "json_schema":
            schema = {"name": schema_name(shape), "strict": True, "schema": strict_schema(shape)}
            return {"type": "json_schema", "json_schema": schema}
        case "json_object_schema":
            return {"type": "json_object", "schema": strict_schema(shape)}
        case "json_object":
            return {"type": "json_object"}
        case _:
            return None


def _messages(prompt: Prompt, form: str) -> list[dict[str, str]]:
    """Write the messages; where the model sees no schema otherwise, the first system message ends with it.

    Not a second system message: the templates of many local models take only one.
    """
    messages = list(prompt.messages)
    if form != "json_schema":
        if not messages or messages[0].role != "system":
            messages.insert(0, Message("system", ""))
        messages[0] = replace(messages[0], content=f"{messages[0].content}{_in_words(prompt.answer)}".strip())
    # Cleaned, because a lone surrogate could not be sent.
    return [{"role": message.role, "content": clean(message.content)} for message in messages]


def _in_words(shape: type[BaseModel]) -> str:
    schema = json.dumps(strict_schema(shape), ensure_ascii=False, separators=(",", ":"))
    return f"\n\nAnswer with one JSON object and nothing else. It has this JSON schema:\n{schema}"
