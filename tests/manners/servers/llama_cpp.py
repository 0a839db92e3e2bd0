"""llama.cpp's server, and llama-cpp-python's: a schema beside json_object, and refusals in a 500."""

from __future__ import annotations

from tests.manners.server import (
    AUTH,
    FORM,
    INVALID,
    KEY,
    REJECTED,
    Said,
    Server,
    openai_completion,
    openai_error,
)

SERVER = Server(
    name="llama.cpp",
    limit="max_tokens",
    formats=("json_object",),
    env={"LLM_RESPONSE_FORMAT": "json_object_schema"},
    completion=lambda text: {**openai_completion(text), "timings": {"prompt_n": 1, "prompt_ms": 2.5}},
    refusal_of_format=Said(
        500,
        openai_error(
            "[{'type': 'literal_error', 'loc': ('body', 'response_format', 'type'), 'msg': \"Input should be "
            "'text' or "
            "'json_object'\", 'input': 'json_schema', 'ctx': {'expected': \"'text' or 'json_object'\"}}]",
            kind="internal_server_error",
        ),
        code=REJECTED,
        says=FORM,
    ),
    rate_limit=Said(
        503,
        {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}},
        headers={"retry-after": "4"},
        code="llm_unavailable",
        says="the fault is on its side",
        retry_after=4.0,
    ),
    wrong_key=Said(
        401,
        {"error": {"code": 401, "message": "Invalid API Key", "type": "authentication_error"}},
        code=AUTH,
        says=KEY,
    ),
    malformed=Said(200, openai_completion(""), code=INVALID, says="empty"),
    too_long=Said(
        400,
        {
            "error": {
                "code": 400,
                "message": "the request exceeds the available context size, try increasing it",
                "type": "exceed_context_size_error",
                "n_prompt_tokens": 1407,
                "n_ctx": 256,
            }
        },
        code=REJECTED,
        says="longer than the model can read",
    ),
)
