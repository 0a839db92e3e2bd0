"""Break the plane for some minutes, and show that nothing was lost: ``python -m tests.faults.chaos``."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

import click
from rich.console import Console

from tests.faults.chaos.driver import Driver, Play
from tests.faults.chaos.report import draw
from tests.faults.chaos.verdict import Verdict, judge
from tests.support.environment import isolate


@click.command()
@click.option("--seed", type=int, default=1, show_default=True, help="Decides on blows, victims and jobs.")
@click.option(
    "--minutes", type=click.FloatRange(0.2), default=3.0, show_default=True, help="How long blows fall."
)
@click.option(
    "--report", type=click.Path(dir_okay=False, path_type=Path), help="Where to write the outcome as JSON."
)
def main(seed: int, minutes: float, report: Path | None) -> None:
    """Let jobs flow while bridges, pools and Redis are killed; exit with 1 if a promise was broken."""
    isolate()
    started = time.monotonic()

    def say(sentence: str) -> None:
        click.echo(f"{time.monotonic() - started:7.1f} s  {sentence}", err=True)

    verdict = asyncio.run(_play(Driver(seed, minutes, say)))
    Console(width=110).print(draw(verdict))
    if report:
        report.write_text(json.dumps(verdict.to_dict(), indent=1))
    sys.exit(1 if verdict.violations else 0)


async def _play(driver: Driver) -> Verdict:
    verdicts: list[Verdict] = []

    async def look(play: Play) -> None:
        verdicts.append(await judge(play))

    await driver.play(look)
    return verdicts[0]


if __name__ == "__main__":
    main()
