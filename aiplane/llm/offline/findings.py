"""What the offline coach finds in code, each finding with its line and its words.

A rule is a pattern or a measurement, and fires at most once. It is right often enough to coach with, and no
more: patterns do not understand code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise, takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from aiplane.code_metrics import FunctionMetrics
    from aiplane.contracts import CodeWeakness, Severity
    from aiplane.source import Row, Source


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that is looked for.

    Attributes:
        find: returns the first and last line of it, or ``None``. The first line holds something.
        category: which of the usual categories it belongs to.
        weakness: what it is a sign of, if of anything.
        nudge: what makes a candidate look there, without naming it; no line numbers.
        remark: what is the matter.
        advice: what to do.
        trial: how to see it on an example; no line numbers.
        question: what an interviewer would ask.
        concept: what to read up on.
    """

    find: Callable[[Source], tuple[int, int] | None]
    category: str
    weakness: CodeWeakness | None
    severity: Severity
    nudge: str
    remark: str
    advice: str
    trial: str
    question: str
    concept: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that fired, and where."""

    rule: Rule
    start_line: int
    end_line: int
    quote: str

    @property
    def place(self) -> str:
        """The lines, in words."""
        if self.start_line == self.end_line:
            return f"line {self.start_line}"
        return f"lines {self.start_line} to {self.end_line}"


def findings_in(source: Source) -> tuple[Finding, ...]:
    """Run every rule; the findings come in the order of the rules, which is that of their importance."""
    return tuple(_findings(source))


def _findings(source: Source) -> Iterator[Finding]:
    for rule in RULES:
        lines = rule.find(source)
        if lines is not None and source.listing.has(*lines) and (quote := source.text_of(lines[0])):
            yield Finding(rule, *lines, quote)


def _first(matches: Callable[[Row], object]) -> Callable[[Source], tuple[int, int] | None]:
    def find(source: Source) -> tuple[int, int] | None:
        return next(((row.number, row.number) for row in source.rows if matches(row)), None)

    return find


def _in_a_loop(pattern: str) -> Callable[[Source], tuple[int, int] | None]:
    search = re.compile(pattern).search
    return _first(lambda row: row.loops and search(row.text))


def _anywhere(pattern: str) -> Callable[[Source], tuple[int, int] | None]:
    search = re.compile(pattern).search
    return _first(lambda row: search(row.text))


def _function(
    worst: Callable[[FunctionMetrics], int], limit: int
) -> Callable[[Source], tuple[int, int] | None]:
    def find(source: Source) -> tuple[int, int] | None:
        if source.metrics is None:
            return None
        function = max(source.metrics.functions, key=worst)
        return (function.start_line, function.end_line) if worst(function) > limit else None

    return find


_GUARD = re.compile(
    r"\bif\s*\(?\s*(?:!|not\b)|[=!]==?\s*(?:0|null|nil|None|\"\")|\bis None\b|[eE]mpty\(|<=?\s*[012]\b"
    r"|\b(?:throw|raise|assert|except|catch)\b|\bErr\("
)
_CHECK = re.compile(r"\b(?:try|except|catch|isNaN|match)\b|\berr\b|\bOk\(")
_NEEDS_SOMETHING = re.compile(
    r"\w\[(?:0|-1)\]|\.(?:front|back|first|last|top|peek|getFirst|getLast|firstKey)\(\)|\.get\(0\)"
    r"|\w\s*//?\s*(?:\(?(?:double|float|int)\)?\s*)?(?:len\()?[A-Za-z_]"
)
_UNCHECKED_READ = re.compile(
    r"int\(input\(|parseInt\(|\batoi\(|\bscanf\(|strconv\.Atoi|parse(?:::<\w+>)?\(\)\.unwrap"
)
_ONE_LETTER = re.compile(
    r"(?:(?:let|var|const|final|mut|auto|int|long|float|double|char|bool|boolean|String|string)\s+)*"
    r"([A-Za-z])\s*(?::=|=)(?![=>])"
)
_COUNTED = re.compile(
    r"for\s*\(?\s*(?:(?:let|var|int|size_t|auto|const) )?(\w+)\s*:?=\s*0\s*;\s*\1\s*<\s*([^;]+);"
    r"|for (\w+) in range\((len\(\w+\)|\w+)\):|for (\w+) in 0\.\.([^{]+?)\s*\{"
)
"""A loop over all positions from 0 on: its variable and its end."""

_CUSTOMARY_LETTERS = frozenset("ijknmxy")


def _no_guard(source: Source) -> tuple[int, int] | None:
    """Find what fails on nothing (a first element, a division by a size) where nothing is checked."""
    if any(_GUARD.search(row.text) for row in source.rows):
        return None
    return _first(lambda row: _NEEDS_SOMETHING.search(row.text))(source)


def _pairs_with_itself(source: Source) -> tuple[int, int] | None:
    """Find two loops, one in the other, over the same positions of one sequence, that nothing keeps apart."""
    for place, (outer, inner) in enumerate(pairwise(source.rows)):
        first, second = _counted(outer), _counted(inner)
        if first is None or second is None or inner.loops <= outer.loops or first[1] != second[1]:
            continue
        body = _body_of(inner, source.rows[place + 2 :])
        if _takes_both(body, first[0], second[0]) and not _keeps_apart(body, first[0], second[0]):
            return outer.number, inner.number
    return None


def _body_of(loop: Row, rest: Sequence[Row]) -> str:
    return " ".join(row.text for row in takewhile(lambda row: row.loops > loop.loops, rest))


def _counted(row: Row) -> tuple[str, str] | None:
    found = _COUNTED.search(row.text)
    if found is None:
        return None
    name, end = (part for part in found.groups() if part is not None)
    return name, end.strip()


def _takes_both(body: str, one: str, other: str) -> bool:
    return any(f"{name}[{other}]" in body for name in re.findall(rf"(\w+)\[{one}\]", body))


def _keeps_apart(body: str, one: str, other: str) -> bool:
    return bool(re.search(rf"\b(?:{one}\s*[!=<>]=*\s*{other}|{other}\s*[!=<>]=*\s*{one})\b", body))


def _unchecked_input(source: Source) -> tuple[int, int] | None:
    if any(_CHECK.search(row.text) for row in source.rows):
        return None
    return _first(lambda row: _UNCHECKED_READ.search(row.text))(source)


def _short_names(source: Source) -> tuple[int, int] | None:
    lines: dict[str, int] = {}
    for row in source.rows:
        match = _ONE_LETTER.match(row.text)
        if match and match[1] not in _CUSTOMARY_LETTERS:
            lines.setdefault(match[1], row.number)
    return (min(lines.values()), min(lines.values())) if len(lines) >= 2 else None


RULES: tuple[Rule, ...] = (
    Rule(
        find=_anywhere(r"NotImplemented|\b(?:unimplemented|todo)!"),
        category="correctness",
        weakness=None,
        severity="critical",
        nudge="Part of your program only says that it is not written. What should it do there?",
        remark="This part is not written yet.",
        advice="Write this part first; nothing after it can work without it.",
        trial="Say in one sentence what this part takes in and what it has to give back. Then write the "
        "plainest lines that do so for the first example of the problem, and run them at once.",
        question="What is going to stand here, and what will it return?",
        concept="working in small steps",
    ),
    Rule(
        find=_anywhere(r"<=\s*[\w.]*(?:len\(|\.?length\b|\.?size\(\))|range\(.*len\([^)]*\)\s*\+\s*1"),
        category="correctness",
        weakness="off_by_one",
        severity="major",
        nudge="Follow your loop to its very last round. Which element does it look at, and is there one?",
        remark="The bound includes the length itself, one past the last position.",
        advice="Check the last round of this loop: positions run from 0 to the length minus one.",
        trial="Take an input of two elements and write down the position that each round reads. The "
        "positions are 0 and 1; if a third one stands in your list, the loop runs one round too "
        "many.",
        question="Which position does the last round of this loop look at?",
        concept="loop bounds",
    ),
    Rule(
        find=_pairs_with_itself,
        category="correctness",
        weakness=None,
        severity="major",
        nudge="Write down the pairs that your two loops look at for an input of two elements. Is each of "
        "them a pair that the problem means?",
        remark="Both loops run over all positions, so each element is also taken together with itself.",
        advice="Let the inner loop begin just behind the outer one.",
        trial="With two elements there are four pairs of positions: 0 and 0, 0 and 1, 1 and 0, 1 and 1. Say "
        "for each whether the problem allows it, and whether it was looked at before.",
        question="Which pairs of positions do these loops look at, and which does the problem mean?",
        concept="loop bounds",
    ),
    Rule(
        find=_first(lambda row: row.is_loop and (row.loops or len(re.findall(r"\bfor\b", row.text)) > 1)),
        category="efficiency",
        weakness="time_complexity",
        severity="major",
        nudge="Imagine a thousand times more input. Which part of your program would suffer first?",
        remark="A loop inside a loop: the work grows with the square of the input, or faster.",
        advice="Ask what the inner loop finds out again each time, and whether it could be remembered.",
        trial="Count by hand how often the innermost line runs for an input of three elements, then of "
        "six. If the second count is four times the first, it will be a million times as much for "
        "a thousand times the input.",
        question="How does the running time grow with the input, and could the inner loop be avoided?",
        concept="time complexity",
    ),
    Rule(
        find=_in_a_loop(r"\.(?:index|indexOf|includes|count|lastIndexOf)\("),
        category="efficiency",
        weakness="time_complexity",
        severity="major",
        nudge="Some calls look like one step and are a walk through everything. Do you make one in a loop?",
        remark="This call searches the whole sequence, once for each round of the loop.",
        advice="Keep what you search for in a set or a map, so that each lookup is one step.",
        trial="Ask what such a call has to do to find its answer in the worst case. Then count its "
        "steps over all rounds for an input of three elements, and of six, and compare the two "
        "sums.",
        question="What does this call cost, given that it runs in a loop?",
        concept="the cost of library calls",
    ),
    Rule(
        find=_in_a_loop(r"\.(?:copy|clone|slice|to_vec|to_owned|concat)\(|\[:\]|\[\.\.\."),
        category="efficiency",
        weakness="space_complexity",
        severity="minor",
        nudge="How much memory does one round of your loop ask for, and is it needed?",
        remark="Each round of the loop makes a copy.",
        advice="Work on positions in the original instead of on copies of it.",
        trial="Write down how many values exist at the same time after three rounds, and after six. If "
        "the second number is far more than twice the first, look at which of them nobody reads "
        "any more.",
        question="How much memory does this take for a large input?",
        concept="space complexity",
    ),
    Rule(
        find=_no_guard,
        category="edge_cases",
        weakness="edge_cases",
        severity="minor",
        nudge="What is the smallest input that somebody could hand to your function, and what happens then?",
        remark="This needs at least one element, and nothing here treats an empty input on its own.",
        advice="Decide what an empty input should give, and try that case before the others.",
        trial="Run your code in your mind with nothing in the input, then with one element. Stop at the "
        "first line that needs something which is not there, and write down what the problem "
        "wants to come out instead.",
        question="What happens here with an empty input, or one with a single element?",
        concept="edge cases",
    ),
    Rule(
        find=_unchecked_input,
        category="edge_cases",
        weakness="input_validation",
        severity="minor",
        nudge="You read something from outside. What if it is not what you expect?",
        remark="What is read here is taken for a number without a check.",
        advice="Handle the input that is not a number, at least by saying so.",
        trial="Try an empty line, a word, and a number with a blank before it. Say for each what a user "
        "should see, and look at what your program does with it now.",
        question="What happens if what is read here is not a number?",
        concept="input validation",
    ),
    Rule(
        find=_function(lambda function: function.nesting, 3),
        category="readability",
        weakness="code_structure",
        severity="major",
        nudge="Find the place in your code that is indented the most. Could it be said in fewer steps?",
        remark="Control structures are nested four deep or more here, which is hard to follow.",
        advice="Leave early where there is nothing to do, and make the innermost part a function.",
        trial="Read the innermost line and say aloud under which conditions it runs. If you need more "
        "than two of them in one breath, some can be dealt with earlier, where there is nothing "
        "to do.",
        question="How would you restructure this so that it nests less?",
        concept="guard clauses",
    ),
    Rule(
        find=_function(lambda function: function.complexity, 10),
        category="readability",
        weakness="code_structure",
        severity="minor",
        nudge="Count the decisions in your longest function. Which of them belong together?",
        remark="This function takes more than ten decisions, too many to hold in mind at once.",
        advice="Split it along its decisions: one function that chooses, others that do.",
        trial="Write a word beside each group of lines that says what it is for. Where the same word "
        "stands twice, or where two words belong to one line, there is a part that could stand on "
        "its own.",
        question="Which parts of this could be functions of their own?",
        concept="splitting functions",
    ),
    Rule(
        find=_function(lambda function: function.length, 40),
        category="readability",
        weakness="code_structure",
        severity="minor",
        nudge="Could you say what your longest function does in one sentence without an `and`?",
        remark="This function is longer than 40 lines.",
        advice="Give its stages names by making them functions.",
        trial="Write a word beside each group of lines that says what it is for. Where the same word "
        "stands twice, or where two words belong to one line, there is a part that could stand on "
        "its own.",
        question="What are the stages of this function, and what would you call them?",
        concept="splitting functions",
    ),
    Rule(
        find=_short_names,
        category="readability",
        weakness="variable_naming",
        severity="minor",
        nudge="If you came back to this code in a month, which names would still tell you what they hold?",
        remark="Several variables have names of one letter that say nothing of what they hold.",
        advice="Name each variable after what it holds.",
        trial="Cover the rest of the code and look at one line alone. If you cannot say what its "
        "variables hold, whoever reviews it cannot either, and a mistake in it is easy to miss.",
        question="What does this variable hold, and what name would say so?",
        concept="naming",
    ),
)
