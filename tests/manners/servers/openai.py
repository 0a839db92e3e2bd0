"""OpenAI itself, with a model that reasons: only the new name of the limit, and no temperature."""

from __future__ import annotations

from tests.manners.server import (
    AUTH,
    INVALID,
    KEY,
    LIMITED,
    MODEL,
    REJECTED,
    Said,
    Server,
    openai_completion,
    openai_error,
)

SERVER = Server(
    name="OpenAI",
    limit="max_completion_tokens",
    formats=("json_schema", "json_object"),
    completion=lambda text: openai_completion(text, refusal=None, annotations=[]),
    refusal_of_limit=lambda name: Said(
        400,
        openai_error(
            f"Unsupported parameter: '{name}' is not supported with this model. Use 'max_completion_tokens' "
            "instead.",
            code="unsupported_parameter",
            param=name,
        ),
        code=REJECTED,
        says=MODEL,
    ),
    rate_limit=Said(
        429,
        openai_error(
            "Rate limit reached for a-model on tokens per min (TPM)",
            code="rate_limit_exceeded",
            kind="tokens",
        ),
        headers={"retry-after": "2", "retry-after-ms": "1500"},
        code=LIMITED,
        says="too many requests",
        retry_after=1.5,
    ),
    wrong_key=Said(
        401, openai_error("Incorrect API key provided: key.", code="invalid_api_key"), code=AUTH, says=KEY
    ),
    malformed=Said(
        500,
        openai_error(
            "The model produced invalid content. Consider modifying your prompt.", kind="model_error"
        ),
        code=INVALID,
        says="malformed",
    ),
    too_long=Said(
        400,
        openai_error(
            "This model's maximum context length is 128000 tokens. However, your messages resulted in 130000 "
            "tokens.",
            code="context_length_exceeded",
            param="messages",
        ),
        code=REJECTED,
        says="longer than the model can read",
    ),
)
