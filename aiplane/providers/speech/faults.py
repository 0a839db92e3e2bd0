"""Meaning of a speech provider's HTTP status, in our words. gRPC's codes have statuses as well.

A sentence says what the provider did and which setting to look at. It never holds the provider's own words:
they may repeat what was said, or the key.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SettingNames:
    """The environment variables that a sentence points at: the key, the address, the voice or the model."""

    key: str
    url: str
    choice: str


def status_sentence(status: int, names: SettingNames) -> str:
    """Say what it means that the provider answered with a status other than success."""
    return f"The provider answered {status}: {_meaning(status, names)}."


def timeout_sentence(seconds: float) -> str:
    """Say that the provider did not answer within so many seconds."""
    return f"The provider did not answer within {seconds:.3g} s."


def no_connection_sentence(reason: str, names: SettingNames) -> str:
    """Say why there is no connection to the provider."""
    return f"The connection to the provider failed: {reason}. If it stays so, check {names.url}."


NO_TIME_LEFT = "There was no time left to ask the provider."


def _meaning(status: int, names: SettingNames) -> str:
    known = {
        401: f"it does not accept the key; check {names.key}",
        403: f"the key may not do this, or not from here; check {names.key}",
        404: f"there is no such address, voice or model; check {names.url} and {names.choice}",
        408: "it could not take the request just now",
        413: "the request is too large for it",
        429: "too many requests, or the account's quota is used up",
    }
    if status in known:
        return known[status]
    if status >= 500:
        return "the fault is on its side"
    if status >= 400:
        return f"it did not accept the request; check {names.choice} and the language"
    return f"that is not an answer; check {names.url}"
