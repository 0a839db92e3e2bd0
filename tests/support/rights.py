"""The least rights, as the operations guide writes them down to be pasted."""

from __future__ import annotations

import re

from tests.support.processes import REPOSITORY


def rule(*, database: int = 0, password: str = "hunter2") -> list[str]:
    """Return the words of the rule for a Redis user, behind ``ACL SETUSER <name>``."""
    text = (REPOSITORY / "docs" / "operations.md").read_text()
    (block,) = re.findall(r"^ACL SETUSER aiplane (.*?)\n```", text, re.DOTALL | re.MULTILINE)
    words = block.replace("\\\n", " ").replace("PASSWORD", password).replace("/0.", f"/{database}.")
    return words.split()


def can_go(word: str) -> bool:
    """Return whether the guide says that a right is not needed."""
    return word == "+info" or word.startswith("+client|")
