"""Chat completions of OpenAI, Azure OpenAI, and every server that speaks their API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aiplane.errors import LLMInvalidResponseError
from aiplane.providers.llm.openai_client import DEFAULT_BASE_URL, connect_azure, connect_openai
from aiplane.providers.llm.openai_errors import RefusedError
from aiplane.providers.llm.openai_json import read_json
from aiplane.providers.llm.openai_limit import NEW_LIMIT, OLD_LIMIT, LimitNames
from aiplane.providers.llm.openai_refusal import refusal_in_reply
from aiplane.providers.llm.openai_reply import error_in, read_reply
from aiplane.providers.llm.openai_request import request_body

if TYPE_CHECKING:
    from aiplane.providers.llm import Completion, Prompt
    from aiplane.providers.llm.openai_client import OpenAIConnection, Sender
    from aiplane.settings import Settings


class OpenAILLM:
    """A chat model behind one :class:`~aiplane.providers.llm.openai_client.OpenAIConnection`.

    It retries nothing: BullMQ alone decides about attempts. Only who refuses the name of a parameter is asked
    once more, by its other name (:mod:`aiplane.providers.llm.openai_limit`).
    """

    def __init__(
        self, settings: Settings, connection: OpenAIConnection, *, provider: str, limit: str
    ) -> None:
        self.provider = provider
        self._settings = settings
        self._connection = connection
        self._limits = LimitNames(limit, connection.names)

    def complete(self, prompt: Prompt) -> Completion:
        """Answer the prompt: see :meth:`aiplane.providers.llm.LLM.complete`."""
        reply = self._connection.call(lambda sender: self._ask(sender, prompt))
        return read_reply(reply, model=self._settings.model(prompt.kind))

    def close(self) -> None:
        """Close the connection. For programs that outlive it."""
        self._connection.close()

    def _ask(self, sender: Sender, prompt: Prompt) -> Any:
        model = self._settings.model(prompt.kind)
        limit = self._limits.of(model)
        try:
            return self._send(sender, prompt, limit)
        except RefusedError as error:
            other = self._limits.other(model, limit, error.refusal)
            if other is None:
                raise
            return self._ask_otherwise(sender, prompt, other, error)

    def _ask_otherwise(self, sender: Sender, prompt: Prompt, limit: str, first: RefusedError) -> Any:
        """Ask by the other name. Where that is refused by name as well, the first refusal counts."""
        model = self._settings.model(prompt.kind)
        try:
            return self._send(sender, prompt, limit)
        except RefusedError as error:
            if self._limits.other(model, limit, error.refusal) is None:
                raise
            self._limits.neither_worked(model)
            raise first from error

    def _send(self, sender: Sender, prompt: Prompt, limit: str) -> Any:
        response = sender.post("/chat/completions", body=request_body(self._settings, prompt, limit=limit))
        try:
            reply = read_json(response.content)
        except ValueError as error:
            raise LLMInvalidResponseError(
                "The provider's answer is not a chat completion.", repairable=False
            ) from error
        if (refused := error_in(reply)) is not None:
            raise RefusedError(refusal_in_reply(response.status_code, response.headers, refused))
        self._limits.worked(self._settings.model(prompt.kind), limit)
        return reply


def create_openai(settings: Settings) -> OpenAILLM:
    """Make the model behind ``LLM_PROVIDER=openai``."""
    connection = connect_openai(settings, use="chat", timeout=settings.llm_timeout_seconds)
    host = urlsplit(settings.openai_base_url or DEFAULT_BASE_URL).hostname or ""
    limit = NEW_LIMIT if host.endswith("api.openai.com") else OLD_LIMIT
    return OpenAILLM(settings, connection, provider="openai", limit=limit)


def create_azure(settings: Settings) -> OpenAILLM:
    """Make the model behind ``LLM_PROVIDER=azure``."""
    connection = connect_azure(settings)
    return OpenAILLM(settings, connection, provider="azure", limit=NEW_LIMIT)
