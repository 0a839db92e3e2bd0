"""The table of figures: for the terminal, and in Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from bench.contenders import CONTENDERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.figures import Figure, Value

HEADS = ("figure", *CONTENDERS, "target", "reached")
_SAID = {True: "met", False: "missed", None: ""}


def show(figures: Sequence[Figure]) -> None:
    """Print it."""
    table = Table(*HEADS, caption="median of the rounds (range)")
    for figure in figures:
        table.add_row(*cells(figure))
    Console(width=200, soft_wrap=True).print(table)


def markdown(figures: Sequence[Figure]) -> str:
    """Return it in Markdown."""
    rows = [HEADS, ["---"] * len(HEADS), *map(cells, figures)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def cells(figure: Figure) -> list[str]:
    """Return one line's words."""
    values = [_words(figure.values.get(name)) for name in CONTENDERS]
    reached = ": ".join(filter(None, (_SAID[figure.met], figure.reached)))
    return [figure.name, *values, figure.target, reached]


def _words(value: Value | None) -> str:
    if value is None:
        return ""
    if value.low == value.high:
        return _number(value.median)
    return f"{_number(value.median)} ({_number(value.low)}-{_number(value.high)})"


def _number(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.3g}"
