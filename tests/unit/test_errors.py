"""The tree of failures: the contract's codes, the contract's decisions, and nothing lost on the way."""

from __future__ import annotations

import pickle

import pytest

from aiplane.errors import ERRORS, InternalError, JobError, LLMRateLimitedError, error_from_dict
from aiplane.ledger.runs import Outcome

RETRIED = {
    "llm_timeout": True,
    "llm_rate_limited": True,
    "llm_unavailable": True,
    "llm_invalid_response": True,
    "llm_auth": False,
    "llm_request_rejected": False,
    "stt_failed": False,
    "stt_disabled": False,
    "audio_too_large": False,
    "invalid_payload": False,
    "not_available_in_mode": False,
    "cancelled": False,
    "job_timeout": True,
    "worker_lost": True,
    "internal_error": True,
}


def test_the_leaves_are_the_contracts_table() -> None:
    assert {code: leaf.retryable for code, leaf in ERRORS.items()} == RETRIED


@pytest.mark.parametrize("leaf", ERRORS.values(), ids=ERRORS)
def test_an_error_survives_pickling_and_json(leaf: type[JobError]) -> None:
    error = leaf("Something happened.")
    for copy in (pickle.loads(pickle.dumps(error)), error_from_dict(error.to_dict())):
        assert type(copy) is leaf
        assert copy.failed_reason == f"{leaf.code}: Something happened."
        assert str(copy) == "Something happened."


@pytest.mark.parametrize("leaf", ERRORS.values(), ids=ERRORS)
def test_what_a_provider_says_about_the_retry_survives_pickling_and_the_ledger(leaf: type[JobError]) -> None:
    error = leaf("Something happened.", retry_after=12.5)
    read = Outcome.from_json(Outcome(error=error).to_json()).error
    for copy in (pickle.loads(pickle.dumps(error)), read):
        assert type(copy) is leaf
        assert copy.retry_after == 12.5


@pytest.mark.parametrize(
    ("said", "kept"), [(None, None), (-3.0, 0.0), (0.0, 0.0), (7.0, 7.0), (3600.0, 120.0)]
)
def test_a_retry_is_put_off_by_two_minutes_at_most(said: float | None, kept: float | None) -> None:
    assert LLMRateLimitedError("Too many requests.", retry_after=said).retry_after == kept


@pytest.mark.parametrize("said", ["soon", True, [], {}, float("nan"), float("inf")])
def test_a_ledger_that_holds_anything_else_says_nothing_about_the_retry(said: object) -> None:
    error = error_from_dict({"code": "llm_rate_limited", "sentence": "No.", "retryAfter": said})

    assert error.retry_after is None


@pytest.mark.parametrize("said", [121, 10**400])
def test_a_ledger_cannot_put_a_retry_off_for_longer_either(said: int) -> None:
    error = error_from_dict({"code": "llm_rate_limited", "sentence": "No.", "retryAfter": said})

    assert error.retry_after == 120.0


def test_an_error_of_an_older_version_says_nothing_about_the_retry() -> None:
    assert error_from_dict({"code": "llm_rate_limited", "sentence": "No."}).retry_after is None


def test_a_code_of_a_newer_version_is_retried() -> None:
    error = error_from_dict({"code": "llm_on_strike", "sentence": "No."})
    assert type(error) is InternalError
    assert error.retryable
    assert error.sentence == "No."
