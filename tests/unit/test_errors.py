"""The tree of failures: the contract's codes, the contract's decisions, and nothing lost on the way."""

from __future__ import annotations

import pickle

import pytest

from aiplane.errors import ERRORS, InternalError, JobError, error_from_dict

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


def test_a_code_of_a_newer_version_is_retried() -> None:
    error = error_from_dict({"code": "llm_on_strike", "sentence": "No."})
    assert type(error) is InternalError
    assert error.retryable
    assert error.sentence == "No."
