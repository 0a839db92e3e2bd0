"""When a probe calls a process well, and what it says of one that is not."""

from __future__ import annotations

import re
import socket
from dataclasses import replace

import pytest

from aiplane.cli.commands.health import IllError, examine
from aiplane.ledger.health import LOCKS_STALE_MS, LOOP_STALE_MS
from aiplane.ledger.leases import BRIDGE_STALE_MS, SLOTS_STALE_MS, LeaseSnapshot, Member

NOW = 1_000_000_000
HOST = socket.gethostname()
POOL = Member("p", "pool", f"hint@{HOST}", 1, "hint", 5)
BRIDGE = Member("b", "bridge", HOST, 2, loop_ms=900, locks_ms=7_000)


def snapshot(*members: tuple[Member, int]) -> LeaseSnapshot:
    """Return leases, each with the milliseconds since its renewal."""
    return LeaseSnapshot(NOW, NOW - 3_600_000, {each.id: (each, NOW - silent) for each, silent in members})


def test_a_process_that_serves_is_well() -> None:
    assert (
        examine(snapshot((POOL, 800)), "hint", None)
        == f"hint@{HOST} serves: 5 slots, lease renewed 0.8 s ago."
    )
    assert examine(snapshot((BRIDGE, 800)), "bridge", None) == f"{HOST} serves: lease renewed 0.8 s ago."


@pytest.mark.parametrize(
    ("role", "member", "silent", "why"),
    [
        ("hint", POOL, SLOTS_STALE_MS, "renewed 4.0 s ago"),
        ("hint", replace(POOL, slots=0), 0, "offers no slots"),
        ("hint", replace(POOL, loop_ms=LOOP_STALE_MS + 1), 0, "has not turned for 10 s"),
        ("review", POOL, 0, "no process of that role"),
        ("bridge", BRIDGE, BRIDGE_STALE_MS, "renewed 5.0 s ago"),
        ("bridge", replace(BRIDGE, loop_ms=LOOP_STALE_MS + 1), 0, "has not turned for 10 s"),
        ("bridge", replace(BRIDGE, locks_ms=LOCKS_STALE_MS + 1), 0, "locks of its jobs for 20 s"),
        ("bridge", replace(BRIDGE, node="elsewhere"), 0, "on this host"),
    ],
)
def test_a_process_that_does_not_serve_is_ill(role: str, member: Member, silent: int, why: str) -> None:
    with pytest.raises(IllError, match=re.escape(why)):
        examine(snapshot((member, silent)), role, None)


def test_the_lease_of_a_former_life_does_not_count() -> None:
    former = replace(POOL, id="former")
    assert examine(snapshot((former, 60_000), (POOL, 0), (replace(POOL, id="x", slots=0), 0)), "hint", None)


def test_another_process_is_meant_by_its_name() -> None:
    other = replace(POOL, id="o", node="two@elsewhere")
    assert "two@elsewhere serves" in examine(snapshot((POOL, 9_000), (other, 0)), "hint", "two@elsewhere")
    with pytest.raises(IllError, match="known as hint@nowhere"):
        examine(snapshot((POOL, 0), (other, 0)), "hint", "hint@nowhere")
