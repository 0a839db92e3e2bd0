"""A gateway such as LiteLLM before a newer model: a 400 told in words, or wrapped in a 500."""

from __future__ import annotations

from tests.manners.server import (
    AUTH,
    FORM,
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
    name="gateway",
    limit="max_completion_tokens",
    formats=("json_object",),
    completion=lambda text: {
        **openai_completion(text),
        "usage": {"prompt_tokens": 10.5, "completion_tokens": "7"},
    },
    refusal_of_limit=lambda name: Said(
        500,
        openai_error(
            "litellm.APIError: OpenAIException - Error code: 400 - "
            "{'error': {'message': \"Unsupported parameter: "
            f"'{name}' is not supported with this model.\", 'type': 'invalid_request_error'}}}}",
            code="500",
            param="None",
            kind="None",
        ),
        code=REJECTED,
        says=MODEL,
    ),
    refusal_of_format=Said(
        422,
        {
            "detail": [
                {
                    "type": "literal_error",
                    "loc": ["body", "response_format", "type"],
                    "msg": "Input should be …",
                }
            ]
        },
        code=REJECTED,
        says=FORM,
    ),
    rate_limit=Said(
        429,
        openai_error(
            "No deployments available for selected model. Try again in 5 seconds.", code="429", kind="None"
        ),
        headers={"retry-after": "5"},
        code=LIMITED,
        says="too many requests",
        retry_after=5.0,
    ),
    wrong_key=Said(
        400, openai_error("No connected db.", code="400", kind="no_db_connection"), code=AUTH, says=KEY
    ),
    malformed=Said(
        200, openai_completion({"unexpected": "shape"}), code=INVALID, says="not what was asked for"
    ),
    too_long=Said(
        400,
        openai_error(
            "litellm.ContextWindowExceededError: litellm.BadRequestError: prompt is too long", code="400"
        ),
        code=REJECTED,
        says="longer than the model can read",
    ),
)
