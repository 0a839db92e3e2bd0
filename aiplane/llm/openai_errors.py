"""What went wrong with a call to an OpenAI-compatible server, in our words: the one seam.

=============================================  ==========================
the SDK raised, the server answered            becomes
=============================================  ==========================
nothing within the time allowed                ``LLMTimeoutError``
429                                            ``LLMRateLimitedError``
401, 403                                       ``LLMAuthError``
408, 409, 5xx                                  ``LLMUnavailableError``
any other 4xx                                  ``LLMRequestRejectedError``
any other status, an unreadable body           ``LLMInvalidResponseError``
no connection, or one that broke               ``LLMUnavailableError``
=============================================  ==========================

A sentence says what the server did and which setting to look at. It never holds the server's own words: they
may repeat the prompt or the key.
"""

from __future__ import annotations

from dataclasses import dataclass

import httpx2
from openai import APIConnectionError, APIStatusError, APITimeoutError, OpenAIError

from aiplane.errors import (
    LLMAuthError,
    LLMError,
    LLMInvalidResponseError,
    LLMRateLimitedError,
    LLMRequestRejectedError,
    LLMTimeoutError,
    LLMUnavailableError,
)
from aiplane.http_client import why_no_answer


@dataclass(frozen=True, slots=True)
class SettingNames:
    """The environment variables that a sentence points at: the key, the address, the model."""

    key: str
    url: str
    model: str


class RefusedBodyError(OpenAIError):
    """The server sends a body that is not read to its end. The message is ours.

    The SDK lets its own kind of error pass, and calls every other one a broken connection.
    """


_TOO_LONG = "the prompt is longer than the model can read; choose another with {names.model}"
_FILTERED = "its content filter refused the prompt"

_CODES = {
    "model_not_found": "it does not know the model, or the key may not use it; check {names.model}",
    "DeploymentNotFound": "it has no such deployment; check {names.model}",
    "context_length_exceeded": _TOO_LONG,
    "string_above_max_length": _TOO_LONG,
    "content_filter": _FILTERED,
    "content_policy_violation": _FILTERED,
}
"""The likely cause by the ``code`` in the error bodies of OpenAI and Azure."""

_PARAMETERS = {
    "response_format": "it cannot give this format of answer; set LLM_RESPONSE_FORMAT to json_object or text",
    "model": "it does not take this model here; check {names.model}",
    "file": "it cannot read the audio, which may be damaged or of another type than its mimeType says",
}
"""The likely cause by the parameter that the error body names."""

_STATUSES = {
    404: "there is no such address or no such model; check {names.url} and {names.model}",
    413: "the request is too large for it",
}


def translate(error: Exception, names: SettingNames) -> LLMError:
    """Say what an exception of the SDK means, the most specific kind first."""
    match error:
        case APITimeoutError():
            return LLMTimeoutError("The provider did not answer: the connection timed out.")
        case APIConnectionError() | httpx2.InvalidURL():
            return LLMUnavailableError(
                f"The connection to the provider failed: {why_no_answer(error)}. "
                f"If it stays so, check {names.url}."
            )
        case APIStatusError():
            return _of_status(error, names)
        case RefusedBodyError():
            return LLMInvalidResponseError(
                f"The provider's answer cannot be read: {error}. Check {names.url}."
            )
        case _:
            return LLMInvalidResponseError(f"The provider's answer cannot be read. Check {names.url}.")


def _of_status(error: APIStatusError, names: SettingNames) -> LLMError:
    """Say what an HTTP status means."""
    kind, cause = _meaning(error, names)
    return kind(f"The provider answered {error.status_code}: {cause}.")


def _meaning(error: APIStatusError, names: SettingNames) -> tuple[type[LLMError], str]:
    meaning: tuple[type[LLMError], str]
    match error.status_code:
        case 429 if error.code == "insufficient_quota":
            meaning = LLMRateLimitedError, "the account's quota is used up"
        case 429:
            meaning = LLMRateLimitedError, "too many requests"
        case 401:
            meaning = LLMAuthError, f"it does not accept the key; check {names.key}"
        case 403:
            meaning = LLMAuthError, f"the key may not do this, or not from here; check {names.key}"
        case 408 | 409:
            meaning = LLMUnavailableError, "it could not take the request just now"
        case status if status >= 500:
            meaning = LLMUnavailableError, "the fault is on its side"
        case status if status >= 400:
            meaning = LLMRequestRejectedError, _rejection(error, names)
        case _:
            meaning = LLMInvalidResponseError, f"that is not an answer; check {names.url}"
    return meaning


def _rejection(error: APIStatusError, names: SettingNames) -> str:
    """Name the likely cause of a rejected request: by its code, else its parameter, else its status."""
    cause = (
        _CODES.get(str(error.code))
        or _PARAMETERS.get(str(error.param).partition(".")[0])
        or _STATUSES.get(
            error.status_code, "it did not accept the request; check {names.url} and {names.model}"
        )
    )
    return cause.format(names=names)
