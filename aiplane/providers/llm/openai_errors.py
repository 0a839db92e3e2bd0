"""Errors of calls to an OpenAI-compatible server, in our words: the one seam.

=================================================  ==========================
the SDK raised, the server answered                becomes
=================================================  ==========================
nothing within the time allowed                    ``LLMTimeoutError``
429                                                ``LLMRateLimitedError``
401, 403, or that it does not accept the key       ``LLMAuthError``
that the model's answer is malformed               ``LLMInvalidResponseError``
408, 409, 5xx                                      ``LLMUnavailableError``
any other 4xx, or what is one within a 5xx         ``LLMRequestRejectedError``
any other status, an unreadable body               ``LLMInvalidResponseError``
no connection, or one that broke                   ``LLMUnavailableError``
=================================================  ==========================

A status may stand in the body of a 200 or a 5xx: :mod:`aiplane.providers.llm.openai_refusal`. A sentence says
what the server did and which setting to look at. It never holds the server's own words: they may repeat the
prompt or the key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2
from openai import APIConnectionError, APITimeoutError, OpenAIError

from aiplane.errors import (
    LLMAuthError,
    LLMError,
    LLMInvalidResponseError,
    LLMRateLimitedError,
    LLMRequestRejectedError,
    LLMTimeoutError,
    LLMUnavailableError,
)
from aiplane.providers.http.client import why_no_answer
from aiplane.providers.llm.openai_causes import BAD_ANSWER, NO_CREDIT, SettingNames, likely_cause

if TYPE_CHECKING:
    from aiplane.providers.llm.openai_refusal import Refusal


class RefusedBodyError(OpenAIError):
    """Body that is not read to its end. The message is ours.

    The SDK lets its own kind of error pass, and calls every other one a broken connection.
    """


class RefusedError(Exception):
    """Refusal of the request by the server."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"status {refusal.http}")
        self.refusal = refusal


_STATUSES = {
    404: "there is no such address or no such model; check {names.url} and {names.model}",
    413: "the request is too large for it",
}
_UNKNOWN = "it did not accept the request; check {names.url} and {names.model}"


def translate(error: Exception, names: SettingNames) -> LLMError:
    """Say what an exception of the SDK means, the most specific kind first."""
    match error:
        case RefusedError(refusal=refusal):
            return of_refusal(refusal, names)
        case APITimeoutError():
            return LLMTimeoutError("The provider did not answer: the connection timed out.")
        case APIConnectionError() | httpx2.InvalidURL():
            return LLMUnavailableError(
                f"The connection to the provider failed: {why_no_answer(error)}. "
                f"If it stays so, check {names.url}."
            )
        case RefusedBodyError():
            return LLMInvalidResponseError(
                f"The provider's answer cannot be read: {error}. Check {names.url}."
            )
        case _:
            return LLMInvalidResponseError(f"The provider's answer cannot be read. Check {names.url}.")


def of_refusal(refusal: Refusal, names: SettingNames) -> LLMError:
    """Say what a refusal means, and after how long it wants to be asked again."""
    kind, advice = _meaning(refusal, names)
    within = f" with error {refusal.status}" if refusal.status != refusal.http else ""
    sentence = f"The provider answered {refusal.http}{within}: {advice.format(names=names)}."
    return kind(sentence, retry_after=refusal.retry_after if kind.retryable else None)


def _meaning(refusal: Refusal, names: SettingNames) -> tuple[type[LLMError], str]:
    status, cause = refusal.status, likely_cause(refusal, names)
    meaning: tuple[type[LLMError], str]
    match status:
        case 429 if cause is NO_CREDIT or refusal.names("insufficient_quota"):
            meaning = LLMRateLimitedError, "the account's quota is used up"
        case 429:
            meaning = LLMRateLimitedError, "too many requests"
        case 401:
            meaning = LLMAuthError, "it does not accept the key; check {names.key}"
        case 403:
            meaning = LLMAuthError, "the key may not do this, or not from here; check {names.key}"
        case 402:
            meaning = NO_CREDIT.kind, NO_CREDIT.advice
        case 408 | 409 if cause is not BAD_ANSWER:
            meaning = LLMUnavailableError, "it could not take the request just now"
        case status if cause is not None and status >= 400:
            meaning = cause.kind, cause.advice
        case status if status >= 500:
            meaning = LLMUnavailableError, "the fault is on its side"
        case status if status >= 400:
            meaning = LLMRequestRejectedError, _STATUSES.get(status, _UNKNOWN)
        case _:
            meaning = LLMInvalidResponseError, "that is not an answer; check {names.url}"
    return meaning
