"""The table that a person reads after a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from tests.faults.chaos.verdict import Verdict

ALWAYS = (
    "lost",
    "ended more than once",
    "duplicated results",
    "calls repeated without reason",
)
"""Counts that are shown though they are 0, because that is what it is about."""


def draw(verdict: Verdict) -> Group:
    """Return tables of kills, jobs and times, and what was wrong."""
    title = f"chaos, seed {verdict.seed}, {verdict.minutes:g} minutes"
    kills = Table(title=title, title_justify="left")
    kills.add_column("blow")
    kills.add_column("times", justify="right")
    for blow, count in verdict.kills.items():
        kills.add_row(blow, str(count))
    jobs = Table("what became of the jobs", "count")
    for name in (*dict.fromkeys(["jobs", "completed", "results", *sorted(verdict.counts), *ALWAYS]),):
        jobs.add_row(name, str(verdict.counts[name]))
    times = Table("recovery (seconds)", "count", "median", "p99", "worst")
    for name, each in verdict.times.items():
        times.add_row(
            name, str(each.count), *(f"{value:.2f}" for value in (each.median, each.p99, each.worst))
        )
    facts = Table("besides", "")
    for name, fact in verdict.facts.items():
        facts.add_row(name, str(fact))
    wrong = [Text(f"✗ {violation}", style="red") for violation in verdict.violations]
    return Group(kills, jobs, times, facts, *(wrong or [Text("✓ every promise was kept", style="green")]))
