"""Load the service while everything is killed in turn: ``python -m tests.control_plane.chaos``."""

from __future__ import annotations

import asyncio
import math
import sys
import time

import click
from rich.console import Console
from rich.table import Table

from tests.control_plane.chaos.driver import play
from tests.support.environment import isolate


@click.command()
@click.option(
    "--requests", type=click.IntRange(1), default=10_000, show_default=True, help="How many are sent."
)
@click.option("--clients", type=click.IntRange(1), default=50, show_default=True, help="How many at once.")
@click.option("--seed", type=int, default=1, show_default=True, help="Decides on requests and victims.")
@click.option(
    "--every",
    type=click.FloatRange(1),
    default=10.0,
    show_default=True,
    help="Seconds between two kills of a kind.",
)
@click.option(
    "--minutes", type=click.FloatRange(0), default=math.inf, help="After so many nobody asks for more."
)
def main(requests: int, clients: int, seed: int, every: float, minutes: float) -> None:
    """Ask while services, pools, bridges and Redis are killed; exit with 1 if a promise was broken."""
    isolate()
    started = time.monotonic()

    def say(sentence: str) -> None:
        click.echo(f"{time.monotonic() - started:7.1f} s  {sentence}", err=True)

    verdict = asyncio.run(play(seed, requests, clients, every, say, minutes))
    table = Table("what came of it", "", title=f"{requests} requests, {clients} clients, seed {seed}")
    for name, value in {**verdict.facts, **verdict.counts}.items():
        table.add_row(name, str(value))
    console = Console(width=110)
    console.print(table)
    for violation in verdict.violations[:50]:
        console.print(f"✗ {violation}", style="red", markup=False)
    console.print(
        f"{len(verdict.violations)} promises broken" if verdict.violations else "✓ every promise was kept"
    )
    sys.exit(1 if verdict.violations else 0)


if __name__ == "__main__":
    main()
