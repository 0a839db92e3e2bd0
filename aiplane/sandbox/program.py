"""The other side of :mod:`aiplane.sandbox.pool`: a program that answers questions, confined, one a line.

Only for the programs themselves, which import as little as they can: each is a process of its own.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from aiplane.sandbox.seccomp import confine, limit_cpu

if TYPE_CHECKING:
    from collections.abc import Callable

CPU_SECONDS = 10
"""For one answer: far more than whoever asks waits."""


def answer_questions(answer: Callable[..., dict[str, Any]]) -> None:
    """Answer until there are no more questions.

    Args:
        answer: is given a question's fields as its arguments, and returns an object of JSON. Whatever it
            needs has to be loaded before.
    """
    confine()
    for line in sys.stdin.buffer:
        limit_cpu(CPU_SECONDS)
        sys.stdout.write(json.dumps(answer(**json.loads(line))) + "\n")
        sys.stdout.flush()
