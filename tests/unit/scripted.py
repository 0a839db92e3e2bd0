"""A model that says what a test tells it to, and keeps what it was asked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from aiplane.providers.llm import Completion

if TYPE_CHECKING:
    from aiplane.providers.llm import Prompt

GOOD_HINT = " ".join(
    f"Look at part {number} of your code and say in plain words what it does to the data."
    for number in range(6)
)
"""A hint that keeps every rule: 102 words, no code, no technique."""


class ScriptedLLM:
    """Answers with one object after the other, and with the last one from then on.

    An answer is an object to write as JSON, a text to send as it is, or an error to raise.
    """

    provider = "scripted"

    def __init__(self, *answers: dict[str, Any] | str | Exception) -> None:
        self.answers = answers
        self.prompts: list[Prompt] = []

    def complete(self, prompt: Prompt) -> Completion:
        self.prompts.append(prompt)
        answer = self.answers[min(len(self.prompts), len(self.answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return Completion(answer if isinstance(answer, str) else json.dumps(answer), "scripted", 0, 0)

    @property
    def system(self) -> str:
        return self.prompts[-1].messages[0].content

    @property
    def sent_back(self) -> str:
        """The faults that an answer went back with, a line each; nothing where none did."""
        if len(self.prompts) < 2:
            return ""
        return self.user.rpartition("that answer is not used yet:\n")[2].rpartition("\n")[0]

    @property
    def user(self) -> str:
        return self.prompts[-1].messages[1].content
