"""What a run tells of itself: one line a thing, our own words, and nothing after it has ended."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from aiplane.errors import LLMTimeoutError
from aiplane.ledger.runs import run_id
from aiplane.worker import progress
from aiplane.worker.progress import LONGEST_LINE
from aiplane.worker.progress_writer import ProgressWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aiplane.bull import Note

RUN = {"run": run_id("ai.generate-hint", "4|7", 1, 1), "queue": "ai.generate-hint", "job": "4|7"}


class Notebook(ProgressWriter):
    """Keeps what it is told to write."""

    def __init__(self) -> None:
        self.notes: list[Note] = []

    def put(self, *notes: Note) -> None:
        self.notes += notes

    def last(self, queue: str, job_id: str, *notes: Note) -> Sequence[Note]:
        self.notes += notes
        return notes


def told(work: Callable[[], None], **header: str) -> tuple[list[dict[str, object]], list[str]]:
    """Return the progress values and the lines that ``work`` tells, the lines without their times."""
    book = Notebook()
    with progress.telling(book, RUN | header, "hint@box"):
        work()
    assert {(note.queue, note.job_id) for note in book.notes} == {("ai.generate-hint", "4|7")}
    lines = [note.text for note in book.notes if not note.is_progress]
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ", line) for line in lines)
    values = [json.loads(note.text) for note in book.notes if note.is_progress]
    return values, [line.partition(" ")[2] for line in lines]


def test_the_first_thing_told_is_who_took_it_and_at_which_attempt() -> None:
    values, lines = told(lambda: None)

    assert values == [{"progress": 10, "step": "taken", "attempt": 2}]
    assert lines == ["attempt 2: taken by hint@box"]


def test_a_job_that_is_done_is_at_100_with_its_last_step() -> None:
    def work() -> None:
        progress.reached("asked", "a model is asked")
        progress.reached("checked", "it passed")
        progress.ended(None)

    values, lines = told(work)

    assert [value["progress"] for value in values] == [10, 25, 75, 100]
    assert values[-1] == {"progress": 100, "step": "checked", "attempt": 2}
    assert re.fullmatch(r"attempt 2: done in \d+\.\d{3} s", lines[-1])


def test_a_job_that_failed_stays_where_it_was_and_says_why() -> None:
    def work() -> None:
        progress.reached("asked", "a model is asked")
        progress.ended(LLMTimeoutError("It was too slow."))

    values, lines = told(work)

    assert values[-1]["step"] == "asked"
    assert lines[-1].endswith(" s: llm_timeout: It was too slow.")


def test_work_that_was_left_behind_is_not_heard() -> None:
    def work() -> None:
        progress.ended(None)
        progress.reached("spoken", "too late")
        progress.remark("too late")

    values, lines = told(work)

    assert values[-1]["progress"] == 100
    assert "done" in lines[-1]


def test_a_remark_is_one_line_and_bounded() -> None:
    _, lines = told(lambda: progress.remark("two\nlines \ud800" + "x" * 1000))

    assert lines[-1].startswith("attempt 2: two lines ?xxx")
    assert len(lines[-1]) == len("attempt 2: ") + LONGEST_LINE


def test_nobody_hears_what_is_said_outside_of_a_job() -> None:
    book = Notebook()
    with progress.telling(book, RUN, "hint@box"):
        pass
    before = len(book.notes)
    progress.reached("asked", "by nobody's job")
    progress.remark("likewise")
    progress.ended(None)

    assert len(book.notes) == before
