"""Mistral with a model that thinks: an answer in parts, refusals in FastAPI's form."""

from __future__ import annotations

from tests.manners.server import AUTH, INVALID, KEY, LIMITED, MODEL, REJECTED, Said, Server, openai_completion

SERVER = Server(
    name="Mistral",
    limit="max_tokens",
    formats=("json_schema", "json_object"),
    completion=lambda text: openai_completion(
        [
            {"type": "thinking", "thinking": [{"type": "text", "text": "First {I} look."}], "closed": True},
            {"type": "text", "text": text},
        ],
        prefix=False,
    ),
    refusal_of_limit=lambda name: Said(
        422,
        {
            "object": "error",
            "message": {
                "detail": [
                    {"type": "extra_forbidden", "loc": ["body", name], "msg": "Extra inputs", "input": 9}
                ]
            },
            "type": "invalid_request_error",
            "param": None,
            "code": None,
        },
        code=REJECTED,
        says=MODEL,
    ),
    rate_limit=Said(
        429,
        {
            "object": "error",
            "message": "Rate limit exceeded",
            "type": "rate_limited",
            "param": None,
            "code": "1300",
        },
        headers={"retry-after": "1"},
        code=LIMITED,
        says="too many requests",
        retry_after=1.0,
    ),
    wrong_key=Said(401, {"detail": "Unauthorized"}, code=AUTH, says=KEY),
    malformed=Said(
        200,
        openai_completion([{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}]),
        code=INVALID,
        says="empty",
    ),
    too_long=Said(
        400,
        {
            "object": "error",
            "message": "Prompt contains 40000 tokens, too large for model with 32768 maximum context length",
            "type": "invalid_request_prompt_too_long",
            "code": "3051",
        },
        code=REJECTED,
        says="longer than the model can read",
    ),
)
