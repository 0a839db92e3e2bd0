"""A chat completion in whatever form it comes: the text in it, or what stands in its place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aiplane.errors import (
    LLMError,
    LLMInvalidResponseError,
    LLMRequestRejectedError,
    LLMUnavailableError,
)
from aiplane.providers.llm.openai_json import read_json
from aiplane.providers.llm.openai_reply import error_in, read_reply

ANSWER = '{"hint": "Look again."}'


def completion(content: Any = ANSWER, *, reason: str | None = "stop", **fields: Any) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": reason}
    return {
        "choices": [choice],
        "model": "m",
        "usage": {"prompt_tokens": 3, "completion_tokens": 4},
        **fields,
    }


@pytest.mark.parametrize(
    "content",
    [
        ANSWER,
        [{"type": "text", "text": ANSWER}],
        [
            {"type": "thinking", "thinking": [{"type": "text", "text": "{}"}]},
            {"type": "text", "text": ANSWER},
        ],
        [{"type": "text", "text": ANSWER[:8]}, {"type": "text", "text": ANSWER[8:]}],
        [{"type": "reasoning", "text": "Hm."}, {"type": "output_text", "text": ANSWER}, None, 7],
        [{"text": ANSWER}],
        [{"type": "text", "text": {"value": ANSWER, "annotations": []}}],
        [ANSWER[:8], ANSWER[8:]],
        ["", {"type": "text", "text": ANSWER}],
        {"type": "text", "text": ANSWER},
        {"text": ANSWER},
        {"hint": "Look again."},
        [{"type": "json", "json": {"hint": "Look again."}}],
        {"type": "json", "json": {"hint": "Look again."}},
        [{"type": "text", "text": {"hint": "Look again."}}],
        [{"type": "text", "text": {"value": {"hint": "Look again."}}}],
    ],
)
def test_the_text_is_found(content: Any) -> None:
    assert read_reply(completion(content), model="asked").text == ANSWER


@pytest.mark.parametrize("content", [None, "", " ", []])
@pytest.mark.parametrize(
    "call",
    [
        {"tool_calls": [{"type": "function", "function": {"name": "answer", "arguments": ANSWER}}]},
        {"tool_calls": [{"function": {"arguments": json.loads(ANSWER)}}]},
        {"function_call": {"name": "answer", "arguments": ANSWER}},
    ],
)
def test_the_arguments_of_a_call_are_the_answer_where_there_is_no_other(
    content: Any, call: dict[str, Any]
) -> None:
    reply = completion(content, reason="tool_calls")
    reply["choices"][0]["message"].update(call)

    assert read_reply(reply, model="asked").text == ANSWER
    assert error_in(reply) is None


def test_what_is_written_counts_before_a_call() -> None:
    reply = completion()
    reply["choices"][0]["message"]["tool_calls"] = [{"function": {"arguments": '{"hint": "No."}'}}]

    assert read_reply(reply, model="asked").text == ANSWER


@pytest.mark.parametrize(
    "first",
    [
        None,
        {},
        completion("")["choices"][0],
        completion("{", reason="error")["choices"][0],
        completion("{", reason="length")["choices"][0],
        completion("", reason="content_filter")["choices"][0],
    ],
)
def test_a_choice_of_no_use_hides_no_other(first: Any) -> None:
    reply = completion(choices=[first, *completion()["choices"]])

    assert error_in(reply) is None
    assert read_reply(reply, model="asked").text == ANSWER


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        ({"prompt_tokens": 10.5, "completion_tokens": 4}, (10, 4)),
        ({"prompt_tokens": "10", "completion_tokens": None}, (10, 0)),
        ({"prompt_tokens": -1, "completion_tokens": [4]}, (0, 0)),
        ({"prompt_tokens": 1e400, "completion_tokens": True}, (0, 1)),
        ({"input_tokens": 3, "output_tokens": 4}, (3, 4)),
        ({}, (0, 0)),
        (None, (0, 0)),
        ("many", (0, 0)),
        ([{"prompt_tokens": 3}], (3, 0)),
    ],
)
def test_a_count_that_is_none_costs_no_answer(usage: Any, counts: tuple[int, int]) -> None:
    read = read_reply(completion(usage=usage), model="asked")

    assert (read.input_tokens, read.output_tokens) == counts


@pytest.mark.parametrize(
    ("said", "model"), [("gpt", "gpt"), (None, "asked"), (7, "asked"), ({}, "asked"), (" ", "asked")]
)
def test_a_name_that_is_none_is_the_one_that_was_asked(said: Any, model: str) -> None:
    assert read_reply(completion(model=said), model="asked").model == model


def test_half_an_emoji_breaks_nothing() -> None:
    body = json.dumps(completion("{\ud83d \0}")).encode() + b"  "

    assert read_reply(read_json(body), model="m\ud83d").text == "{\ufffd \ufffd}"


@pytest.mark.parametrize(
    "body", [b"\xef\xbb\xbf{}", b'{"a": "\xff"}', b'{"a": ' + b"9" * 5000 + b"}", b'{"a": NaN}']
)
def test_a_body_with_an_oddity_is_read(body: bytes) -> None:
    assert isinstance(read_json(body), dict)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[" * 100_000])
def test_a_body_that_is_none_is_told(body: bytes) -> None:
    with pytest.raises(ValueError):
        read_json(body)


FAULTS: list[tuple[str, Any, type[LLMError], str]] = [
    ("no choices", completion(choices=[]), LLMInvalidResponseError, "not a chat completion"),
    ("no message", completion(choices=[{}]), LLMInvalidResponseError, "not a chat completion"),
    ("a number", completion(7), LLMInvalidResponseError, "not a chat completion"),
    ("a list of numbers", completion([7]), LLMInvalidResponseError, "not a chat completion"),
    ("a text", "Hello.", LLMInvalidResponseError, "not a chat completion"),
    ("nothing", completion(""), LLMInvalidResponseError, "empty"),
    ("thoughts alone", completion([{"type": "thinking", "thinking": "x"}]), LLMInvalidResponseError, "empty"),
    ("a broken answer", completion("{", reason="error"), LLMUnavailableError, "broke off"),
    (
        "no resources",
        completion("{", reason="insufficient_system_resource"),
        LLMUnavailableError,
        "broke off",
    ),
    ("filtered", completion("", reason="content_filter"), LLMRequestRejectedError, "content filter"),
    ("filtered in capitals", completion("", reason="SAFETY"), LLMRequestRejectedError, "content filter"),
    ("cut off", completion("{", reason="length"), LLMInvalidResponseError, "cut off"),
    ("cut off by its own word", completion("{", reason="model_length"), LLMInvalidResponseError, "cut off"),
]


@pytest.mark.parametrize(
    ("reply", "becomes", "says"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS]
)
def test_what_is_no_answer_is_told(reply: Any, becomes: type[LLMError], says: str) -> None:
    with pytest.raises(LLMError, match=says) as raised:
        read_reply(reply, model="asked")

    assert type(raised.value) is becomes


@pytest.mark.parametrize(
    "content",
    [
        "",
        None,
        " \n",
        "<think>First I",
        "<think>So.</think>\n",
        "[THINK]Hm",
        "<thinking>Hm",
        [{"type": "thinking"}],
    ],
)
def test_an_answer_for_which_thinking_left_no_room_does_not_go_back(content: Any) -> None:
    usage = {"completion_tokens": 8000, "completion_tokens_details": {"reasoning_tokens": 7990}}
    with pytest.raises(
        LLMInvalidResponseError, match=r"thinking used up LLM_MAX_OUTPUT_TOKENS \(7990 t"
    ) as raised:
        read_reply(completion(content, reason="length", usage=usage), model="asked")

    assert not raised.value.repairable
    assert "LLM_REASONING_EFFORT" in raised.value.sentence


@pytest.mark.parametrize("content", ['{"hint": "Lo', "<think>So.</think>\n{", "I think: {"])
def test_an_answer_that_was_cut_off_goes_back(content: str) -> None:
    with pytest.raises(LLMInvalidResponseError, match="cut off") as raised:
        read_reply(completion(content, reason="length"), model="asked")

    assert raised.value.repairable


# Errors in the place of an answer

ERROR = {"message": "Provider returned error", "code": 502}


@pytest.mark.parametrize(
    "reply",
    [
        {"error": ERROR},
        [{"error": ERROR}],
        {"choices": [], "error": ERROR},
        {"choices": None, "error": ERROR},
        {"choices": [{"error": ERROR, "finish_reason": "error", "message": {"content": ""}}]},
        {"choices": [{"error": ERROR, "finish_reason": "error", "message": {"content": "half an"}}]},
        {"choices": [{"message": {"content": None, "error": ERROR}}]},
    ],
)
def test_an_error_in_the_place_of_an_answer_is_found(reply: Any) -> None:
    assert error_in(reply) == {"error": ERROR}


@pytest.mark.parametrize("beside", [None, {}, "", ERROR])
def test_an_answer_beside_something_like_an_error_is_an_answer(beside: Any) -> None:
    assert error_in(completion(error=beside)) is None


@pytest.mark.parametrize(
    "said",
    [
        {"status": 429},
        {"statusCode": 401, "message": "Unauthorized"},
        {"status_code": "503"},
        {"status": "error", "msg": "busy"},
        {"success": False, "errors": [{"code": 10000}]},
        {"base_resp": {"status_code": 1004, "status_msg": "login fail"}},
        {"error_code": 18, "error_msg": "limit"},
        {"code": 50505, "message": "overloaded", "data": None},
        {"code": "InvalidApiKey", "message": "no"},
        {"detail": "Not authenticated"},
        {"type": "error", "message": "no"},
        {"object": "error", "message": "no"},
        {"message": "Forbidden"},
        {"error": True, "message": "Unauthorized"},
    ],
)
@pytest.mark.parametrize("beside", [{}, {"choices": None}, {"choices": []}, completion(None, reason=None)])
def test_an_error_without_a_field_of_its_own_is_found(said: dict[str, Any], beside: dict[str, Any]) -> None:
    assert error_in({**beside, **said}) == said
    assert error_in({**completion(), **said}) is None


@pytest.mark.parametrize(
    "reply",
    [
        None,
        [],
        {},
        "error",
        completion(""),
        completion("{", reason="length"),
        completion("", base_resp={"status_code": 0, "status_msg": "success"}),
        completion("", reason="content_filter", code=400, message="filtered"),
        {"status": "completed", "output": []},
        {"code": 0, "message": "ok", "data": {}},
        {"status": 200, "success": True},
        {"message": {"role": "assistant", "content": "Hello."}},
    ],
)
def test_what_has_no_error_has_none(reply: Any) -> None:
    assert error_in(reply) is None
