"""Ollama: what does not fit is dropped in silence, and an error is a text or an object."""

from __future__ import annotations

from tests.manners.server import AUTH, INVALID, KEY, REJECTED, Said, Server, openai_completion, openai_error

SERVER = Server(
    name="Ollama",
    limit="max_tokens",
    formats=("json_schema", "json_object"),
    completion=lambda text: {**openai_completion(text, reasoning="Well."), "system_fingerprint": "fp_ollama"},
    rate_limit=Said(
        503,
        openai_error("server busy, please try again. maximum pending requests exceeded", kind="api_error"),
        headers={"retry-after": "6"},
        code="llm_unavailable",
        says="the fault is on its side",
        retry_after=6.0,
    ),
    wrong_key=Said(401, {"error": "unauthorized"}, code=AUTH, says=KEY),
    malformed=Said(
        200,
        {
            **openai_completion("<think>Wait"),
            "choices": [{"message": {"content": "<think>Wait"}, "finish_reason": "length"}],
        },
        code=INVALID,
        says="thinking used up",
    ),
    too_long=Said(
        400,
        {
            "error": {
                "message": "input length exceeds maximum context length",
                "type": "invalid_request_error",
            }
        },
        code=REJECTED,
        says="longer than the model can read",
    ),
)
