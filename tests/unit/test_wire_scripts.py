"""The scripts that are the wire are the ones that were read and tested against Node's BullMQ."""

from __future__ import annotations

import hashlib

import pytest
from bullmq.redis_connection import loadScript

READ = {
    "addDelayedJob-6": "33d07c0c376c760f",
    "addLog-2": "2e2322a36a7705b9",
    "addPrioritizedJob-9": "5c72b69e53d0687d",
    "addStandardJob-9": "6f61f23b5d27ad6e",
    "extendLocks-1": "14bb41f30eff2e7f",
    "getStateV2-8": "7332cc020b73227b",
    "moveJobFromActiveToWait-9": "ac9546cdd23294a2",
    "moveToActive-11": "7d35069db0b831af",
    "moveToDelayed-11": "1a7b9311ef92fd66",
    "moveToFinished-14": "8e744ec5d65dbe9e",
    "removeJob-2": "f2acb16fda20ccac",
    "reprocessJob-9": "4ea1093385a87676",
    "retryJob-11": "01f75f7604305080",
    "updateJobScheduler-12": "8c71d358aa62ffb7",
    "updateProgress-3": "62d0cce017bd552a",
}
"""The first digits of the SHA-256 of each script that the plane runs. A change here is a change of the wire:
read the script, run the interop tests against Node, then take the new digest."""


@pytest.mark.parametrize("script", READ)
def test_the_script_is_the_one_that_was_read(script: str) -> None:
    assert hashlib.sha256(loadScript(f"{script}.lua").encode()).hexdigest()[:16] == READ[script]
