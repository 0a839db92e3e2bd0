"""The tables in ``docs/performance.md``: each whole run writes them anew, and nothing else of the page."""

from __future__ import annotations

import re
import statistics
from typing import TYPE_CHECKING, Any

from bench import figures, table
from tests.support.processes import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Mapping

PAGE = REPOSITORY / "docs" / "performance.md"

PURPOSES = {
    "bridge: take": "take the job and send its run, while slots are free; or find that there is none",
    "hint: BRPOP": "wait for a run, and receive it",
    "hint: claim": "claim the run, and read the job's data",
    "hint: finish": "record the outcome, and tell the bridge",
    "hint: notes": "tell the job, while it takes long, how far it is",
    "bridge: settle": "add the result, complete the job, close its run; if all slots are full, take the next",
    "bridge: BZPOPMIN": "wait for a job",
}
"""What the commands of a job are for. What is not here does not come with a job: leases, locks, scans."""


def write(results: Mapping[str, Any]) -> None:
    """Put a run's figures in their places."""
    text = PAGE.read_text()
    parts = {
        "machine": _machine(results),
        "figures": table.markdown(figures.of(results)),
        "commands": _commands(results),
    }
    for name, block in parts.items():
        text = _put(text, name, block)
    PAGE.write_text(text)


def _put(text: str, name: str, block: str) -> str:
    """Put a block in the place that is marked with its name."""
    place = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
    return place.sub(lambda found: f"{found[1]}{block}\n{found[2]}", text)


def _machine(results: Mapping[str, Any]) -> str:
    machine, versions = results["machine"], results["versions"]
    named = ", ".join(f"{name} {version}" for name, version in versions.items() if name != "aiplane")
    return (
        f"{results['at'][:10]}, {machine['cores']} cores ({machine['processor']}, {machine['system']}), "
        f"load {machine['load before']} before the run, {results['rounds']} rounds. {named}."
    )


def _commands(results: Mapping[str, Any]) -> str:
    ours = [row["sent"] for row in results["parts"]["cost"] if row["contender"] == figures.OURS]
    names = sorted({name for row in ours for name in row}, key=lambda name: -_median(ours, name))
    lines = [
        f"| {name} | {_median(ours, name):.2f} | {PURPOSES.get(name, '')} |"
        for name in names
        if _median(ours, name) >= 0.005
    ]
    return "\n".join(["| sent by: what | for each job | what for |", "| --- | --- | --- |", *lines])


def _median(rows: list[Mapping[str, float]], name: str) -> float:
    return statistics.median(row.get(name, 0.0) for row in rows)
