"""The judge of a chaos run: it finds what it is there to find."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tests.faults.chaos.plan import Blow, draw_plan
from tests.faults.chaos.traffic import Sent
from tests.faults.chaos.verdict import Call, Times, Verdict, _judge_job, _judge_times
from tests.faults.chaos.witness import Kill, Recovery
from tests.support.journal import Event

QUEUE = "ai.generate-hint"
KILL = Kill(Blow.KILL_POOL, 100.0, "hint0", "lease")


def job(**fields: Any) -> Sent:
    given = {"attempts": 2, "refusals": 0, "fatal": False, "producer": "python", "does": "", "options": {}}
    return Sent(**{"kind": "hint", "queue": QUEUE, "id": "j", **given, **fields})


def event(name: str, reason: str = "") -> Event:
    return Event(1, name, "j", {"failedReason": reason})


def judged(
    *events: Event,
    sent: Sent,
    results: int = 1,
    consumed: int = 1,
    letters: int = 0,
    calls: Any = (),
    kills: int = 0,
) -> list[str]:
    verdict = Verdict(1, 1.0)
    runs = {f"run{number}": KILL for number in range(kills)}
    play: Any = SimpleNamespace(
        journal=SimpleNamespace(
            of=lambda queue, job, *names: [each for each in events if not names or each.name in names]
        ),
        witness=SimpleNamespace(killed_runs={(QUEUE, "j"): runs}),
    )
    place = (QUEUE, "j")
    answers = {
        "results": {place: [f"r{number}" for number in range(results)]},
        "dlq": {place: [f"d{number}" for number in range(letters)]},
        "consumed": {place: [f"r{number}" for number in range(consumed)]},
    }
    _judge_job(play, verdict, sent, [Call(number, at, outcome) for number, at, outcome in calls], answers)
    return verdict.violations


DONE = event("completed")
ONE_CALL = [(1, 99.0, "answered")]
TWO_CALLS = [(1, 99.0, "abandoned"), (2, 110.0, "answered")]


def test_a_job_that_ended_once_is_in_order() -> None:
    assert judged(DONE, sent=job(), calls=ONE_CALL) == []


@pytest.mark.parametrize(
    ("events", "found", "says"),
    [
        ([], {"results": 0, "consumed": 0}, "lost"),
        ([DONE, DONE], {}, "ended 2 times"),
        ([DONE], {"results": 2}, "results"),
        ([DONE], {"consumed": 2}, "results"),
        ([DONE], {"results": 0, "consumed": 0}, "completed, but"),
        ([DONE], {"consumed": 0}, "completed, but"),
        ([event("failed", "worker_lost: Died.")], {"results": 0, "consumed": 0, "letters": 1}, "failed with"),
        (
            [event("failed", "internal_error: Ours.")],
            {"results": 0, "consumed": 0, "letters": 1, "kills": 2},
            "failed",
        ),
        ([DONE], {"calls": TWO_CALLS}, "call 2 has no reason"),
        ([DONE], {"calls": [*TWO_CALLS, (3, 120.0, "answered")], "kills": 1}, "call 3 has no reason"),
    ],
)
def test_what_must_not_be_is_found(events: list[Event], found: dict[str, Any], says: str) -> None:
    assert any(says in violation for violation in judged(*events, sent=job(), **found))


def test_what_was_done_to_a_job_excuses_it() -> None:
    assert judged(DONE, sent=job(), calls=TWO_CALLS, kills=1) == []
    refused = [(1, 50.0, "answered"), (2, 52.0, "answered")]
    assert judged(DONE, sent=job(refusals=1), calls=refused) == []
    died = event("failed", "worker_lost: Died.")
    assert judged(died, sent=job(), results=0, consumed=0, letters=1, calls=TWO_CALLS, kills=2) == []


def test_a_call_that_was_on_its_way_when_its_worker_died_is_noted_a_moment_later() -> None:
    late = KILL.at + 0.02
    assert judged(DONE, sent=job(), calls=[(1, late, "abandoned"), (2, 130.0, "answered")], kills=1) == []
    for at, outcome in ((late, "answered"), (KILL.at + 1, "abandoned")):
        [violation] = judged(DONE, sent=job(), calls=[(1, at, outcome), (2, 130.0, "answered")], kills=1)
        assert "call 2 has no reason" in violation


def test_a_plan_is_its_seed_and_has_its_number_of_blows() -> None:
    plan = draw_plan(7, 30)
    assert plan == draw_plan(7, 30) != draw_plan(8, 30)
    struck = [stroke.blow for stroke in plan]
    assert struck.count(Blow.KILL_BRIDGE) >= 200
    assert struck.count(Blow.KILL_POOL) >= 100
    assert struck.count(Blow.KILL_REDIS) >= 20
    assert all(0 <= stroke.at <= 30 * 60 for stroke in plan)


def test_times_are_of_what_was_measured() -> None:
    times = Times.of(Recovery(0.0, float(seconds), False, "") for seconds in range(1, 101))
    assert (times.count, times.median, times.p99, times.worst) == (100, 50.5, 100.0, 100.0)


def test_what_recovered_late_is_told_with_the_blows_that_fell_meanwhile() -> None:
    blows = [
        Kill(Blow.KILL_BRIDGE, 99.0, "a"),
        Kill(Blow.KILL_BRIDGE, 112.5, "b"),
        Kill(Blow.KILL_BRIDGE, 130.0, "c"),
    ]
    verdict = Verdict(1, 1.0, blows=blows)
    worst, other = Recovery(100.0, 121.0, False, "hint j"), Recovery(100.0, 113.0, False, "hint k")
    play: Any = SimpleNamespace(
        witness=SimpleNamespace(killed_runs={}, watched_again=[worst, other], unwatched=0)
    )

    _judge_times(play, verdict)

    [violation] = verdict.violations
    assert violation.endswith(
        "more than 10 s: hint j waited 21.0 s, meanwhile ['+12.5 bridge killed (SIGKILL) b']; "
        "hint k waited 13.0 s, meanwhile ['+12.5 bridge killed (SIGKILL) b']"
    )


def test_a_violation_is_told_with_the_blows_around_it_and_the_report_with_all() -> None:
    verdict = Verdict(1, 1.0, blows=[Kill(Blow.KILL_BRIDGE, 100.0, "a"), Kill(Blow.CUT, 500.0)])

    verdict.violate("Something is wrong.", 90.0)

    near = "100.000 bridge killed (SIGKILL) a"
    assert verdict.violations == [f"Something is wrong. Blows around it: ['{near}']"]
    assert verdict.to_dict()["blows"] == [near, "500.000 all connections cut (CLIENT KILL)"]
