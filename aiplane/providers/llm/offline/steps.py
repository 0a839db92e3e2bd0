"""Next steps that the offline coach can tell a candidate: each in three strengths, and how to try it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiplane.contracts import HintLevel
    from aiplane.providers.llm.offline.findings import Finding
    from aiplane.providers.llm.offline.topics import Topic


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do next.

    Attributes:
        gentle, moderate, direct: the step in three strengths.
        trial: how to try it on an example, and what is to be seen then.
        reflection: the question that goes with it.
        concepts: what to read up on.
        approach: the strategy on its own, where ``moderate`` is more than that.
    """

    gentle: str
    moderate: str
    direct: str
    trial: str
    reflection: str
    concepts: tuple[str, ...]
    approach: str = ""

    def at(self, level: HintLevel) -> str:
        """Return the words for a level."""
        words: Mapping[HintLevel, str] = {
            "gentle": self.gentle,
            "moderate": self.moderate,
            "direct": self.direct,
        }
        return words[level]


BEGIN = Step(
    gentle="Begin with the first example of the problem. Which values lead to which result, and why? "
    "Solve it by hand, as slowly as you can.",
    moderate="Begin with the first example of the problem, on paper. Note each value that you look at, in "
    "order, and what you had to remember to get to the result.",
    direct="Write the simplest program that could be right, even a slow one: try every possibility, and give "
    "back the first that fits. It can become faster once it works.",
    trial="Then change one value of the example and solve it again. What you did in the same way both times "
    "is what the program has to do; what was different shows you its cases.",
    reflection="What did you have to remember while you solved the example by hand?",
    concepts=("worked examples",),
)
TRACE = Step(
    gentle="Choose the smallest input for which you do not trust your program, and be the computer: what "
    "does each line do to each variable?",
    moderate="Trace your code by hand with the smallest input that you do not trust. Write a table with one "
    "column for each variable and one row for each round of a loop.",
    direct="Print the variables at the start of each round for the smallest input that you do not trust, and "
    "compare them with what you expect. The fault is just before the first difference.",
    trial="Stop at the first value that surprises you. Everything before it was right, so the line that made "
    "this value is the one to look at, and no other line has to change yet.",
    reflection="What is the first moment at which the program does something that you did not expect?",
    concepts=("debugging", "tracing by hand"),
)
FAILING_KINDS = Step(
    gentle="Some inputs work and some do not. What do the ones that do not work have in common, and what is "
    "different about the ones that do?",
    moderate="Put the failing cases into kinds: empty, one element, repeated values, negative values, very "
    "large ones. Find out which kind fails before you change a line.",
    direct="Try four inputs by hand: an empty one, one with a single element, one where all values are the "
    "same, and one with the extreme values that the problem allows. Mend the first that is wrong.",
    trial="Write the expected result beside each input before you run it. If one kind is wrong and its "
    "neighbour is right, the line that treats the two differently, or should, is where to look.",
    reflection="Which kind of input did you not think of when you wrote the code?",
    concepts=("edge cases", "test design"),
)
BREAKING = Step(
    gentle="Some tests do not come to a result at all. Which input could make your program stop with an "
    "error, or go on for too long?",
    moderate="Find the input that makes your program break off. An error points at a position that does not "
    "exist or at a value that is missing; a time-out at a loop without an end, or at the cost.",
    direct="Run the smallest inputs one after the other, then the largest that the problem allows, and read "
    "the message of the first that breaks off: it names a line. Check the values of that line.",
    trial="If small inputs work and large ones do not, the cost is the cause. If a small one breaks off, "
    "follow it by hand to the line where it stops, and ask which value is not what that line needs.",
    reflection="What is the smallest input for which your program does not come to a result?",
    concepts=("debugging", "error messages"),
)
UNUSUAL = Step(
    gentle="The tests try what somebody thought of. Which input would you send if you wanted to break your "
    "own program, and what should it do then?",
    moderate="Go through the unusual inputs, one kind after the other: nothing at all, a single element, all "
    "the same, the largest allowed. Say for each what should come out.",
    direct="Add three tests of your own: one with nothing in it, one with a single element, and one with the "
    "largest values that the problem allows. Run them and look at each result.",
    trial="Compare each answer with the text of the problem. Where the text says nothing about such an "
    "input, that is worth a question to whoever set the problem, and a line of comment in your code.",
    reflection="Which input came closest to breaking your program?",
    concepts=("edge cases", "test design"),
)
COST = Step(
    gentle="If the input were a thousand times longer, which line of your code would you begin to worry "
    "about, and why that one?",
    moderate="Look at what it costs: say for each loop how often it runs, and multiply where loops stand "
    "inside each other. Calls of the library that walk through everything are loops, too.",
    direct="Write the cost of each line beside it, and find the one that dominates. Then ask whether "
    "something that you remember from earlier rounds could replace that work.",
    trial="Put the largest size that the problem allows into what you found. Some hundred million steps take "
    "about a second in a fast language, and a hundred times as long in a slow one.",
    reflection="What are the time and the space that your solution needs?",
    concepts=("time complexity", "space complexity"),
)
SMALLEST = Step(
    gentle="Make the problem so small that you can see the answer at once. What has to change when you add "
    "one more element to it?",
    moderate="Solve the problem for one element, then for two, then for three. Note what each answer takes "
    "from the one before it: your program has to keep just that.",
    direct="Write down the answer for one element and for two. Then write the line of code that gets the "
    "second answer from the first, and put it into your loop.",
    trial="Do it with values that are easy to tell apart, such as 1, 20 and 300. Then you can see in each "
    "answer which of them went into it, and which were left out.",
    reflection="What does one more element change?",
    concepts=("problem decomposition",),
)
TRUTHS = Step(
    gentle="Stop in the middle of your loop in your mind. What do you know for sure at that moment, whatever "
    "the input was?",
    moderate="Find one statement about your variables that is true before every round of your loop. If a "
    "line breaks it, that is the line to look at.",
    direct="Write one comment above your loop that is true before each round. Then read the body line by "
    "line, and mend the first line that makes the comment false.",
    trial="Check the statement three times: before the first round, after one round, and when the loop is "
    "over. At the end it should say that the result is right; if it does not, it says too little.",
    reflection="Which statement stays true in every round?",
    concepts=("invariants",),
)
NAMES = Step(
    gentle="Read your code aloud as a story about the data. At which word would somebody who listens stop "
    "you and ask what it is?",
    moderate="Give each variable the name of what it holds, not of its type. A name that is hard to find is "
    "a sign that the variable does two jobs.",
    direct="Take the variable whose name says the least and rename it after what it holds. If that needs an "
    "`and`, make two variables out of it.",
    trial="Read the lines that use it once more with the new name in place. A line that sounds wrong now was "
    "hard to check before, and may well be wrong.",
    reflection="Which name was the hardest to find?",
    concepts=("naming",),
)
REREAD = Step(
    gentle="Go back to the text of the problem and read it as if it were new. Which sentence have you not "
    "used yet in your code?",
    moderate="Compare the problem with your code, sentence by sentence. Each promise and each limit in the "
    "text has a place in the code, or a reason why it needs none.",
    direct="Mark every limit and every promise in the problem's text. Then point at the line of your code "
    "that deals with it; write the first line that is missing.",
    trial="Look for small words such as each, distinct, in order, at most and exactly. For each of them, "
    "make up an input that would be answered in another way if the word were not there.",
    reflection="Which sentence of the problem has no line in your code?",
    concepts=("reading requirements",),
)
EXPLAIN = Step(
    gentle="Explain your solution aloud as if to a friend. At which part of the code do you begin to "
    "hesitate, or to say that it somehow works?",
    moderate="Explain your solution aloud, one sentence for each part of the code. The part that needs two "
    "sentences is the one to work on.",
    direct="Write one comment above each part of your code that says what is true when the part is done. "
    "Where you cannot write that comment, the code is not finished.",
    trial="Then take the example of the problem and check each sentence against it. A sentence that is wrong "
    "for the example shows the part of the code that does something else than you meant.",
    reflection="Which part of your solution is the hardest to explain?",
    concepts=("explaining code",),
)
ANYTIME: tuple[Step, ...] = (TRACE, SMALLEST, REREAD, TRUTHS, COST, UNUSUAL, NAMES, EXPLAIN)
"""Steps that help whatever is in the way, the more telling ones first."""


