"""Gemini's endpoint for OpenAI's API: a list around each error, and a wrong key that is a 400."""

from __future__ import annotations

from typing import Any

from tests.manners.server import AUTH, FORM, INVALID, KEY, LIMITED, REJECTED, Said, Server, openai_completion


def _error(code: int, status: str, message: str, **detail: str) -> list[Any]:
    return [{"error": {"code": code, "message": message, "status": status, "details": [detail]}}]


SERVER = Server(
    name="Gemini",
    limit="max_tokens",
    formats=("json_object",),
    completion=openai_completion,
    refusal_of_format=Said(
        400,
        _error(
            400, "INVALID_ARGUMENT", 'Invalid JSON payload received. Unknown name "additionalProperties" at …'
        ),
        code=REJECTED,
        says=FORM,
    ),
    rate_limit=Said(
        429,
        _error(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota.", retryDelay="34s"),
        code=LIMITED,
        says="too many requests",
        retry_after=34.0,
    ),
    wrong_key=Said(
        400,
        _error(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."),
        code=AUTH,
        says=KEY,
    ),
    malformed=Said(200, openai_completion(None), code=INVALID, says="empty"),
    too_long=Said(
        400,
        _error(
            400,
            "INVALID_ARGUMENT",
            "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
        ),
        code=REJECTED,
        says="longer than the model can read",
    ),
)
