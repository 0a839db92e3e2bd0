"""Chat completions of OpenAI, Azure OpenAI, and every server that speaks their API."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from httpx2 import Response
from openai import BadRequestError

from aiplane.contracts import clean
from aiplane.llm import Message
from aiplane.llm.openai_client import DEFAULT_BASE_URL, connect_azure, connect_openai
from aiplane.llm.openai_reply import read_reply
from aiplane.llm.schema import schema_name, strict_schema

if TYPE_CHECKING:
    from openai import OpenAI
    from pydantic import BaseModel

    from aiplane.llm import Completion, Prompt
    from aiplane.llm.openai_client import OpenAIConnection
    from aiplane.settings import Settings

_OLD_LIMIT, _NEW_LIMIT = "max_tokens", "max_completion_tokens"
_OTHER_LIMIT = {_OLD_LIMIT: _NEW_LIMIT, _NEW_LIMIT: _OLD_LIMIT}


class OpenAILLM:
    """A chat model behind one :class:`~aiplane.llm.openai_client.OpenAIConnection`.

    It sends no ``temperature``, which reasoning models refuse, and retries nothing: BullMQ alone decides
    about attempts.

    The number of tokens has two names on the wire. OpenAI's newer models refuse ``max_tokens``; many other
    servers ignore ``max_completion_tokens`` in silence and would write without end. So OpenAI and Azure are
    sent the new name, others the old one, and a server that refuses one of them by name is sent the other,
    from then on.
    """

    def __init__(
        self, settings: Settings, connection: OpenAIConnection, *, provider: str, limit: str
    ) -> None:
        self.provider = provider
        self._settings = settings
        self._connection = connection
        self._limit = limit

    def complete(self, prompt: Prompt) -> Completion:
        """Answer the prompt: see :meth:`aiplane.llm.LLM.complete`."""
        model = self._settings.model(prompt.kind)
        body = self._connection.call(lambda client: self._ask(client, model, prompt))
        return read_reply(body, model=model)

    def close(self) -> None:
        """Close the connection. For programs that outlive it."""
        self._connection.close()

    def _ask(self, client: OpenAI, model: str, prompt: Prompt) -> Response:
        limit = self._limit
        try:
            return self._create(client, model, prompt, limit)
        except BadRequestError as error:
            if error.param != limit:
                raise
            self._limit = other = _OTHER_LIMIT[limit]
            return self._create(client, model, prompt, other)

    def _create(self, client: OpenAI, model: str, prompt: Prompt, limit: str) -> Response:
        # Not by the method for it, which walks through the whole body by its types and changes nothing in it.
        return client.post(
            "/chat/completions",
            cast_to=Response,
            body={
                "model": model,
                "messages": _wire_messages(prompt, self._settings.llm_response_format),
                limit: self._settings.llm_max_output_tokens,
                **_wire_format(prompt.answer, self._settings.llm_response_format),
            },
        )


def create_openai(settings: Settings) -> OpenAILLM:
    """Make the model behind ``LLM_PROVIDER=openai``."""
    connection = connect_openai(settings, model="LLM_MODEL", timeout=settings.llm_timeout_seconds)
    host = urlsplit(settings.openai_base_url or DEFAULT_BASE_URL).hostname or ""
    limit = _NEW_LIMIT if host.endswith("api.openai.com") else _OLD_LIMIT
    return OpenAILLM(settings, connection, provider="openai", limit=limit)


def create_azure(settings: Settings) -> OpenAILLM:
    """Make the model behind ``LLM_PROVIDER=azure``."""
    connection = connect_azure(settings)
    return OpenAILLM(settings, connection, provider="azure", limit=_NEW_LIMIT)


def _wire_format(shape: type[BaseModel], form: str) -> dict[str, Any]:
    """Return the field that asks for an answer of ``shape``, as far as ``LLM_RESPONSE_FORMAT`` can."""
    match form:
        case "json_schema":
            schema = {"name": schema_name(shape), "strict": True, "schema": strict_schema(shape)}
            return {"response_format": {"type": "json_schema", "json_schema": schema}}
        case "json_object":
            return {"response_format": {"type": "json_object"}}
        case _:
            return {}


def _wire_messages(prompt: Prompt, form: str) -> list[dict[str, str]]:
    """Write the messages; where the server takes no schema, the first system message ends with it.

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
