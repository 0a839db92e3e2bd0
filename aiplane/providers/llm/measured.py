"""A language model that is measured: how long each call takes, what it costs, how it fails, and its span.

It stands around whichever provider answers, so that an adapter knows nothing of it. What was asked and
answered goes into the span only where ``OTEL_CAPTURE_CONTENT`` says so.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from aiplane.context.usage import Usage, count_usage
from aiplane.errors import LLMError, LLMInvalidResponseError
from aiplane.telemetry.instruments import count, record
from aiplane.telemetry.spans import printable, span

if TYPE_CHECKING:
    from opentelemetry.trace import Span
    from opentelemetry.util.types import AttributeValue

    from aiplane.providers.llm import LLM, Completion, Prompt
    from aiplane.settings import Settings

LONGEST_CONTENT = 20_000
"""Characters of a prompt, and of an answer, that a span may hold where content is captured."""

MOST_TOKENS = 1_000_000_000
"""No call has more; a server of one's own may say anything."""

_PROVIDER_NAMES = {"azure": "azure.ai.openai"}
"""What OpenTelemetry's conventions for GenAI call a provider, where it is another name than ours."""


class MeasuredLLM:
    """A provider with measuring around it; to whoever asks it is the provider."""

    def __init__(self, llm: LLM, settings: Settings) -> None:
        self.provider = llm.provider
        self._llm = llm
        self._settings = settings

    def complete(self, prompt: Prompt) -> Completion:
        """Answer the prompt: see :meth:`aiplane.providers.llm.LLM.complete`."""
        model = "offline" if self.provider == "offline" else self._settings.model(prompt.kind)
        with span(f"chat {model}", attributes=self._attributes(model)) as current:
            started = time.monotonic()
            try:
                completion = self._llm.complete(prompt)
            except LLMError as error:
                count("ai.llm.failures", provider=self.provider, error_type=error.code)
                self._took(started, model)
                raise
            self._took(started, model, completion)
            self._describe(current, prompt, completion)
            return completion

    def close(self) -> None:
        """Close the provider, if it has something to close."""
        close = getattr(self._llm, "close", None)
        if close is not None:
            close()

    def _took(self, started: float, model: str, completion: Completion | None = None) -> None:
        took = (time.monotonic() - started) * 1000
        read, written = _tokens(completion) if completion else (0, 0)
        labels = {"provider": self.provider, "model": model}
        record("ai.llm.latency_ms", took, **labels)
        count_usage(Usage(1, round(took), read, written))
        if completion is None:
            return
        count("ai.llm.tokens.input", read, **labels)
        count("ai.llm.tokens.output", written, **labels)
        price = self._settings.llm_prices.get(model)
        if price is not None:
            count("ai.llm.cost", (read * price.input + written * price.output) / 1e6, **labels)

    def _attributes(self, model: str) -> dict[str, AttributeValue]:
        return {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": _PROVIDER_NAMES.get(self.provider, self.provider),
            "gen_ai.request.model": model,
            "gen_ai.request.max_tokens": self._settings.llm_max_output_tokens,
        }

    def _describe(self, current: Span, prompt: Prompt, completion: Completion) -> None:
        if not current.is_recording():
            return
        current.set_attribute("gen_ai.response.model", printable(completion.model))
        read, written = _tokens(completion)
        current.set_attribute("gen_ai.usage.input_tokens", read)
        current.set_attribute("gen_ai.usage.output_tokens", written)
        if self._settings.otel_capture_content:
            asked = [_message(message.role, message.content) for message in prompt.messages]
            current.set_attribute("gen_ai.input.messages", _content(asked))
            current.set_attribute(
                "gen_ai.output.messages", _content([_message("assistant", completion.text)])
            )


def count_refused(provider: str, error: LLMInvalidResponseError) -> None:
    """Count an answer that came, and that a check refuses."""
    count("ai.llm.failures", provider=provider, error_type=error.code)


def _tokens(completion: Completion) -> tuple[int, int]:
    """Return what a provider counted, as far as a number of tokens can be that."""
    read, written = completion.input_tokens, completion.output_tokens
    return min(max(read, 0), MOST_TOKENS), min(max(written, 0), MOST_TOKENS)


def _message(role: str, content: str) -> dict[str, object]:
    return {"role": role, "parts": [{"type": "text", "content": content}]}


def _content(messages: list[dict[str, object]]) -> str:
    return printable(json.dumps(messages), LONGEST_CONTENT)
