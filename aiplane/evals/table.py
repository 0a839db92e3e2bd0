"""Table of what came of all cases: for everything, for what was tuned to, and for what was held out."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aiplane.evals.trial import Trial

MEASURABLE = frozenset({"time_complexity", "code_structure", "variable_naming", "edge_cases"})
"""The weaknesses that measurements and patterns can see: cost, nesting, naming, unchecked empty input."""


def markdown(trials: Sequence[Trial]) -> str:
    """Write the table."""
    columns = {
        "all": list(trials),
        "tuned": [trial for trial in trials if not trial.label.held_out],
        "held out": [trial for trial in trials if trial.label.held_out],
        **{
            kind: [each for each in trials if each.label.kind == kind]
            for kind in ("hint", "review", "interview")
        },
    }
    head = [f"| | {' | '.join(columns)} |", f"|---|{'---|' * len(columns)}"]
    rows = [f"| {name} | {' | '.join(map(measure, columns.values()))} |" for name, measure in _ROWS.items()]
    return "\n".join([*head, *rows])


def _share(part: float, whole: float) -> str:
    return f"{part / whole:.0%}" if whole else "-"


def _counted(holds: Callable[[Trial], bool]) -> Callable[[Sequence[Trial]], str]:
    return lambda trials: _share(sum(map(holds, trials)), len(trials))


def _level(trials: Sequence[Trial]) -> str:
    answered = [trial for trial in trials if trial.is_valid and trial.label.kind != "review"]
    return _share(sum(trial.keeps_level for trial in answered), len(answered))


def _evidence(trials: Sequence[Trial]) -> str:
    places = [is_true for trial in trials for is_true in trial.evidence]
    return f"{_share(sum(places), len(places))} of {len(places)}"


def _weaknesses(trials: Sequence[Trial], names: frozenset[str] | None) -> str:
    """Write precision and recall over all signals of all cases that have labels for them."""
    right = named = expected = 0
    for trial in trials:
        if trial.label.weaknesses is not None and trial.is_valid:
            labelled = frozenset[str](trial.label.weaknesses)
            said = trial.signalled if names is None else trial.signalled & names
            labelled = labelled if names is None else labelled & names
            right, named, expected = right + len(said & labelled), named + len(said), expected + len(labelled)
    return f"{_ratio(right, named)} / {_ratio(right, expected)}"


def _ratio(part: int, whole: int) -> str:
    return f"{part / whole:.2f}" if whole else "-"


def _tier(trials: Sequence[Trial]) -> str:
    labelled = [trial for trial in trials if trial.label.tier is not None]
    right = sum((trial.result or {}).get("difficulty") == trial.label.tier for trial in labelled)
    return _share(right, len(labelled))


def _seconds(trials: Sequence[Trial]) -> str:
    return f"{sum(trial.seconds for trial in trials) / len(trials):.3f}" if trials else "-"


_ROWS: dict[str, Callable[[Sequence[Trial]], str]] = {
    "cases": lambda trials: str(len(trials)),
    "valid at first answer": _counted(lambda trial: trial.is_valid and trial.calls == 1),
    "valid after repair": _counted(lambda trial: trial.is_valid),
    "level kept": _level,
    "evidence true": _evidence,
    "weakness precision / recall": lambda trials: _weaknesses(trials, None),
    "of what metrics can see": lambda trials: _weaknesses(trials, MEASURABLE),
    "tier as expected": _tier,
    "tokens a case": lambda trials: str(sum(trial.tokens for trial in trials) // max(1, len(trials))),
    "seconds a case": _seconds,
}


def misses(trials: Sequence[Trial]) -> list[str]:
    """Say of each case in which something is not as labelled what that is; no text of an answer."""
    return [f"{trial.label.name}: {', '.join(faults)}" for trial in trials if (faults := _faults(trial))]


def _faults(trial: Trial) -> list[str]:
    label = trial.label
    faults = [] if trial.is_valid else [f"failed as {trial.failure}"]
    if trial.is_valid and label.kind != "review" and not trial.keeps_level:
        faults.append("says what is forbidden")
    if not all(trial.evidence):
        faults.append("has evidence that is not true")
    if trial.is_valid and label.weaknesses is not None:
        labelled = frozenset[str](label.weaknesses)
        faults += [f"misses {name}" for name in sorted(labelled - trial.signalled)]
        faults += [f"invents {name}" for name in sorted(trial.signalled - labelled)]
    if label.tier is not None and (trial.result or {}).get("difficulty") != label.tier:
        faults.append(f"is not of tier {label.tier}")
    return faults
