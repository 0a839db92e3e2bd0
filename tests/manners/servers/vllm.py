"""vLLM without a reasoning parser: thoughts stand in the answer, and codes are numbers."""

from __future__ import annotations

from tests.manners.server import AUTH, INVALID, KEY, LIMITED, REJECTED, Said, Server, openai_completion

SERVER = Server(
    name="vLLM",
    limit="max_tokens",
    formats=("json_schema", "json_object"),
    completion=lambda text: openai_completion(
        f"<think>Let me see.</think>\n\n{text}", reasoning_content=None
    ),
    rate_limit=Said(
        429, "Too Many Requests", headers={"retry-after": "3"}, code=LIMITED, says="too many", retry_after=3.0
    ),
    wrong_key=Said(401, {"error": "Unauthorized"}, code=AUTH, says=KEY),
    malformed=Said(200, openai_completion('{"hint": 1'), code=INVALID, says="JSON object"),
    too_long=Said(
        400,
        {
            "object": "error",
            "message": "'max_tokens' or 'max_completion_tokens' is too large: 8000. This model's maximum "
            "context length is 4096 tokens and your request has 1200 input tokens (8000 > 4096 - 1200).",
            "type": "BadRequestError",
            "param": None,
            "code": 400,
        },
        code=REJECTED,
        says="LLM_MAX_OUTPUT_TOKENS",
    ),
)
