"""Run the benchmark: ``python -m bench``.

All parts, three rounds: it prints a table, and writes ``bench/results.json``, the plots and the table in
``docs/performance.md``. One part, or ``--quick``: it only prints.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from bench import figures, machine, page, plots, table
from bench.parts import cost, idle, latency, saturation, service, utilisation, waiting, wide
from bench.rounds import Rounds
from tests.support.environment import isolate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

PARTS: Mapping[str, Callable[[Rounds], list[dict[str, Any]]]] = MappingProxyType(
    {
        "utilisation": utilisation.measure,
        "latency": latency.measure,
        "saturation": saturation.measure,
        "waiting": waiting.measure,
        "wide": wide.measure,
        "idle": idle.measure,
        "cost": cost.measure,
        "service": service.measure,
    }
)
RESULTS = Path(__file__).parent / "results.json"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and show what was measured."""
    asked = _parser().parse_args(arguments)
    if asked.publish:
        publish()
        return
    isolate()
    out = asked.out or (None if asked.part or asked.quick else RESULTS)
    names = [asked.part] if asked.part else list(PARTS)
    rounds = Rounds(1 if asked.quick else asked.rounds, asked.quick)
    results = {**machine.describe(), "rounds": rounds.count, "quick": rounds.quick, "parts": {}}
    for name in names:
        began = time.monotonic()
        print(f"{name} ", end="", flush=True, file=sys.stderr)
        results["parts"][name] = PARTS[name](rounds)
        print(f" {time.monotonic() - began:.0f} s", file=sys.stderr)
        if out is not None:
            out.write_text(json.dumps(results) + "\n")
    table.show(figures.of(results))
    if out == RESULTS:
        publish()


def publish() -> None:
    """Draw the plots and write the page's table from what the last whole run left."""
    results = json.loads(RESULTS.read_text())
    plots.draw(results)
    page.write(results)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--part", choices=PARTS, help="measure this only")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each contender (3)")
    parser.add_argument(
        "--quick", action="store_true", help="see in less than a minute that everything works"
    )
    parser.add_argument("--publish", action="store_true", help="draw the plots and write the page again")
    parser.add_argument("--out", type=Path, help="a file for all that was measured, as JSON")
    return parser


if __name__ == "__main__":
    main()
