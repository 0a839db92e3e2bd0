"""When a process serves, by what its lease says of it: the rule of ``aiplane health`` and of ``/healthz``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiplane.ledger.leases import BRIDGE_STALE_MS, SLOTS_STALE_MS

if TYPE_CHECKING:
    from aiplane.ledger.leases import Holder

LOOP_STALE_MS = 10_000
"""Milliseconds without a turn of its loop after which a process is ill. It turns every second, and after a
minute without a turn a bridge ends itself."""

LOCKS_STALE_MS = 20_000
"""Milliseconds without a renewal of locks after which a bridge is ill: they live for 30 s."""


def stale_ms(role: str) -> int:
    """Return the milliseconds without renewal after which a lease is too old, of a bridge or of a pool."""
    return BRIDGE_STALE_MS if role == "bridge" else SLOTS_STALE_MS


def complaint(holder: Holder, silent_ms: int) -> str:
    """Return why a process does not serve, as a sentence; empty if it does.

    Args:
        holder: what its lease says.
        silent_ms: milliseconds since that was renewed.
    """
    if silent_ms >= stale_ms(holder.role):
        why = f" {holder.trouble}." if holder.trouble else ""
        return f"the lease of {holder.node} was renewed {silent_ms / 1000:.1f} s ago.{why}"
    if holder.trouble:
        return f"{holder.node} cannot do its work: {holder.trouble}."
    if holder.role == "pool" and not holder.slots:
        return f"{holder.node} offers no slots: it is starting, stopping or shrunk."
    if holder.loop_ms > LOOP_STALE_MS:
        return f"the loop of {holder.node} has not turned for {holder.loop_ms / 1000:.0f} s."
    if holder.locks_ms > LOCKS_STALE_MS:
        return f"{holder.node} has not renewed the locks of its jobs for {holder.locks_ms / 1000:.0f} s."
    return ""
