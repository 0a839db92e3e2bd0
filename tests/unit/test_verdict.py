"""What the bridge thinks of a run, for every place in which the run can be."""

from __future__ import annotations

from typing import Any

import pytest

from aiplane.ledger.leases import LeaseSnapshot, Member
from aiplane.ledger.runs import Outcome, RunState
from bridges.verdict import Sent, Verdict, judge

NOW = 1_000_000_000
STEADY = NOW - 3_600_000
SENT = NOW - 60_000


def snapshot(*, seen_ms_ago: int = 500, slots: int = 5, steady_since: int = STEADY) -> LeaseSnapshot:
    member = Member("pool-1", "pool", "hint@host", 1, "hint", slots)
    return LeaseSnapshot(NOW, steady_since, {"pool-1": (member, NOW - seen_ms_ago)})


NOBODY = LeaseSnapshot(NOW, STEADY, {})
SENT_ONLY = RunState(SENT, None, None, None, None)
CLAIMED = RunState(SENT, "claim", "pool-1", NOW - 10_000, None)


def verdict(
    state: RunState, leases: LeaseSnapshot, *, sent_ms: int = 6_000, **known: Any
) -> Verdict | Outcome:
    return judge(state, leases, "hint", time_limit=150.0, sent=Sent(sent_ms, **known))


def code(answer: Verdict | Outcome) -> str:
    assert isinstance(answer, Outcome)
    assert answer.error is not None
    return answer.error.code


def test_an_outcome_counts_whatever_else_is_known() -> None:
    answer = verdict(RunState(SENT, "claim", "pool-1", SENT, '{"result":{"a":1}}'), NOBODY)
    assert answer == Outcome(result='{"a":1}', recorded=True)


@pytest.mark.parametrize(
    "stored", ["", "{", '{"result":[1]}', '{"result":', '{"error":7}', '{"result":' + "[" * 9999 + "}"]
)
def test_an_outcome_that_no_worker_wrote_is_a_fault_of_ours(stored: str) -> None:
    answer = verdict(RunState(SENT, "claim", "pool-1", SENT, stored), snapshot())
    assert code(answer) == "internal_error"
    assert isinstance(answer, Outcome)
    assert answer.recorded


def test_a_run_that_the_ledger_forgot_is_opened_again() -> None:
    forgotten = RunState(None, None, None, None, None)
    assert verdict(forgotten, snapshot(), sent_ms=1_000) is Verdict.REOPEN
    assert verdict(forgotten, snapshot(), sent_ms=999) is Verdict.WAIT


def test_a_run_that_was_just_sent_is_waited_for() -> None:
    assert verdict(SENT_ONLY, snapshot(), sent_ms=4_999) is Verdict.WAIT
    assert verdict(SENT_ONLY, NOBODY, sent_ms=4_999) is Verdict.WAIT


def test_an_unclaimed_run_is_sent_again_when_patience_ends() -> None:
    assert verdict(SENT_ONLY, snapshot(), sent_ms=5_000) is Verdict.RESEND
    assert verdict(SENT_ONLY, snapshot(), sent_ms=9_999, times=2) is Verdict.WAIT
    assert verdict(SENT_ONLY, snapshot(), sent_ms=10_000, times=2) is Verdict.RESEND


def test_a_run_that_pools_with_free_slots_ignore_is_handed_back_and_then_ended() -> None:
    ignored = {"sent_ms": 20_000, "times": 3}
    assert verdict(SENT_ONLY, snapshot(), **ignored | {"sent_ms": 19_999}) is Verdict.WAIT
    assert verdict(SENT_ONLY, snapshot(), **ignored) is Verdict.HAND_BACK
    assert code(verdict(SENT_ONLY, snapshot(), **ignored, takings=2)) == "internal_error"


def test_a_run_for_which_no_slot_is_left_goes_back_and_is_never_ended() -> None:
    assert verdict(SENT_ONLY, snapshot(), crowded=True) is Verdict.HAND_BACK
    assert (
        verdict(SENT_ONLY, snapshot(), sent_ms=20_000, times=3, takings=9, crowded=True) is Verdict.HAND_BACK
    )
    assert verdict(SENT_ONLY, snapshot(), sent_ms=4_999, crowded=True) is Verdict.WAIT


@pytest.mark.parametrize(
    "leases", [NOBODY, snapshot(slots=0), snapshot(seen_ms_ago=5_000)], ids=["none", "stopping", "silent"]
)
def test_an_unclaimed_run_goes_back_where_no_pool_offers_slots(leases: LeaseSnapshot) -> None:
    assert verdict(SENT_ONLY, leases) is Verdict.HAND_BACK


def test_a_claimed_run_is_waited_for_while_its_worker_lives() -> None:
    assert verdict(CLAIMED, snapshot()) is Verdict.WAIT
    assert verdict(CLAIMED, snapshot(slots=0)) is Verdict.WAIT  # it stops, and ends what it runs


def test_a_silent_worker_is_lost_after_twelve_seconds() -> None:
    assert verdict(CLAIMED, snapshot(seen_ms_ago=11_999)) is Verdict.WAIT
    assert code(verdict(CLAIMED, snapshot(seen_ms_ago=12_000))) == "worker_lost"


def test_a_worker_that_gave_its_lease_back_is_lost_at_once() -> None:
    assert code(verdict(CLAIMED, NOBODY)) == "worker_lost"


def test_a_worker_that_began_after_the_leases_were_read_is_not_lost() -> None:
    assert verdict(RunState(SENT, "claim", "pool-2", NOW + 1, None), snapshot()) is Verdict.WAIT
    assert code(verdict(RunState(SENT, "claim", "pool-2", NOW, None), snapshot())) == "worker_lost"


def test_an_outage_of_redis_makes_no_worker_look_lost() -> None:
    just_back = snapshot(seen_ms_ago=60_000, steady_since=NOW - 11_000)
    assert verdict(CLAIMED, just_back) is Verdict.WAIT
    assert verdict(CLAIMED, LeaseSnapshot(NOW, NOW - 11_000, {})) is Verdict.WAIT


def test_a_run_that_its_worker_does_not_end_is_ended_by_the_bridge() -> None:
    overdue = RunState(SENT, "claim", "pool-1", NOW - 180_001, None)
    assert code(verdict(overdue, snapshot())) == "job_timeout"
    assert verdict(RunState(SENT, "claim", "pool-1", NOW - 179_999, None), snapshot()) is Verdict.WAIT


def test_after_an_outage_a_worker_has_as_long_to_say_what_it_holds() -> None:
    held = RunState(SENT, "claim", "pool-1", NOW - 400_000, None)
    assert verdict(held, snapshot(steady_since=NOW - 29_999)) is Verdict.WAIT
    assert code(verdict(held, snapshot(steady_since=NOW - 30_001))) == "job_timeout"
