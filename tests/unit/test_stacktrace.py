"""A stack trace shows where, and never what: messages of foreign exceptions stay behind."""

from __future__ import annotations

import pytest

from aiplane.errors import InvalidPayloadError, LLMAuthError
from aiplane.errors.opaque import ForeignError
from aiplane.errors.stacktrace import MAX_CHARACTERS, bare, describe


def caught(error: Exception, cause: Exception | None = None) -> Exception:
    try:
        raise error from cause
    except type(error) as raised:
        return raised


def test_the_sentence_of_our_own_errors_stands_first_of_its_part() -> None:
    trace = describe(caught(LLMAuthError("No key.")))
    assert trace.splitlines()[0] == "aiplane.errors.LLMAuthError: llm_auth: No key."
    assert '\n  File "tests/unit/test_stacktrace.py", line ' in trace


def test_the_message_of_a_foreign_error_is_not_shown() -> None:
    trace = describe(caught(ValueError("the candidate wrote: hunter2")))
    assert trace.startswith("builtins.ValueError\n")
    assert "hunter2" not in trace


def test_causes_come_last_and_without_their_messages() -> None:
    trace = describe(caught(InvalidPayloadError("It is wrong."), caught(KeyError("hunter2"))))
    assert trace.startswith("aiplane.errors.InvalidPayloadError: invalid_payload: It is wrong.\n")
    assert "\ncaused by builtins.KeyError\n" in trace
    assert "hunter2" not in trace


def test_what_an_sdk_raised_is_named() -> None:
    foreign = ForeignError(caught(ConnectionError("hunter2"), TimeoutError("hunter2")))
    trace = describe(caught(LLMAuthError("No key."), foreign))
    assert trace.endswith("\ncaused by builtins.ConnectionError from builtins.TimeoutError")
    assert "hunter2" not in trace


def fail_hiding_the_context() -> None:
    try:
        int("hunter2")
    except ValueError:
        raise InvalidPayloadError("It is wrong.") from None


def test_a_context_that_was_hidden_on_purpose_stays_hidden() -> None:
    with pytest.raises(InvalidPayloadError) as raised:
        fail_hiding_the_context()
    assert "ValueError" not in describe(raised.value)


def test_a_chain_that_bites_its_tail_ends() -> None:
    one, other = ValueError(), KeyError()
    one.__cause__, other.__cause__ = other, one
    assert describe(one).count("ValueError") == 1


def test_a_long_trace_keeps_its_beginning() -> None:
    def dig(depth: int) -> None:
        if depth:
            dig(depth - 1)
        raise InvalidPayloadError("deep")

    error: BaseException = InvalidPayloadError("none")
    for _ in range(60):
        try:
            dig(20)
        except InvalidPayloadError as raised:
            raised.__cause__ = error
            error = raised
    assert len(describe(error)) == MAX_CHARACTERS
    assert describe(error).startswith("aiplane.errors.InvalidPayloadError: invalid_payload: deep\n")


def test_an_error_that_was_described_holds_nothing_of_where_it_was() -> None:
    cause = caught(KeyError("a"))
    group = caught(ExceptionGroup("b", [caught(ValueError("c"), cause)]))
    error = caught(InvalidPayloadError("It is wrong."), group)
    group.__context__ = error

    assert bare(error) is error
    for link in (error, group, cause):
        assert (link.__traceback__, link.__cause__, link.__context__) == (None, None, None)
