"""The categories of a review: a model's scores held against the code, the tests and the rule.

What does not hold is mended where that is safe: a quote that is not in the code is left out where another
is, a score is capped by the tests, one that rests on nothing is set aside, and so is one of what no code can
show.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from aiplane.contracts import Category, Evidence
from tasks.faults import Fault, must, should
from tasks.in_language import in_language
from tasks.rubric import code_can_show, key, label, says_that_it_cannot_tell
from tasks.scoring import NOT_JUDGED, PRAISE, capped, contradicts_the_tests, speaks_for_itself

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from aiplane.coaching.answers import CategoryAnswer, EvidenceAnswer
    from aiplane.code.listing import Listing
    from aiplane.contracts import ExecutionSummary, ReviewPayload

_SAYS_SOMETHING = re.compile(r"\w")

_NO_CODE_SHOWS_IT: Mapping[str, str] = MappingProxyType(
    {
        "en": "Code alone cannot show this, so it was not judged and counts for nothing.",
        "de": "Code allein kann das nicht zeigen; es wurde nicht bewertet und zählt nicht.",
        "es": "El código por sí solo no puede mostrarlo: no se evaluó y no cuenta.",
        "fr": "Le code seul ne peut pas le montrer : ce point n'est pas noté et ne compte pas.",
        "it": "Il codice da solo non può mostrarlo: non è stato valutato e non conta.",
        "ja": "コードだけでは分からないため、評価しておらず、点数にも含まれません。",
        "pt": "O código sozinho não pode mostrar isto: não foi avaliado e não conta.",
        "ru": "По одному коду этого не увидеть: не оценивалось и не учитывается.",
        "zh": "仅凭代码无法判断这一点，因此未评分，也不计入总分。",
    }
)
_NOTHING_QUOTED: Mapping[str, str] = MappingProxyType(
    {
        "en": "No line of the code was quoted for this, so it was not judged and counts for nothing.",
        "de": "Dafür wurde keine Zeile des Codes zitiert; es wurde nicht bewertet und zählt nicht.",
        "es": "No se citó ninguna línea del código para esto: no se evaluó y no cuenta.",
        "fr": "Aucune ligne du code n'a été citée ici : ce point n'est pas noté et ne compte pas.",
        "it": "Nessuna riga del codice è stata citata: non è stato valutato e non conta.",
        "ja": "コードの行が引用されていないため、評価しておらず、点数にも含まれません。",
        "pt": "Nenhuma linha do código foi citada para isto: não foi avaliado e não conta.",
        "ru": "Ни одна строка кода здесь не процитирована: не оценивалось и не учитывается.",
        "zh": "这一点没有引用任何代码行，因此未评分，也不计入总分。",
    }
)
"""The sentences that go with a category that was not judged, by language."""


@dataclass(frozen=True, slots=True)
class Judge:
    """What a model's categories are held against."""

    payload: ReviewPayload
    names: Sequence[str]
    listing: Listing

    def judge(self, given: Sequence[CategoryAnswer]) -> tuple[tuple[Category, ...] | None, list[Fault]]:
        """Make the categories that were asked for, in their order, of those that the model wrote.

        Returns:
            The categories, ``None`` where one is lacking, and what is wrong with them.
        """
        ordered = in_order(given, self.names)
        if ordered is None:
            return None, [
                must(
                    "review",
                    f"lacks a category that was asked for: it has {len(given)} of {len(self.names)}",
                    "Write each of them once, with the name that was given.",
                )
            ]
        faults: list[Fault] = []
        made = [self._category(at, each, faults) for at, each in enumerate(ordered)]
        if not any(category.evidence for category in made) and self._claims_more_than_failures(ordered):
            faults.append(
                must(
                    "review",
                    "quotes nothing of the code",
                    "Quote for every category what its score rests on.",
                )
            )
        return tuple(made), faults

    def _claims_more_than_failures(self, ordered: Sequence[CategoryAnswer]) -> bool:
        """Tell whether some score says more than that tests fail: that can be said without a quote."""
        run = self.payload.execution
        fails = run is not None and run.fails
        return any(
            not (fails and speaks_for_itself(name, each.score, run))
            for name, each in zip(self.names, ordered, strict=True)
            if self._can_be_shown(name) and not self._is_left_open(each)
        )

    def _category(self, at: int, given: CategoryAnswer, faults: list[Fault]) -> Category:
        name = self.names[at]
        if not self._can_be_shown(name):
            return self._not_judged(name, in_language(self.payload.response_language, _NO_CODE_SHOWS_IT))
        if self._is_left_open(given):
            return self._not_judged(name, given.feedback)
        evidence = tuple(
            found
            for item in given.evidence
            if (found := self._evidence(item)) is not None and (given.score < PRAISE or _shows(found.quote))
        )
        run = self.payload.execution
        score = capped(name, given.score, run.pass_share if run else None)
        faults += self._faults(at, given, evidence, score, run)
        if not evidence and not speaks_for_itself(name, score, run):
            told = in_language(self.payload.response_language, _NOTHING_QUOTED)
            return self._not_judged(name, f"{given.feedback} {told}")
        return Category(name=name, score=score, feedback=given.feedback, evidence=evidence)

    def _faults(
        self,
        at: int,
        given: CategoryAnswer,
        evidence: Sequence[Evidence],
        score: int,
        run: ExecutionSummary | None,
    ) -> Iterator[Fault]:
        place = self.place(at)
        if given.evidence and not evidence:
            yield must(
                place, "quotes something that is not in the code", "Copy the quote from the code exactly."
            )
        elif not evidence and not speaks_for_itself(self.names[at], score, run):
            yield should(place, "has a score without a quote", "Quote the lines that its score rests on.")
        if contradicts_the_tests(self.names[at], score, run):
            yield must(
                place,
                f"scores {score} although all of many tests pass",
                "The code gave every expected result: say only what you can show, and score 7 or more.",
            )

    def _can_be_shown(self, name: str) -> bool:
        return not self.payload.rubric or code_can_show(name)

    def _is_left_open(self, given: CategoryAnswer) -> bool:
        """Tell whether a model says itself that it has nothing to judge by."""
        cannot_tell = bool(self.payload.rubric) and says_that_it_cannot_tell(given.feedback)
        return not given.evidence and (not given.judged or cannot_tell)

    def place(self, at: int) -> str:
        """Name a category in our own words: a rubric is somebody else's text."""
        return f"category {at + 1}" if self.payload.rubric else f"category {self.names[at]}"

    def _evidence(self, given: EvidenceAnswer) -> Evidence | None:
        passage = self.listing.find(given.quote, given.start_line, given.end_line)
        if passage is None:
            return None
        return Evidence(
            start_line=passage.start_line,
            end_line=passage.end_line,
            quote=passage.quote,
            observation=given.observation,
        )

    @staticmethod
    def _not_judged(name: str, feedback: str) -> Category:
        return Category(name=name, score=NOT_JUDGED, judged=False, feedback=feedback)


def _shows(quote: str) -> bool:
    """Tell whether a quote can bear praise: a bracket stands in every code."""
    return _SAYS_SOMETHING.search(quote) is not None


def in_order(given: Sequence[CategoryAnswer], names: Sequence[str]) -> list[CategoryAnswer] | None:
    """Put the categories that a model wrote into the order of the names; a name may occur twice.

    A name may come back shortened to what it is called. Where as many came as were asked for, what is left
    over on both sides belongs together, in order: a model that translates a name has judged it all the same.
    More than was asked for is left out.
    """
    left = list(given)
    found: list[CategoryAnswer | None] = [None] * len(names)
    for spelled in (key, lambda name: key(label(name))):
        for at, name in enumerate(names):
            match = next((each for each in left if spelled(each.name) == spelled(name)), None)
            if found[at] is None and match is not None:
                found[at] = match
                left.remove(match)
    asked_for = {key(name) for name in names}
    if len(given) == len(names) and not any(key(each.name) in asked_for for each in left):
        found = [each if each is not None else left.pop(0) for each in found]
    ordered = [each for each in found if each is not None]
    return ordered if len(ordered) == len(names) else None
