"""Families of problems that the offline coach knows, found by words in a problem's description."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LONGEST_LOOK = 5_000
"""Characters of a description that are read; what the problem is about stands at its beginning."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A family of problems that one idea solves.

    Attributes:
        words: a pattern of the words that give the family away.
        thought: what makes a candidate find the idea, without naming it.
        idea: the idea.
        step: what to do first, in words.
        trial: how to try the idea on an example; it does not name it.
        question: what an interviewer would ask about it.
        concepts: what to read up on, the most general one first.
    """

    words: str
    thought: str
    idea: str
    step: str
    trial: str
    question: str
    concepts: tuple[str, ...]


TOPICS: tuple[Topic, ...] = (
    Topic(
        words=r"linked list|listnode",
        thought="Draw three nodes and their arrows on paper. Which arrow do you lose when you change "
        "another, and how could you still reach what it pointed at?",
        idea="Walk with two references: one on the node in hand, one on the node before it.",
        step="Before you change an arrow, keep the node that it pointed at; then change it, then move on.",
        trial="Cross out each arrow as you change it and draw the new one. If at some point nobody can "
        "reach a node any more, go back one move and see what had to be noted first.",
        question="Which references do you need to keep while you change the list?",
        concepts=("linked lists", "two pointers"),
    ),
    Topic(
        words=r"binary tree|\btree\b|\broot\b|\bleaf\b",
        thought="Suppose that both subtrees had already answered for themselves. What would be left for "
        "the node to do with their two answers?",
        idea="Let a function answer for one node from the answers of its two subtrees.",
        step="Write the case of the missing node first; then ask both children, and combine what they say.",
        trial="Try it on a node without children first, then on one with a single child. Both answers "
        "have to come out right before a larger tree is worth a look, and most faults show here.",
        question="What does one node need to know from its subtrees?",
        concepts=("recursion", "trees", "depth-first search"),
    ),
    Topic(
        words=r"\binterval|\bmeeting|\boverlap|\bschedule",
        thought="Draw the intervals as strokes on one line. In which order would you like to meet them, "
        "so that each has to be held against few others?",
        idea="Sort by the start; then each interval only has to be compared with the one before it.",
        step="Sort by start, keep the last interval you accepted, and compare each next start with its end.",
        trial="Draw two that touch, two that overlap, and one inside another. Say for each pair what "
        "should come out, and follow your drawing from left to right to see whether your plan "
        "says so too.",
        question="In which order do you look at the intervals, and why is that enough?",
        concepts=("sorting", "intervals"),
    ),
    Topic(
        words=r"\bgraph|\bgrid\b|\bisland|\bmaze\b|shortest path|\bnodes?\b.*\bedges?\b",
        thought="From one place, where can you get in one step? And how do you notice that you have been "
        "somewhere already?",
        idea="Visit places in rounds from the start, and mark each one when you first reach it.",
        step="Put the start into a queue and mark it; take places out in turn and add unmarked neighbours.",
        trial="Draw a case of three by three and number the places in the order in which you reach "
        "them. A place with two numbers was reached twice, and that is what makes a program slow "
        "or endless.",
        question="How do you make sure that no place is visited twice?",
        concepts=("graphs", "breadth-first search"),
    ),
    Topic(
        words=r"parenthes|\bbracket|next greater|\bundo\b",
        thought="Of all that you have seen and not finished, which do you need first when something "
        "closes? And what happens to the others meanwhile?",
        idea="Remember what is open in a stack: the latest opened is the first to close.",
        step="Push what opens; when something closes, take the top off and compare the two.",
        trial="Go through one case that is right and one that is almost right, sign by sign, and write "
        "down what is still open after each. Look at what is left at the end, too: it tells the "
        "two apart.",
        question="What should be left over at the end, and what if it is not?",
        concepts=("stacks",),
    ),
    Topic(
        words=r"\bk-?th\b|\bk (?:largest|smallest|closest|most)|\btop k\b|\bmedian\b",
        thought="Do you need everything in order, or only the few at one end? What is the least that you "
        "have to know about the others?",
        idea="Keep only the best few in a heap, and let each new element compete with the worst of them.",
        step="Fill a heap with the first few; for each further element, push it and drop the worst.",
        trial="Take seven numbers and find the third largest by hand, looking at each number once. Note "
        "which numbers you had to remember at each moment, and which you could forget at once.",
        question="What does keeping everything in order cost, compared with keeping only a few?",
        concepts=("heaps", "sorting"),
    ),
    Topic(
        words=r"permutation|combination|\bsubsets?\b|all possible|\bsudoku\b",
        thought="How would you list them all by hand without forgetting one? Which choice do you make "
        "first, and what is left to choose after it?",
        idea="Make one choice, solve the smaller problem that is left, and take the choice back.",
        step="Write a function that extends a partial answer by each choice and undoes it afterwards.",
        trial="Write the list for three elements in the order in which you find it. Where two "
        "neighbours in the list differ in one place only, a choice was taken back there and "
        "another one was made.",
        question="How many answers are there, and which partial answers can you give up early?",
        concepts=("recursion", "backtracking"),
    ),
    Topic(
        words=r"\bsubstring|\bsubarray|\bconsecutive|\bcontiguous|\bwindow\b",
        thought="When you move one step to the right, how much of what you knew is still true? Which of "
        "it do you work out again for nothing?",
        idea="Keep a window with two ends, and move one end at a time as the condition demands.",
        step="Move the right end each round; while the condition is broken, move the left end.",
        trial="Put two fingers on the example, one at each end of the part that you look at, and move "
        "one at a time. Write down when each finger moves: if one never goes back, much work can "
        "be saved.",
        question="When may the left end move, and can it ever need to move back?",
        concepts=("sliding windows", "two pointers"),
    ),
    Topic(
        words=r"number of (?:distinct )?ways|minimum (?:cost|number)|maximum (?:profit|sum)|\bclimb|\bcoin"
        r"|longest (?:common|increasing)",
        thought="If somebody told you the answers for all smaller inputs, how would you get the next one "
        "from them? How many of them would you need?",
        idea="Build the answer for each size from the answers for smaller ones, and keep those.",
        step="Write down the smallest answer; then one line that gets each next answer from earlier ones.",
        trial="Write the answers for the sizes 0, 1, 2, 3 and 4 in a row, by hand. Then look how each "
        "follows from the ones before it, and check that rule on the size 5 before you write any "
        "code.",
        question="Which smaller answers does one answer depend on?",
        concepts=("recursion", "dynamic programming"),
    ),
    Topic(
        words=r"\bpairs?\b|two (?:numbers|sum)|add up|duplicate|frequen|anagram|majority|\bunique\b|\bcount",
        thought="For one element, what would you like to have remembered from the elements before it? "
        "What would that spare you?",
        idea="Walk through the input once and keep what you have seen in a hash map.",
        step="For each element, first look up what it needs in the map; only then put the element in.",
        trial="Go through the example once with a finger and say at each element what you would have to "
        "know about the earlier ones. If you must look back to find it, that is the work that "
        "costs the time.",
        question="What do you remember while you walk through the input, and what does a lookup cost?",
        concepts=("hash maps", "single-pass algorithms"),
    ),
    Topic(
        words=r"\bsorted\b|\bascending\b|\bsearch\b",
        thought="You know that the input is in order. How much can one look at its middle rule out, and "
        "on which side?",
        idea="Use the order: one comparison can rule out half of what is left.",
        step="Keep the two ends of what is left, look at the middle, and move the end that cannot be right.",
        trial="Write down eight numbers in order and look for one of them, then for one that is "
        "missing. Note after each look which part is left; two parts in a row of the same size "
        "show a fault.",
        question="Which part of the input does one comparison rule out?",
        concepts=("binary search", "two pointers"),
    ),
)

ANY_PROBLEM = Topic(
    words="",
    thought="Solve the smallest example by hand, slowly. Which moves did you make more than once, and what "
    "told you that you were done?",
    idea="Turn what you do by hand into steps: what you look at, what you keep, when you are done.",
    step="Write one comment for each step that you took by hand, and then the code below each comment.",
    trial="Then solve a second example in just the same way. Where you had to do something else than before, "
    "there is a case of its own, and the program has to tell it from the others by a condition.",
    question="How would you solve a small example by hand?",
    concepts=("problem decomposition",),
)


def topic_of(problem: str) -> Topic:
    """Find the family of a problem; :data:`ANY_PROBLEM` where no word gives one away."""
    text = problem[:_LONGEST_LOOK].lower()
    return next((topic for topic in TOPICS if re.search(topic.words, text)), ANY_PROBLEM)
