"""The two plots: what is added to one job, and a hundred thousand jobs from the first to the last."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Any

from bench.contenders import CONTENDERS
from tests.support.processes import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

IMAGES = REPOSITORY / "docs" / "images"
_SIZE = (8, 4.5)
_COLORS = ("tab:gray", "tab:blue")


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

    figure, axes = pyplot.subplots(figsize=_SIZE, layout="constrained")
    done = list(accumulate(row["jobs"] / 1000 for row in rows if row["contender"] == rows[-1]["contender"]))
    for name, color in zip(dict.fromkeys(row["contender"] for row in rows), _COLORS, strict=True):
        turns = [row for row in rows if row["contender"] == name]
        axes.plot(done, [row["rate"] for row in turns], "o-", color=color, label=f"jobs/s, {name}")
    axes.set(xlabel="thousands of jobs that the long queue has done", ylabel="jobs/s", ylim=(0, None))
    other = axes.twinx()
    for process, style in (("bridge", "-"), ("hint", "--")):
        memory = [row["memory"][process] for row in turns]
        label = "bridge, MB" if process == "bridge" else "pool, MB"
        other.plot(done, memory, style, color="tab:red", label=label)
    other.set(ylabel="MB of RSS", ylim=(0, None))
    axes.set_title("A long queue and a short one, in turns: their rates, and the memory of the long one's")
    axes.grid(alpha=0.3)
    figure.legend(loc="outside lower center", ncols=4)
    return _saved(figure, "waiting.png")


def _saved(figure: Any, name: str) -> Path:
    path = IMAGES / name
    figure.savefig(path, dpi=130)
    return path
