"""Groq: it checks the answer itself, and refuses the request where the model wrote something else."""

from __future__ import annotations

from tests.manners.server import (
    AUTH,
    FORM,
    INVALID,
    KEY,
    LIMITED,
    REJECTED,
    Said,
    Server,
    openai_completion,
    openai_error,
)

SERVER = Server(
    name="Groq",
    limit="max_completion_tokens",
    formats=("json_object",),
    completion=lambda text: {**openai_completion(text), "x_groq": {"id": "req_1"}, "usage_breakdown": None},
    refusal_of_format=Said(
        400,
        openai_error("This model does not support response format `json_schema`.", param="response_format"),
        code=REJECTED,
        says=FORM,
    ),
    rate_limit=Said(
        429,
        openai_error(
            "Rate limit reached. Please try again in 7.66s.", code="rate_limit_exceeded", kind="tokens"
        ),
        headers={"retry-after": "8"},
        code=LIMITED,
        says="too many requests",
        retry_after=8.0,
    ),
    wrong_key=Said(401, openai_error("Invalid API Key", code="invalid_api_key"), code=AUTH, says=KEY),
    malformed=Said(
        400,
        {
            "error": {
                "message": "Failed to generate JSON. Please adjust your prompt. See 'failed_generation'.",
                "type": "invalid_request_error",
                "code": "json_validate_failed",
                "failed_generation": "max_tokens {",
            }
        },
        code=INVALID,
        says="malformed",
    ),
    too_long=Said(
        413,
        openai_error(
            "Request too large for model on tokens per minute (TPM): Limit 6000, Requested 7264",
            kind="tokens",
        ),
        code=REJECTED,
        says="longer than the model can read",
    ),
)
