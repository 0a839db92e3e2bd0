"""A refusal's words and status, out of whatever envelope it comes in."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from aiplane.errors import (
    LLMAuthError,
    LLMError,
    LLMInvalidResponseError,
    LLMRateLimitedError,
    LLMRequestRejectedError,
    LLMUnavailableError,
)
from aiplane.providers.llm.openai_causes import SettingNames
from aiplane.providers.llm.openai_errors import of_refusal
from aiplane.providers.llm.openai_limit import LimitNames
from aiplane.providers.llm.openai_refusal import Refusal, read_refusal

NAMES = SettingNames(
    "THE_KEY", "THE_URL", "THE_MODEL", "set LLM_RESPONSE_FORMAT", room=", or lower LLM_MAX_OUTPUT_TOKENS"
)
AZURE = SettingNames(
    "THE_KEY", "THE_URL", "THE_MODEL", "set LLM_RESPONSE_FORMAT", version="AZURE_OPENAI_API_VERSION"
)


def refused(status: int, said: Any, **headers: str) -> Refusal:
    body = said.encode() if isinstance(said, str) else json.dumps(said).encode()
    return read_refusal(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


def error(message: Any = None, **fields: Any) -> dict[str, Any]:
    return {
        "error": {"message": message, "type": "invalid_request_error", "param": None, "code": None, **fields}
    }


# The name of the limit

OLD, NEW = "max_tokens", "max_completion_tokens"

OF_THE_NAME: list[tuple[str, int, Any]] = [
    ("an older Azure", 400, error(f"Unrecognized request argument supplied: {OLD}")),
    (
        "OpenAI",
        400,
        error(f"Unsupported parameter: '{OLD}' is not supported. Use '{NEW}' instead.", param=OLD),
    ),
    ("by its parameter alone", 400, error("No.", param=OLD)),
    ("a parameter that is a word", 400, error(f"{OLD} is unknown", param="None")),
    (
        "FastAPI",
        422,
        {"detail": [{"type": "extra_forbidden", "loc": ["body", OLD], "msg": "Extra inputs …"}]},
    ),
    ("Mistral", 422, {"object": "error", "message": {"detail": [{"loc": ["body", OLD], "input": 8000}]}}),
    ("Mistral of old", 422, {"message": json.dumps({"detail": [{"loc": ["body", OLD], "msg": "Extra"}]})}),
    (
        "vLLM",
        400,
        {"object": "error", "message": f"[{{'loc': ('body', '{OLD}'), 'input': 8000}}]", "code": 400},
    ),
    (
        "a gateway's 500",
        500,
        error(f"litellm.APIError: Error code: 400 - {{'error': \"'{OLD}' unsupported\"}}"),
    ),
    ("plain text", 422, f"Failed to deserialize the body: unknown field `{OLD}` at line 1"),
    ("Gemini", 400, [error(f'Invalid JSON payload received. Unknown name "{OLD}": Cannot find field.')]),
    ("a text for an error", 400, {"error": f"{OLD} is not allowed"}),
    ("a field by its name", 400, {"errors": {OLD: ["is not a field"]}}),
    ("a code of its own", 409, {"code": "unknown_field", "field": OLD}),
    (
        "a gateway without a reason",
        422,
        error("litellm.BadRequestError: OpenAIException - Error code: 422\n\nNo"),
    ),
    ("a wordy one", 400, error(f"Unknown {OLD}: the maximum number of tokens is given by {NEW}")),
    ("a 501", 501, error(f"{OLD} is not implemented")),
    ("a 403", 403, error(f"You may not send {OLD}")),
]


@pytest.mark.parametrize(
    ("status", "said"), [row[1:] for row in OF_THE_NAME], ids=[row[0] for row in OF_THE_NAME]
)
def test_the_other_name_is_tried_where_the_one_is_named(status: int, said: Any) -> None:
    limits = LimitNames(OLD, NAMES)

    assert limits.other("model", OLD, refused(status, said)) == NEW


NOT_OF_THE_NAME: list[tuple[str, int, Any]] = [
    (
        "it is too high",
        400,
        error(f"{OLD} is too large: 8000. This model supports at most 4096 completion tokens"),
    ),
    ("a range", 400, error(f"Invalid {OLD} value, the valid range of {OLD} is [1, 8192]")),
    (
        "Groq's bound",
        400,
        error(f"`{OLD}` must be less than or equal to `4096`, the maximum value for `{OLD}`"),
    ),
    (
        "vLLM's bound",
        400,
        error(f"'{OLD}' or '{NEW}' is too large: 8000. This model's maximum context length is 4096"),
    ),
    ("too much at once", 429, error(f"Rate limit reached: lower {OLD}")),
    ("part of a longer word", 400, error("my_max_tokens_per_day is unknown")),
    ("something else", 400, error("The model is asleep.")),
    (
        "the request repeated",
        400,
        error(json.dumps({"model": "m", OLD: 8000, "messages": [{"role": "user"}]})),
    ),
    ("the request as an object", 400, {"error": "no", "request": {"model": "m", OLD: 8000}}),
    ("what a field was", 422, {"detail": [{"loc": ["body"], "input": {OLD: 8000, "messages": [OLD]}}]}),
]


@pytest.mark.parametrize(
    ("status", "said"), [row[1:] for row in NOT_OF_THE_NAME], ids=[row[0] for row in NOT_OF_THE_NAME]
)
def test_the_other_name_is_not_tried_where_it_cannot_help(status: int, said: Any) -> None:
    assert LimitNames(OLD, NAMES).other("model", OLD, refused(status, said)) is None


def test_each_model_has_a_name_of_its_own() -> None:
    limits = LimitNames(OLD, NAMES)
    limits.worked("newer", NEW)

    assert (limits.of("newer"), limits.of("older")) == (NEW, OLD)


# What it means

A_PROMPT_OF_WORDS = {
    "model": "m",
    "messages": [{"role": "user", "content": "maximum context length json_schema"}],
}

OF_THE_FORM = "LLM_RESPONSE_FORMAT"
LONG_PROMPT = "longer than the model can read"
NO_SYSTEM = "no system message"
NO_MODEL = "does not know the model"
MALFORMED = "malformed"
ITS_FAULT = "the fault is on its side"

MEANINGS: dict[tuple[type[LLMError], str], list[tuple[int, Any]]] = {
    (LLMRequestRejectedError, OF_THE_FORM): [
        (400, error("This response_format type is unavailable now", code="invalid_request_error")),
        (422, "Failed to deserialize the JSON body: response_format: unknown variant `json_schema`"),
        (400, [error('Unknown name "additionalProperties" at …', code=400, status="INVALID_ARGUMENT")]),
        (400, [error("response_schema: too many states", code=400)]),
        (400, error("invalid schema for response format: minItems is not supported")),
        (500, error("[{'loc': ('body', 'response_format', 'type'), 'msg': 'no', 'input': 'json_schema'}]")),
        (400, error("No.", param="response_format.json_schema")),
        # A server that is not Azure has no setting for its version.
        (400, error("json_schema is enabled only for api versions 2024-08-01-preview and later")),
        (400, error("JSON mode is not enabled for models/gemini-pro")),
    ],
    (LLMRequestRejectedError, LONG_PROMPT): [
        (
            400,
            {
                "message": "This model's maximum context length is 4096 tokens. You requested 9100.",
                "code": 400,
            },
        ),
        (400, error("the request exceeds …", code=400, type="exceed_context_size_error", n_ctx=256)),
        (500, error("the request exceeds the available context size", code=500, type="server_error")),
        (400, {"message": "Prompt contains 40000 tokens, too large for model with 32768", "code": "3051"}),
        (
            400,
            error("prompt token count of 128241 exceeds the limit of 128000", code="model_max_prompt_tokens"),
        ),
        (400, [error("The input token count (1200000) exceeds the maximum number of tokens allowed.")]),
        (400, error("Too long.", code="context_length_exceeded")),
    ],
    (LLMRequestRejectedError, "LLM_MAX_OUTPUT_TOKENS"): [
        (400, error("max_tokens is too large: 8000. It supports at most 4096 completion tokens.", param=OLD)),
        (400, error("Invalid max_tokens value, the valid range of max_tokens is [1, 8192]")),
        (422, error("`inputs` tokens + `max_new_tokens` must be <= 4097. Given: 3000 `inputs` tokens")),
        (400, error("max_tokens: 8000 > 4096, which is the maximum allowed number of output tokens")),
    ],
    (LLMRequestRejectedError, NO_SYSTEM): [
        (400, {"object": "error", "message": "System role not supported", "code": 400}),
        (400, [error("Developer instruction is not enabled for models/gemma-3-27b-it")]),
        (400, error("Unsupported value: 'messages[0].role' does not support 'system' with this model.")),
        (400, error("Only user and assistant roles are supported!")),
        (400, error("This model doesn't support the system role")),
        (422, {"detail": [{"loc": ["messages", 0, "role"], "msg": "Input should be 'user' or 'assistant'"}]}),
        (500, error("Conversation roles must alternate user/assistant/user/assistant/...")),
    ],
    (LLMRequestRejectedError, "LLM_TEMPERATURE"): [
        (400, error("Unsupported value: 'temperature' does not support 0.2.", param="temperature")),
    ],
    (LLMRequestRejectedError, "LLM_REASONING_EFFORT"): [
        (400, error("Unrecognized request argument supplied: reasoning_effort")),
        (400, [error("Budget 0 is invalid. This model only works in thinking mode.")]),
    ],
    (LLMRequestRejectedError, "no credit left"): [
        (402, error("Insufficient Balance")),
        (402, ""),
        (400, error("Insufficient Balance")),
        (400, error("Your credit balance is too low to access this API.")),
        (402, error("This request requires more credits, or fewer max_tokens.", code=402)),
    ],
    (LLMRateLimitedError, "quota is used up"): [
        (429, error("You exceeded your quota", code="insufficient_quota")),
        (429, error("Your account has insufficient balance")),
    ],
    (LLMRateLimitedError, "answered 500 with error 429: too many requests"): [
        (500, error("upstream", code=429))
    ],
    (LLMAuthError, "THE_KEY"): [
        (400, error("No connected db.", type="no_db_connection", code="400")),
        (400, [error("API key not valid. Please pass a valid API key.", status="INVALID_ARGUMENT")]),
        (401, error("maximum context length")),
        (403, ""),
        (502, error("no", code="401")),
    ],
    (LLMInvalidResponseError, MALFORMED): [
        (400, error("Failed to generate JSON.", code="json_validate_failed", failed_generation="{")),
        (400, error("Failed to call a function.", code="tool_use_failed")),
        (400, {"error": {"message": "No.", "failed_generation": "{"}}),
        (400, error("Generated JSON does not match the expected schema.")),
        (500, error("The model produced invalid content. Consider modifying your prompt.")),
        (422, error("The model output is malformed")),
    ],
    (LLMInvalidResponseError, "raise it"): [
        (400, error("Could not finish the message because max_tokens or model output limit was reached.")),
    ],
    (LLMRequestRejectedError, NO_MODEL): [
        (404, error('model "llama9" not found, try pulling it first', type="api_error")),
        (400, {"object": "error", "message": "Invalid model: big", "type": "invalid_model", "code": "1500"}),
        (400, error("big is not a valid model ID", code=400)),
        (400, error("Model Not Exist")),
        (404, error("The model `big` does not exist", code="model_not_found")),
    ],
    (LLMRequestRejectedError, "answered 500 with error 400: it did not accept"): [
        (500, error("Error code: 400 - bad")),
        (500, error("bad", code=400)),
    ],
    (LLMUnavailableError, ITS_FAULT): [
        (500, error("oops", code=500)),
        (500, error("Failed to generate a response, please retry")),
        (503, error("The model is overloaded and not found")),
        (502, "<html>json_schema context length</html>"),
        (500, ""),
    ],
    # In the body of a 200, as a number or in words.
    (LLMRateLimitedError, "answered 200 with error 429"): [
        (200, error("Provider returned error", code=429)),
        (200, error("x", code="429")),
        (200, error("x", code=429.0)),
        (200, {"error": "Rate limit exceeded"}),
        (200, error("x", status="RESOURCE_EXHAUSTED")),
        (200, {"status": 429, "message": "x"}),
        (200, {"statusCode": 429}),
        (200, {"base_resp": {"status_code": 1002, "status_msg": ""}}),
        (200, {"error_code": 18}),
        (200, {"error_code": 336501, "error_msg": "Rate limit reached for RPM"}),
        (200, {"code": "Throttling.RateQuota", "message": "Requests are throttled."}),
        (200, {"success": False, "errors": [{"code": 7, "message": "Too many requests"}]}),
        (200, {"type": "error", "message": "Rate limit exceeded"}),
    ],
    (LLMAuthError, "answered 200 with error 401"): [
        (200, error("No auth credentials found", code=401)),
        (200, {"error": "Unauthorized"}),
        (200, error("Invalid API key")),
        (200, {"statusCode": 401}),
        (200, {"error": 401}),
        (200, {"success": False, "errors": [{"code": 10000, "message": "Authentication error"}]}),
        (200, {"success": False, "errors": [{"code": 401}]}),
        (200, {"base_resp": {"status_code": 1004, "status_msg": "login fail"}}),
        (200, {"base_resp": {"status_code": 2049}}),
        (200, {"error_code": 110, "error_msg": ""}),
        (200, {"code": "InvalidApiKey", "message": "Invalid API-key provided."}),
        (200, {"detail": "Not authenticated"}),
        (200, {"detail": {"code": 401}}),
    ],
    (LLMAuthError, "answered 200 with error 403"): [(200, {"message": "Forbidden"})],
    (LLMRequestRejectedError, "answered 200 with error 402: the account has no credit"): [
        (200, error("x", code=402)),
        (200, {"base_resp": {"status_code": 1008}}),
    ],
    (LLMUnavailableError, "answered 200 with error 500: the fault"): [
        (200, {"error": "oops"}),
        (200, {"code": 18, "message": "busy"}),
        (200, {"base_resp": {"status_code": 1013, "status_msg": "internal"}}),
    ],
    (LLMUnavailableError, "answered 200 with error 502: the fault"): [(200, error("x", code=502))],
    (LLMUnavailableError, "could not take the request"): [(408, ""), (409, "")],
    # What only repeats the request says nothing.
    (LLMRequestRejectedError, "answered 400: it did not accept"): [
        (400, error(json.dumps(A_PROMPT_OF_WORDS))),
        (400, {"error": A_PROMPT_OF_WORDS}),
        (400, {"detail": [{"loc": ["body", "messages", 0], "msg": "no", "input": "json_schema"}]}),
    ],
}


@pytest.mark.parametrize(
    ("status", "said", "becomes", "says"),
    [(status, said, *meaning) for meaning, refusals in MEANINGS.items() for status, said in refusals],
)
def test_a_refusal_becomes_an_error_that_names_the_right_setting(
    status: int, said: Any, becomes: type[LLMError], says: str
) -> None:
    told = of_refusal(refused(status, said), NAMES)

    assert type(told) is becomes
    assert says in told.sentence
    assert "AZURE" not in told.sentence


@pytest.mark.parametrize(
    "said",
    [
        error("json_schema is enabled only for api versions 2024-08-01-preview and later"),
        error("API version not supported", code="BadRequest"),
    ],
)
def test_azures_version_is_told_in_azures_setting(said: Any) -> None:
    assert "AZURE_OPENAI_API_VERSION" in of_refusal(refused(400, said), AZURE).sentence


@pytest.mark.parametrize(
    "said", ["[" * 100_000, "9" * 10_000, '"\\ud83d"', "[]", "null", "{}", '{"error": []}', "\x00"]
)
def test_a_body_of_anything_is_read(said: str) -> None:
    assert type(of_refusal(refused(400, said), NAMES)) is LLMRequestRejectedError


def test_a_body_of_much_costs_little() -> None:
    started = time.process_time()
    told = refused(400, [error("max_tokens " * 10_000) for _ in range(40)])
    of_refusal(told, NAMES)

    assert len(told.words) <= 10_000
    assert time.process_time() - started < 1


# When it wants to be asked again


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "7"}, 7.0),
        ({"retry_after": "0.25"}, 0.25),
        ({"retry_after": "86400"}, 120.0),
        ({"retry_after": "7", "retry_after_ms": "1500"}, 1.5),
        ({"retry_after": "Mon, 30 Nov 2026 10:00:20 GMT", "date": "Mon, 30 Nov 2026 10:00:00 GMT"}, 20.0),
        ({"retry_after": "Mon, 30 Nov 2026 10:00:00 GMT", "date": "Mon, 30 Nov 2026 10:00:20 GMT"}, 0.0),
        ({"retry_after": "Mon, 30 Nov 2020 10:00:00 GMT"}, 0.0),
        ({"retry_after": "20s"}, 20.0),
        ({"retry_after": "20 seconds"}, 20.0),
        ({"retry_after": "1m30s"}, 90.0),
        ({"retry_after": "250ms"}, 0.25),
        ({"retry_after": "1 min"}, 60.0),
        ({"retry_after": "5, 5"}, 5.0),
        ({"retry_after": "5, 9s"}, 9.0),
        ({"retry_after_ms": "1500, 1500"}, 1.5),
        ({"retry_after": "2026-11-30T10:00:20Z", "date": "Mon, 30 Nov 2026 10:00:00 GMT"}, 20.0),
        ({"retry_after": "2026-11-30 11:00:20+01:00", "date": "Mon, 30 Nov 2026 10:00:00 GMT"}, 20.0),
        ({"retry_after": "1796032820", "date": "Mon, 30 Nov 2026 10:00:00 GMT"}, 20.0),
        ({"retry_after": "1796032820500", "date": "Mon, 30 Nov 2026 10:00:00 GMT"}, 20.5),
        ({"retry_after_ms": "1796032820500", "date": "Mon, 30 Nov 2026 10:00:00 GMT"}, 20.5),
        ({"retry_after": "9" * 90}, None),
        ({"retry_after": "5 apples"}, None),
        ({"retry_after": "1_0"}, None),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "-5"}, None),
        ({"retry_after": "nan"}, None),
        ({"retry_after": ""}, None),
        ({}, None),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_a_provider_says_when_it_wants_to_be_asked_again(
    status: int, headers: dict[str, str], seconds: float | None
) -> None:
    assert of_refusal(refused(status, "", **headers), NAMES).retry_after == seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x_ratelimit_reset_requests": "1m30s"}, 90.0),
        ({"x_ratelimit_reset_requests": "20ms"}, 0.02),
        ({"x_ratelimit_reset_requests": "6m0s"}, 120.0),
        ({"x_ratelimit_reset_requests": "1s", "x_ratelimit_reset_tokens": "7.5s"}, 7.5),
        (
            {
                "x_ratelimit_reset_requests": "1s",
                "x_ratelimit_remaining_tokens": "9",
                "x_ratelimit_reset_tokens": "7s",
            },
            1.0,
        ),
        ({"x_ratelimit_reset": "1796032820", "date": "Mon, 30 Nov 2026 10:00:00 GMT"}, 20.0),
        ({"x_ratelimit_reset_requests": "1m30s", "retry_after": "7"}, 7.0),
        ({"x_ratelimit_reset_requests": "never"}, None),
    ],
)
def test_a_limit_says_when_it_begins_anew(headers: dict[str, str], seconds: float | None) -> None:
    assert of_refusal(refused(429, "", **headers), NAMES).retry_after == seconds
    assert of_refusal(refused(503, "", **headers), NAMES).retry_after in {None, 7.0}


def test_google_says_it_in_the_body() -> None:
    details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34s"}]

    assert of_refusal(refused(429, [error("Quota", details=details)]), NAMES).retry_after == 34.0


def test_what_is_not_retried_says_nothing_of_when() -> None:
    assert of_refusal(refused(400, "", retry_after="7"), NAMES).retry_after is None
