"""DeepSeek: no schema, thoughts in a field of their own, and a refusal in plain text."""

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
    name="DeepSeek",
    limit="max_tokens",
    formats=("json_object",),
    completion=lambda text: openai_completion(text, reasoning_content="The prompt says [3fa9… begin"),
    refusal_of_format=Said(
        400,
        openai_error("This response_format type is unavailable now", code="invalid_request_error"),
        code=REJECTED,
        says=FORM,
    ),
    rate_limit=Said(
        429,
        openai_error("Rate limit reached", kind="rate_limit_error"),
        code=LIMITED,
        says="too many requests",
    ),
    wrong_key=Said(
        401,
        openai_error("Authentication Fails, Your api key: ****key is invalid", kind="authentication_error"),
        code=AUTH,
        says=KEY,
    ),
    malformed=Said(
        200,
        {**openai_completion("{"), "choices": [{"message": {"content": "{"}, "finish_reason": "length"}]},
        code=INVALID,
        says="LLM_MAX_OUTPUT_TOKENS",
    ),
    too_long=Said(
        400,
        openai_error(
            "This model's maximum context length is 65536 tokens. However, you requested 80000 tokens "
            "(72000 in the messages, 8000 in the completion). Please reduce the length of either.",
            code="invalid_request_error",
        ),
        code=REJECTED,
        says="longer than the model can read",
    ),
)
