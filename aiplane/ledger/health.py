"""Health of a process by its lease: the rule of ``aiplane health`` and of ``/healthz``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiplane.ledger.leases import BRIDGE_STALE_MS, SLOTS_STALE_MS

if TYPE_CHECKING:
    from aiplane.ledger.leases import Member

LOOP_STALE_MS = 10_000
"""Milliseconds without a turn of its loop after which a process is ill. It turns every second, and after a
minute without a turn a bridge ends itself."""

LOCKS_STALE_MS = 20_000
"""Milliseconds without a renewal of locks after which a bridge is ill: they live for 30 s."""


def stale_ms(role: str) -> int:
    """Return the milliseconds without renewal after which a lease is too old, of a bridge or of a pool."""
    return BRIDGE_STALE_MS if role == "bridge" else SLOTS_STALE_MS


def complaint(member: Member, silent_ms: int) -> str:
    """Return why a process does not serve, as a sentence; empty if it does.

    Args:
        member: what its lease says.
        silent_ms: milliseconds since that was renewed.
    """
    if silent_ms >= stale_ms(member.role):
        why = f" {member.trouble}." if member.trouble else ""
        return f"the lease of {member.node} was renewed {silent_ms / 1000:.1f} s ago.{why}"
    if member.trouble:
        return f"{member.node} cannot do its work: {member.trouble}."
    if member.role == "pool" and not member.slots:
        return f"{member.node} offers no slots: it is starting, stopping or shrunk."
    if member.loop_ms > LOOP_STALE_MS:
        return f"the loop of {member.node} has not turned for {member.loop_ms / 1000:.0f} s."
    if member.locks_ms > LOCKS_STALE_MS:
        return f"{member.node} has not renewed the locks of its jobs for {member.locks_ms / 1000:.0f} s."
    return ""
