"""Sections of a prompt: what the model is shown from outside, fitted into a budget.

What does not fit is left out by rank, each section to its least at most: the oldest turns and hints first,
the middle of the code, and the problem last. A note says how much is missing.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tasks.spotlight import Nature

BUDGET_CHARACTERS = 60_000
"""What may come from outside in one prompt, marks not counted: some 20,000 tokens of code and prose with
them, so that the prompt and its answer fit the 32,000 tokens that small models have."""

LeftOut: TypeAlias = Literal["oldest", "middle"]


class Row(NamedTuple):
    """One thing from outside, on lines of its own.

    Attributes:
        text: from outside.
        head: what stands before the mark of its first line, in our words: a line's number, who speaks.
        number: of the line of code that it is; 0 for anything else.
    """

    text: str
    head: str = ""
    number: int = 0

    @property
    def size(self) -> int:
        """Its characters, its head and its line end included."""
        return len(self.text) + len(self.head) + 1


@dataclass(frozen=True, slots=True)
class Exhibit:
    """Something from outside that the model is shown.

    Attributes:
        label: what it is, in our words.
        rows: its parts, oldest first.
        rank: exhibits of a lower rank are shortened first.
        least: so many of its characters are kept, whatever rank the others have.
        nature: what of it is prose; see :func:`tasks.spotlight.spotlight`.
        left_out: which of its rows are the first to go where it is too long.
    """

    label: str
    rows: tuple[Row, ...] = field(repr=False)
    rank: int
    least: int = 0
    nature: Nature = "prose"
    left_out: LeftOut = "oldest"

    @property
    def size(self) -> int:
        """Its characters."""
        return sum(row.size for row in self.rows)

    @property
    def is_blank(self) -> bool:
        """Whether nothing stands there."""
        return not any(row.text.strip() for row in self.rows)

    def shortened_to(self, size: int) -> Exhibit:
        """Keep ``size`` characters at most, with a note wherever some are missing."""
        shorten = _without_oldest if self.left_out == "oldest" else _without_middle_rows
        return replace(self, rows=tuple(shorten(self.rows, size)))


def _without_oldest(rows: Sequence[Row], size: int) -> list[Row]:
    newest = len(rows) - _fitting(reversed(rows), size)
    if newest == len(rows):
        newest -= 1
        kept = [_cut(rows[newest], size)]
    else:
        kept = list(rows[newest:])
    note = [Row(f"[the oldest {newest} left out here]")] if newest else []
    return [*note, *kept]


def _without_middle_rows(rows: Sequence[Row], size: int) -> list[Row]:
    head = _fitting(rows, size * 2 // 3)
    tail = _fitting(reversed(rows[head:]), size // 3)
    if not head or not tail:
        ends = rows[:1] if len(rows) == 1 else (rows[0], rows[-1])
        return [_cut(row, size // len(ends)) for row in ends]
    omitted = len(rows) - head - tail
    return [*rows[:head], Row(f"[{omitted:,} lines left out here]"), *rows[len(rows) - tail :]]


def _cut(row: Row, size: int) -> Row:
    return row._replace(text=_without_middle(row.text, max(0, size - len(row.head) - 1)))


def _fitting(rows: Iterable[Row], room: int) -> int:
    """Count how many rows, from the first on, fit into the room."""
    count = 0
    for row in rows:
        room -= row.size
        if room < 0:
            break
        count += 1
    return count


@dataclass(frozen=True, slots=True)
class Sheet:
    """The exhibits of one prompt, fitted into the budget.

    Attributes:
        exhibits: in the order in which they came; blank ones are left out.
        shortened: the labels of those that were shortened.
    """

    exhibits: tuple[Exhibit, ...]
    shortened: tuple[str, ...]

    @property
    def lines_shown(self) -> tuple[range, ...]:
        """Which lines of the code can be read, as ranges in order."""
        return _ranges(row.number for exhibit in self.exhibits for row in exhibit.rows if row.number)


def lay_out(exhibits: Iterable[Exhibit]) -> Sheet:
    """Leave blank exhibits out and shorten the others into the budget."""
    fitting, shortened = fit([each for each in exhibits if not each.is_blank], BUDGET_CHARACTERS)
    return Sheet(tuple(fitting), tuple(shortened))


def fit(exhibits: Sequence[Exhibit], budget: int) -> tuple[list[Exhibit], list[str]]:
    """Shorten what does not fit into ``budget`` characters, by rank, but each to its least at most.

    Returns:
        The exhibits in the order in which they came, and the labels of those that were shortened.
    """
    sizes = [exhibit.size for exhibit in exhibits]
    excess = sum(sizes) - budget
    fitting, shortened = list(exhibits), []
    for place, exhibit in sorted(enumerate(exhibits), key=lambda entry: entry[1].rank):
        if excess <= 0:
            break
        kept = max(exhibit.least, sizes[place] - excess)
        if kept < sizes[place]:
            fitting[place] = exhibit.shortened_to(kept)
            shortened.append(exhibit.label)
            excess -= sizes[place] - kept
    return fitting, shortened


def _without_middle(text: str, size: int) -> str:
    """Cut the middle out of a text, at ends of lines where there are any; the beginning says the most."""
    if len(text) <= size:
        return text
    head, tail = text[: size * 2 // 3], text[len(text) - size // 3 :]
    head = head[: head.rfind("\n") + 1] or head
    tail = tail[tail.find("\n") + 1 :]
    return f"{head}\n[{len(text) - len(head) - len(tail):,} characters left out here]\n{tail}"


def _ranges(numbers: Iterable[int]) -> tuple[range, ...]:
    """Gather rising numbers into ranges."""
    found: list[range] = []
    for number in numbers:
        if found and number == found[-1].stop:
            found[-1] = range(found[-1].start, number + 1)
        else:
            found.append(range(number, number + 1))
    return tuple(found)
