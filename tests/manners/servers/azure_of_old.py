"""Azure OpenAI with an older version of its API, which knows neither the new limit nor a schema."""

from __future__ import annotations

from tests.manners.server import (
    AUTH,
    INVALID,
    LIMITED,
    MODEL,
    REJECTED,
    Said,
    Server,
    openai_completion,
    openai_error,
)

SERVER = Server(
    name="Azure of old",
    env={"LLM_PROVIDER": "azure", "LLM_MODEL": "a-deployment", "AZURE_OPENAI_API_VERSION": "2024-02-01"},
    limit="max_tokens",
    formats=("json_object",),
    completion=openai_completion,
    refusal_of_limit=lambda name: Said(
        400, openai_error(f"Unrecognized request argument supplied: {name}"), code=REJECTED, says=MODEL
    ),
    refusal_of_format=Said(
        400,
        openai_error(
            "response_format value as json_schema is enabled only for api versions 2024-08-01-preview "
            "and later",
            code="BadRequest",
        ),
        code=REJECTED,
        says="AZURE_OPENAI_API_VERSION",
    ),
    rate_limit=Said(
        429,
        {
            "error": {
                "code": "429",
                "message": "Requests have exceeded the rate limit. Please retry after 18 seconds.",
            }
        },
        headers={"retry-after": "18"},
        code=LIMITED,
        says="too many requests",
        retry_after=18.0,
    ),
    wrong_key=Said(
        401,
        {
            "error": {
                "code": "401",
                "message": "Access denied due to invalid subscription key or wrong API endpoint.",
            }
        },
        code=AUTH,
        says="AZURE_OPENAI_API_KEY",
    ),
    malformed=Said(200, openai_completion("Certainly! Here"), code=INVALID, says="JSON object"),
    too_long=Said(
        400,
        openai_error("This model's maximum context length is 8192 tokens.", code="context_length_exceeded"),
        code=REJECTED,
        says="longer than the model can read",
    ),
)