def family_step(topic: Topic) -> Step:
    """Make a step of what is known about a problem's family."""
    known = "By its words, this problem is one of a known family. " if topic.words else ""
    thought, idea, step = (f"{known}{text}" for text in (topic.thought, topic.idea, topic.step))
    return Step(thought, idea, step, topic.trial, topic.question, topic.concepts, topic.idea)


def finding_step(finding: Finding) -> Step:
    """Make a step of something that was found in the code."""
    rule = finding.rule
    return Step(
        gentle=f"One of its rules found something in your code. {rule.nudge}",
        moderate=f"One of its rules found something: look at {finding.place}. {rule.remark}",
        direct=f"One of its rules found something: look at {finding.place}. {rule.remark} {rule.advice}",
        trial=rule.trial,
        reflection=rule.question,
        concepts=(rule.concept,),
        approach=rule.remark,
    )


def syntax_step(line: int) -> Step:
    """Make a step of a line that a parser is unsure about."""
    return Step(
        gentle="A parser is unsure about the form of your code, so it may not run yet. Is there a sign that "
        "was opened and never closed, or left out at the end of a line?",
        moderate=f"A parser is unsure at line {line}. Read that line and the one before it, sign by sign: "
        "each bracket, quote and block that opens has to close.",
        direct=f"Go to line {line}. Count the brackets and quotes in it and in the line before it. If one is "
        "missing, write it in and run the code again.",
        trial="If you find nothing there, comment that line out and run the code once more: a message that "
        "moves to another line shows that the fault stands further up; one that goes away, that it was here.",
        reflection="What did the language expect to find at that place?",
        concepts=("syntax",),
    )
