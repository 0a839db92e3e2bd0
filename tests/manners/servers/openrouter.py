"""OpenRouter: it answers 200 once it has accepted a request, and tells of errors in the body."""

from __future__ import annotations

from tests.manners.server import AUTH, KEY, LIMITED, REJECTED, Said, Server, openai_completion

SERVER = Server(
    name="OpenRouter",
    limit="max_tokens",
    formats=("json_object", "json_schema"),
    completion=lambda text: {**openai_completion(text, reasoning=None), "provider": "Somebody"},
    rate_limit=Said(
        200,
        {
            "error": {
                "code": 429,
                "message": "Provider returned error",
                "metadata": {"raw": "rate-limited upstream"},
            }
        },
        headers={"retry-after": "30"},
        code=LIMITED,
        says="answered 200 with error 429",
        retry_after=30.0,
    ),
    wrong_key=Said(
        200, {"error": {"code": 401, "message": "No auth credentials found"}}, code=AUTH, says=KEY
    ),
    malformed=Said(
        200,
        {
            "choices": [
                {
                    "message": {"content": "{"},
                    "finish_reason": "error",
                    "error": {"code": 502, "message": "upstream"},
                }
            ]
        },
        code="llm_unavailable",
        says="the fault is on its side",
    ),
    too_long=Said(
        400,
        {
            "error": {
                "code": 400,
                "message": "This endpoint's maximum context length is 32768 tokens. You requested 40000.",
            }
        },
        code=REJECTED,
        says="longer than the model can read",
    ),
)
