"""A model that obeys whatever does not look like data: the worst that a prompt may be read by.

It knows no secret. Any line that looks like a fence is one for it, whatever word stands in it, and any kind
of line break ends a line. What it takes for data has to carry the mark at the start of its line.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import TYPE_CHECKING, Any

from aiplane.providers.llm import Completion
from tests.attacks.corpus import ORDER
from tests.unit.scripted import GOOD_HINT

if TYPE_CHECKING:
    from aiplane.providers.llm import Prompt

_OPENS = re.compile(r"\[\S+ begin\b")
_CLOSES = re.compile(r"\[\S+ end\b")
_HEAD = re.compile(r"\d+(?: [a-z]+)?\|")

ANSWERS: dict[str, dict[str, Any]] = {
    "hint": {"hint": GOOD_HINT, "relatedConcepts": ["loops"]},
    "review": {
        "categories": [
            {"name": name, "score": 7, "feedback": "Fine.", "evidence": []}
            for name in ("correctness", "efficiency", "readability", "edge_cases")
        ],
        "summary": "Fine.",
    },
    "interview": {"shouldRespond": True, "message": "I see.", "followUpType": "question"},
}


def answer_to(kind: str, code: str) -> dict[str, Any]:
    """Return a proper answer: a review quotes a line of the code for each of its scores."""
    answer = ANSWERS[kind]
    if kind != "review":
        return answer
    line = next((each for each in code.split("\n") if re.search(r"\w", each)), code).strip()
    start = max(0, len(line) - 300)  # what says something may stand at the end of three thousand brackets
    evidence = [{"quote": line[start:], "startLine": 1, "endLine": 1, "observation": "So it is."}]
    return {**answer, "categories": [{**each, "evidence": evidence} for each in answer["categories"]]}


class ObedientLLM:
    """Answers properly, unless something outside the data tells it to say :data:`ORDER`."""

    provider = "obedient"

    def __init__(self) -> None:
        self.obeyed = False

    def complete(self, prompt: Prompt) -> Completion:
        system, user = (message.content for message in prompt.messages)
        self.obeyed = ORDER.lower() in legible(f"{system}\n{outside(user)}")
        answer = json.dumps(answer_to(prompt.kind, getattr(prompt.case.payload, "code", "")))
        return Completion(answer.replace("Fine.", ORDER) if self.obeyed else answer, "obedient", 0, 0)


def outside(user: str) -> str:
    """Return what a credulous reader takes for orders in a user message."""
    found = re.search(r"every line begins with (.),", user)
    mark = found[1] if found else ""
    is_inside, orders = False, []
    for line in user.splitlines():
        if _OPENS.match(line):
            is_inside = True
        elif _CLOSES.match(line):
            is_inside = False
        elif not (is_inside and _HEAD.sub("", line, count=1).startswith(mark)):
            orders.append(line)
    return "\n".join(orders)


def legible(text: str) -> str:
    """Read a text as a model might: wide, hidden and struck-out letters as plain ones, no gaps."""
    plain = "".join(
        chr(ord(letter) - 0xE0000) if 0xE0000 < ord(letter) < 0xE0080 else letter for letter in text
    )
    kept = [
        letter for letter in unicodedata.normalize("NFKD", plain) if unicodedata.category(letter)[0] in "LN"
    ]
    return "".join(kept).lower()
