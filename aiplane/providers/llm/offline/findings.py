"""Findings of the offline coach in code, each with its line and its words.

A rule is a pattern or a measurement, and fires at most once. It is right often enough to coach with, and no
more: patterns do not understand code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiplane.providers.llm.offline.patterns import (
    anywhere,
    first,
    function,
    in_a_loop,
    no_guard,
    pairs_with_itself,
    short_names,
    unchecked_input,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aiplane.code.rows import Source
    from aiplane.contracts import CodeWeakness, Severity


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


RULES: tuple[Rule, ...] = (
    Rule(
        find=anywhere(r"NotImplemented|\b(?:unimplemented|todo)!"),
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
        find=anywhere(r"<=\s*[\w.]*(?:len\(|\.?length\b|\.?size\(\))|range\(.*len\([^)]*\)\s*\+\s*1"),
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
        find=pairs_with_itself,
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
        find=first(lambda row: row.is_loop and (row.loops or len(re.findall(r"\bfor\b", row.text)) > 1)),
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
        find=in_a_loop(r"\.(?:index|indexOf|includes|count|lastIndexOf)\("),
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
        find=in_a_loop(r"\.(?:copy|clone|slice|to_vec|to_owned|concat)\(|\[:\]|\[\.\.\."),
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
        find=no_guard,
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
        find=unchecked_input,
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
        find=function(lambda function: function.nesting, 3),
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
        find=function(lambda function: function.complexity, 10),
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
        find=function(lambda function: function.length, 40),
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
        find=short_names,
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
