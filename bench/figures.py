"""The figures that a run comes to, each beside its target: what the table shows and what the page quotes."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from bench.contenders import CONTENDERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    Rows = Sequence[Mapping[str, Any]]

OURS, NODE, PYTHON, CELERY = CONTENDERS
FLAT = 5.0
"""Megabytes by which a process may grow over nine tenths of a hundred thousand jobs, and count as flat."""
WHOLE_TASK = "aiplane, whole task"


@dataclass(frozen=True)
class Value:
    """The median of the rounds, and their range."""

    median: float
    low: float
    high: float


@dataclass(frozen=True)
class Figure:
    """One line of the table.

    Attributes:
        name: what was measured, and its unit.
        values: by contender.
        target: what this project's is held against; empty where it is only shown.
        reached: what it comes to by that measure.
        met: whether the target is met; None where there is none.
    """

    name: str
    values: Mapping[str, Value]
    target: str = ""
    reached: str = ""
    met: bool | None = None


def of(results: Mapping[str, Any]) -> list[Figure]:
    """Return the figures of all parts that a run has."""
    parts = results["parts"]
    return [
        figure for name, read in _READERS.items() if name in parts for figure in read(parts[name], results)
    ]


def percentile(samples: Sequence[float], share: float) -> float:
    """Return the sample that the given share of all does not exceed."""
    return sorted(samples)[min(len(samples) - 1, int(len(samples) * share))]


def processor_limit(row: Mapping[str, Any], cores: int) -> float:
    """Return how many jobs a second the CPU allows, by what all processes of a run used for each."""
    return cores * float(row["jobs"]) / float(sum(row["cpu"].values()))


def _utilisation(rows: Rows, _: Mapping[str, Any]) -> Iterator[Figure]:
    values = _values(rows, lambda row: row["utilisation"])
    ratio = _ratio(rows, lambda row: row["utilisation"], NODE)
    yield Figure(
        "slot utilisation, provider at 200 ms",
        values,
        "at least 0.98, and not below BullMQ in Node",
        f"{values[OURS].median:.3f}; {ratio:.3f} of Node's",
        values[OURS].median >= 0.98 and ratio >= 1,
    )


def _latency(rows: Rows, _: Mapping[str, Any]) -> Iterator[Figure]:
    shares = (("median", 0.5), ("99th percentile", 0.99))
    for name, share in shares:

        def read(row: Mapping[str, Any], share: float = share) -> float:
            return percentile(row["milliseconds"], share)

        ratio = _ratio(rows, read, NODE)
        values = _values(rows, read)
        yield Figure(
            f"added latency, {name} (ms)",
            values,
            "at most 2.5 times BullMQ in Node",
            f"{ratio:.2f} times",
            ratio <= 2.5,
        )


def _saturation(rows: Rows, _: Mapping[str, Any]) -> Iterator[Figure]:
    values = _values(rows, lambda row: row["rate"])
    whole = values.pop(WHOLE_TASK)
    of_celery = _ratio(rows, lambda row: row["rate"], CELERY)
    of_python = _ratio(rows, lambda row: row["rate"], PYTHON)
    yield Figure(
        "saturation, pool of 20, empty body (jobs/s)",
        values,
        "at least Celery alone, and 0.6 times BullMQ in Python",
        f"{of_celery:.2f} times, {of_python:.2f} times",
        of_celery >= 1 and of_python >= 0.6,
    )
    yield Figure("the same with the whole hint task (jobs/s)", {OURS: whole})


def _waiting(rows: Rows, _: Mapping[str, Any]) -> Iterator[Figure]:
    short, long = dict.fromkeys(row["contender"] for row in rows)
    rates = _values(rows, lambda row: row["rate"])
    share = _ratio(rows, lambda row: row["rate"], short, ours=long)
    yield Figure(f"rate with {short} (jobs/s)", {OURS: rates[short]})
    yield Figure(
        f"with {long} (jobs/s)", {OURS: rates[long]}, "within 10 %", f"{share:.2f} times", share >= 0.9
    )
    memory = [row["memory"] for row in rows if row["contender"] == long]
    for process in ("bridge", "hint"):
        early, late = growth(memory, process)
        yield Figure(
            f"{'bridge' if process == 'bridge' else 'pool'}: memory at their end, and after a tenth (MB)",
            {OURS: Value(late, early, late)},
            "flat",
            f"{late - early:+.1f} MB",
            late - early <= FLAT,
        )


def growth(memory: Sequence[Mapping[str, float]], process: str) -> tuple[float, float]:
    """Return the megabytes after a tenth of the jobs, and at the end."""
    used = [sample[process] for sample in memory]
    return used[max(len(used) // 10, 1) - 1], used[-1]


def _wide(rows: Rows, results: Mapping[str, Any]) -> Iterator[Figure]:
    cores = results["machine"]["cores"]
    values = _values(rows, lambda row: row["jobs"] / row["seconds"])
    ours = [row for row in rows if row["contender"] == OURS]
    ideal = ours[0]["jobs"] / ours[0]["ideal"]
    limits = _values(ours, lambda row: processor_limit(row, cores))[OURS]
    least, who = min((ideal, "the slots'"), (limits.median, "the CPU's"))
    share = values[OURS].median / least
    yield Figure(
        f"wide, {ours[0]['slots']} slots, provider at 1 s (jobs/s)",
        values,
        f"at least 0.95 of {ideal:.0f} (slots) or {limits.median:.0f} (CPU)",
        f"{share:.3f} of {who} limit",
        share >= 0.95,
    )


def _idle(rows: Rows, _: Mapping[str, Any]) -> Iterator[Figure]:
    def of_bridge(row: Mapping[str, Any]) -> float:
        return 100 * float(row["cpu"].get("bridge", 0)) / float(row["elapsed"])

    def of_pools(row: Mapping[str, Any]) -> float:
        names = ("hint", "review", "interview", "transcribe", "worker")
        return 100 * float(sum(row["cpu"].get(name, 0.0) for name in names)) / float(row["elapsed"])

    bridge, pools = _values(rows, of_bridge)[OURS], _values(rows, of_pools)
    yield Figure(
        "idle: bridge (% of a core)", {OURS: bridge}, "below 1", f"{bridge.median:.2f}", bridge.median < 1
    )
    ours = pools[OURS].median
    yield Figure("idle: four pools, or workers (% of a core)", pools, "below 3", f"{ours:.2f}", ours < 3)
    yield Figure("idle: commands to Redis (1/s)", _values(rows, lambda row: row["sent"] / row["elapsed"]))
    memory = next(row["memory"] for row in rows if row["contender"] == OURS)
    for name, limit in (("bridge", 90), ("largest pool", 130)):
        used = [value for process, value in memory.items() if (process == "bridge") == (name == "bridge")]
        rss, pss = (max(value[of] for value in used) for of in ("rss", "pss"))
        reached = f"{rss:.0f} ({pss:.0f} PSS with its helpers)" if name != "bridge" else f"{rss:.0f}"
        yield Figure(
            f"memory at rest: {name} (MB of RSS)",
            {OURS: _single(rss)},
            f"at most {limit}",
            reached,
            rss <= limit,
        )


def _milliseconds(name: str, row: Mapping[str, Any]) -> float:
    return float(row["cpu_milliseconds"][name])


def _cost(rows: Rows, _: Mapping[str, Any]) -> Iterator[Figure]:
    ours = [row for row in rows if row["contender"] == OURS]
    for name in ours[0]["cpu_milliseconds"]:
        value = _values(ours, partial(_milliseconds, name))
        yield Figure(f"one hint: CPU of the {'bridge' if name == 'bridge' else 'pool'} (ms)", value)
    total = _values(rows, lambda row: sum(row["cpu_milliseconds"].values()))
    yield Figure("one hint: CPU of all workers (ms)", total)
    yield Figure("one hint: commands sent to Redis", _values(rows, lambda row: sum(row["sent"].values())))
    yield Figure("one hint: commands within scripts", _values(rows, lambda row: row["in_scripts"]))


def _service(rows: Rows, _: Mapping[str, Any]) -> Iterator[Figure]:
    message, look = ("service", "client"), ("result", "empty")
    yield _added(rows, "the service adds to a message, median (ms)", message, 0.5, 25)
    yield _added(rows, "the same, 95th percentile (ms)", message, 0.95)
    yield _added(rows, "and to a GET of a result, median (ms)", look, 0.5, 2)


def _added(rows: Rows, name: str, pair: tuple[str, str], share: float, most: float | None = None) -> Figure:
    """Return by how much the first of a pair takes longer than the second."""

    def read(row: Mapping[str, Any], of: str) -> float:
        return percentile(row[of], share)

    whole, alone = (_values(rows, partial(read, of=of))[OURS].median for of in pair)
    added = _values(rows, lambda row: read(row, pair[0]) - read(row, pair[1]))
    return Figure(
        name,
        added,
        "" if most is None else f"at most {most:g}",
        f"{whole:.1f} beside {alone:.1f}",
        None if most is None else added[OURS].median <= most,
    )


_READERS: Mapping[str, Callable[[Rows, Mapping[str, Any]], Iterator[Figure]]] = {
    "utilisation": _utilisation,
    "latency": _latency,
    "saturation": _saturation,
    "waiting": _waiting,
    "wide": _wide,
    "idle": _idle,
    "cost": _cost,
    "service": _service,
}


def _values(rows: Rows, read: Callable[[Mapping[str, Any]], float]) -> dict[str, Value]:
    found: dict[str, list[float]] = {}
    for row in rows:
        found.setdefault(row["contender"], []).append(read(row))
    return {
        name: Value(statistics.median(samples), min(samples), max(samples)) for name, samples in found.items()
    }


def _ratio(rows: Rows, read: Callable[[Mapping[str, Any]], float], other: str, *, ours: str = OURS) -> float:
    """Return the median of the rounds' ratios: rounds drift with the machine, the ratio within one less."""
    by_round: dict[int, dict[str, float]] = {}
    for row in rows:
        by_round.setdefault(row["round"], {})[row["contender"]] = read(row)
    return statistics.median(each[ours] / each[other] for each in by_round.values())


def _single(value: float) -> Value:
    return Value(value, value, value)
