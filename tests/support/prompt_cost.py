"""What building the largest prompts costs, and the marks: ``python -m tests.support.prompt_cost``.

Figures for a person, not a test: times depend on the machine.
"""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiplane.contracts import HintPayload, InterviewPayload, ReviewPayload
from aiplane.evals.labels import read_labels
from aiplane.llm.cases import HintCase, InterviewCase, ReviewCase
from tasks import hint, interview, review
from tasks.prompting import Fences, draw_fences, lay_out, system_message, user_message

if TYPE_CHECKING:
    from collections.abc import Callable

LONG_TURN = ("word \N{PILE OF POO} " * 3_000)[:20_000]
SHARED: dict[str, Any] = {
    "problemDescription": "p " * 25_000,
    "language": "python",
    "historicalWeaknesses": [{"category": "c" * 200, "description": "d" * 2_000}] * 500,
}
TALK: dict[str, Any] = {
    "currentCode": "x\n" * 100_000,
    "conversationHistory": [{"role": "user", "content": LONG_TURN}] * 500,
}
HINT = HintPayload.parse({**SHARED, **TALK, "hintLevel": "gentle", "previousHints": [LONG_TURN] * 500})
REVIEW = ReviewPayload.parse({**SHARED, "code": "x\n" * 100_000, "rubric": ["r" * 500] * 50})
INTERVIEW = InterviewPayload.parse(
    {**SHARED, **TALK, "recentHints": [{"hint": LONG_TURN}] * 500, "userMessage": LONG_TURN}
)


def build_hint() -> str:
    sheet = lay_out(hint._shown(HINT))
    facts = hint._facts(HintCase(HINT, None, "start"))
    return system_message("hint") + user_message(sheet, facts, draw_fences(sheet))


def build_review() -> str:
    sheet = lay_out(review._shown(REVIEW))
    facts = review._facts(ReviewCase(REVIEW, REVIEW.rubric, None, sheet.lines_shown))
    return system_message("review") + user_message(sheet, facts, draw_fences(sheet))


def build_interview() -> str:
    sheet = lay_out(interview._shown(INTERVIEW))
    facts = interview._facts(InterviewCase(INTERVIEW, "easy", ("hint",), None, None, 90))
    return system_message("interview") + user_message(sheet, facts, draw_fences(sheet))


def cost(build: Callable[[], str]) -> str:
    """Measure the time of a build and, in another one, its memory."""
    started, cpu = time.perf_counter(), time.process_time()
    prompt = build()
    took, worked = time.perf_counter() - started, time.process_time() - cpu
    tracemalloc.start()
    build()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return (
        f"{took * 1e3:.0f} ms ({worked * 1e3:.0f} ms of CPU), {peak / 1e6:.1f} MB, {len(prompt):,} characters"
    )


def marked_share(mark: str) -> tuple[int, int]:
    """Return the characters of the review prompts of ``evals/`` without marks and with them."""
    bare = marked = 0
    for label in read_labels(Path("evals")):
        if label.kind == "review":
            sheet = lay_out(review._shown(ReviewPayload.parse(label.payload())))
            prompt = user_message(sheet, ["fact"], Fences("0" * 16, mark))
            marked += len(prompt)
            bare += len(prompt.replace(f"\n{mark}", "\n").replace(f" | {mark}", " | "))
    return bare, marked


if __name__ == "__main__":
    for name, build in (("hint", build_hint), ("review", build_review), ("interview", build_interview)):
        print(f"{name}: {cost(build)}")
    bare, marked = marked_share("★")
    print(f"marks: {bare:,} characters become {marked:,} (+{marked / bare - 1:.1%})")
