"""Tables and times for a terminal: plain text that a pipe can cut, whatever stands in the cells."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
from rich.cells import cell_len

from aiplane.cli.terminal.screen import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LONGEST_CELL = 60
"""Characters of a cell that are shown; the id of a job may be of any length."""


def show_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table; cells that hold a number stand to the right."""
    rows = [list(row) for row in rows]
    cells = [list(head), *([_cell(value) for value in row] for row in rows)]
    widths = [max(map(cell_len, column)) for column in zip(*cells, strict=True)]
    right = [all(isinstance(row[at], int) for row in rows) for at in range(len(head))] if rows else []
    for line in cells:
        padded = (
            f"{' ' * (width - cell_len(cell))}{cell}"
            if to_right
            else f"{cell}{' ' * (width - cell_len(cell))}"
            for cell, width, to_right in zip(line, widths, right or [False] * len(head), strict=True)
        )
        click.echo("  ".join(padded).rstrip())


def show_pairs(pairs: Iterable[tuple[str, object]]) -> None:
    """Write what has a name and a value, one a line; without a value nothing is written."""
    given = [(name, value) for name, value in pairs if value not in (None, "")]
    width = max((len(name) for name, _ in given), default=0)
    for name, value in given:
        click.echo(f"{name:<{width}}  {one_line(str(value))}")


def duration(milliseconds: int | None) -> str:
    """Tell a time as a person does: ``0.4s``, ``12s``, ``3m 12s``, ``5h 3m``, ``2d 4h``; nothing for None."""
    if milliseconds is None:
        return ""
    seconds = milliseconds // 1000
    if seconds < 10:
        return f"{milliseconds / 1000:.1f}s"
    if seconds < 60:
        return f"{seconds}s"
    minutes, hours = seconds // 60, seconds // 3600
    if minutes < 60:
        return f"{minutes}m {seconds % 60}s"
    return f"{hours}h {minutes % 60}m" if hours < 48 else f"{hours // 24}d {hours % 24}h"


def moment(milliseconds: int | None) -> str | None:
    """Return epoch milliseconds as ISO 8601 in UTC; None for None, and for what is no time."""
    if milliseconds is None:
        return None
    try:
        when = datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _cell(value: object) -> str:
    text = one_line(str(value))
    return text if len(text) <= LONGEST_CELL else f"{text[: LONGEST_CELL - 1]}…"
