"""The two plots: what is added to one job, and a hundred thousand jobs from the first to the last."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from bench.contenders import CONTENDERS
from bench.parts.waiting import STEP
from tests.support.processes import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

IMAGES = REPOSITORY / "docs" / "images"
_SIZE = (8, 4.5)


def draw(results: Mapping[str, Any]) -> list[Path]:
    """Draw them; return their files."""
    import matplotlib as mpl  # noqa: PLC0415 -- only who draws needs it

    mpl.use("Agg")
    IMAGES.mkdir(exist_ok=True)
    return [_latency(results["parts"]["latency"]), _waiting(results["parts"]["waiting"])]


def _latency(rows: list[Mapping[str, Any]]) -> Path:
    from matplotlib import pyplot  # noqa: PLC0415

    figure, axes = pyplot.subplots(figsize=_SIZE, layout="constrained")
    for name in CONTENDERS:
        samples = sorted(ms for row in rows if row["contender"] == name for ms in row["milliseconds"])
        axes.plot(samples, [100 * (place + 1) / len(samples) for place in range(len(samples))], label=name)
    axes.set(
        xscale="log",
        xlabel="milliseconds from adding a job to consuming its result",
        ylabel="% of jobs",
        title="Added latency: one job at a time, a provider that answers at once",
    )
    axes.grid(which="both", alpha=0.3)
    axes.legend(loc="lower right")
    return _saved(figure, "latency.png")


def _waiting(rows: list[Mapping[str, Any]]) -> Path:
    from matplotlib import pyplot  # noqa: PLC0415

    long = next(row for row in rows if "memory" in row)
    figure, axes = pyplot.subplots(figsize=_SIZE, layout="constrained")
    ends = long["results"]
    rates = [STEP * 1000 / (late - early) for early, late in itertools.pairwise(ends)]
    axes.step(
        [STEP * (place + 1) / 1000 for place in range(len(rates))], rates, color="tab:blue", label="jobs/s"
    )
    axes.set(xlabel="thousands of jobs done", ylabel="jobs/s", ylim=(0, None))
    other = axes.twinx()
    for process, style in (("bridge", "-"), ("hint", "--")):
        done = [sample["done"] / 1000 for sample in long["memory"]]
        memory = [sample[process] for sample in long["memory"]]
        label = "bridge, MB" if process == "bridge" else "pool, MB"
        other.plot(done, memory, style, color="tab:red", label=label)
    other.set(ylabel="MB of RSS", ylim=(0, None))
    axes.set_title(f"{long['jobs']:,} jobs that wait from the start: rate and memory")
    axes.grid(alpha=0.3)
    figure.legend(loc="outside lower center", ncols=3)
    return _saved(figure, "waiting.png")


def _saved(figure: Any, name: str) -> Path:
    path = IMAGES / name
    figure.savefig(path, dpi=130)
    return path
