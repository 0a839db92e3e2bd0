"""A model that says what a test tells it to, and keeps what it was asked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from aiplane.llm import Completion

if TYPE_CHECKING:
    from aiplane.llm import Prompt


class ScriptedLLM:
    """Answers every prompt with the same object."""

    provider = "scripted"

    def __init__(self, answer: dict[str, Any]) -> None:
        self.answer = answer
        self.prompts: list[Prompt] = []

    def complete(self, prompt: Prompt) -> Completion:
        self.prompts.append(prompt)
        return Completion(json.dumps(self.answer), "scripted", 0, 0)

    @property
    def system(self) -> str:
        return self.prompts[-1].messages[0].content

    @property
    def user(self) -> str:
        return self.prompts[-1].messages[1].content
