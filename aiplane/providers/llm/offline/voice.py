"""Sentences of the offline coach about itself, and all that it says in languages other than English.

Its hints, reviews and questions are written in English. Whoever asked for another language gets what was
measured, in that language, and is told that there is no more; whoever asked for one that is not in the table
gets English.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from aiplane.text.measures import percent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiplane.contracts import ExecutionSummary


@dataclass(frozen=True, slots=True)
class Voice:
    """A language that the offline coach can say little in.

    Attributes:
        name: what its messages begin with once it has said who it is.
        who: who it is, and that it writes English only.
        passing: how many tests pass; ``{passed}``, ``{total}`` and ``{share}`` are filled in.
        all_passing, not_run, unknown: what else there is to say of tests.
        look: where to look; ``{line}`` is filled in.
        try_example: what to do next whatever the code is.
        question: the same as a question.
        unjudged: that a category was not judged.
        judged: what a score was made of; ``measured``: likewise, where nothing was found.
        concept: what to read up on.
    """

    name: str
    who: str
    passing: str
    all_passing: str
    not_run: str
    unknown: str
    look: str
    try_example: str
    question: str
    unjudged: str
    judged: str
    measured: str
    concept: str

    def tested(self, run: ExecutionSummary | None) -> str:
        """Say how the tests went."""
        share = run.pass_share if run is not None else None
        if run is None or (share is None and not run.fails):
            return self.not_run
        if share is None:
            return self.unknown
        if share == 1 or run.passed is None:
            return self.all_passing
        return self.passing.format(passed=run.passed, total=run.total, share=percent(share))


SIGNATURE = (
    "This is the offline coach: it goes by rules and measurements, not by a language model, and does not "
    "understand what your code means."
)
"""What every text of its own begins with, in English."""


def voice_of(tag: str | None) -> Voice | None:
    """Return the voice for a language tag; ``None`` for English and for languages without one."""
    return _voices().get((tag or "en").lower().partition("-")[0])


@cache
def _voices() -> Mapping[str, Voice]:
    text = (
        resources.files("aiplane.providers.llm.offline").joinpath("voices.toml").read_text(encoding="utf-8")
    )
    return {language: Voice(**sentences) for language, sentences in tomllib.loads(text).items()}
