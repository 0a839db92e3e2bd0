"""Cost of prompts: ``python -m tests.support.prompt_cost [FOLDER]``. Figures for a person, not a test.

- Tokens of the prompts of ``evals/`` and ``examples/``, and of a folder of cases where one is named: JSON
  files with ``kind`` and ``payload``. Counted by o200k_base, the encoding of the gpt-4o and gpt-5 models,
  from the package ``bpe-openai``, whose wheel holds the vocabulary (``pip install bpe-openai``). Without the
  package a token is taken for 4.2 characters, and the output says so.
- What of them a provider's cache knows: the system message is the same for all jobs of a kind, and a reply of
  an interview begins as the one before it did.
- Time and memory of building the largest payloads that are allowed; they depend on the machine.
"""

from __future__ import annotations

import json
import sys
import time
import tracemalloc
from collections import defaultdict
from contextlib import suppress
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiplane.coaching.cases import HintCase, InterviewCase, ReviewCase
from aiplane.contracts import HintPayload, InterviewPayload, ReviewPayload
from aiplane.errors import LLMUnavailableError
from aiplane.evals.labels import read_labels
from tasks import hint, interview, review
from tasks.prompting import draw_fences, system_message, user_message
from tasks.sections import lay_out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aiplane.providers.llm import Prompt
    from aiplane.queues import Kind

CHARACTERS_A_TOKEN = 4.2
"""Of English prose and code by o200k, where nobody counts better."""

LONG_TURN = ("word \N{PILE OF POO} " * 3_000)[:20_000]
SHARED: dict[str, Any] = {
    "problemDescription": "p " * 60_000,
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


class Listening:
    """A model that keeps its prompt and answers nothing."""

    provider = "listening"
    prompt: Prompt

    def complete(self, prompt: Prompt) -> Any:
        self.prompt = prompt
        raise LLMUnavailableError("It only listens.")


def asked(kind: str, payload: dict[str, Any]) -> tuple[str, str]:
    """Return the two messages that a job's model is sent."""
    llm = Listening()
    ask: dict[str, Callable[[], object]] = {
        "hint": lambda: hint.write_hint(HintPayload.parse(payload), llm),
        "review": lambda: review.review(ReviewPayload.parse(payload), llm),
        "interview": lambda: interview.reply(InterviewPayload.parse(payload), llm),
    }
    with suppress(LLMUnavailableError):
        ask[kind]()
    system, user = llm.prompt.messages
    return system.content, user.content


def token_counter() -> tuple[str, Callable[[str], int]]:
    """Return the name of what counts, and how."""
    try:
        encoding = import_module("bpe_openai").get_encoding("o200k_base")
    except ImportError:
        return f"{CHARACTERS_A_TOKEN} characters a token", lambda text: round(len(text) / CHARACTERS_A_TOKEN)
    return "o200k_base", lambda text: len(encoding.encode(text))


def cases(folder: Path | None) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield the set, the kind and the payload of each case."""
    for label in read_labels(Path("evals")):
        yield "evals", label.kind, label.payload()
    for kind in ("hint", "review", "interview"):
        yield "examples", kind, json.loads(Path("examples", f"{kind}.json").read_text("utf-8"))
    for file in sorted(folder.glob("*.json")) if folder else ():
        case = json.loads(file.read_text("utf-8"))
        yield folder.name if folder else "", case["kind"], case["payload"]


def show_tokens(folder: Path | None) -> None:
    name, count = token_counter()
    rows: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for group, kind, payload in cases(folder):
        system, user = asked(kind, payload)
        rows[group, kind].append((count(system), count(user)))
    print(f"tokens ({name}): prompts, system message, user message on average, all together")
    for (group, kind), prompts in rows.items():
        mine = [user for _, user in prompts]
        total = sum(map(sum, prompts))
        print(f"{group} {kind}: {len(prompts)}, {prompts[0][0]}, {sum(mine) / len(mine):.0f}, {total:,}")


def show_shared_prefix() -> None:
    """Show how much of a reply's prompt begins as the one before it did, over an interview of 40 turns."""
    name, count = token_counter()
    payload = json.loads(Path("examples", "interview.json").read_text("utf-8"))
    turns = payload["conversationHistory"] * 10
    prompts = []
    for said in range(4, 41, 4):
        talk = {**payload, "conversationHistory": turns[:said], "currentCode": f"x = {said}\n"}
        prompts.append("".join(asked("interview", talk)))
    shared = whole = 0
    for before, after in pairwise(prompts):
        same = next((at for at, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), len(before))
        shared, whole = shared + count(after[:same]), whole + count(after)
    print(f"shared with the reply before ({name}): {shared:,} of {whole:,} tokens, {shared / whole:.0%}")


def build_hint() -> str:
    sheet = lay_out(hint._shown(HINT))
    return _written(
        "hint", user_message(sheet, hint._facts(HintCase(HINT, None, "start")), draw_fences(sheet))
    )


def build_review() -> str:
    sheet = lay_out(review._shown(REVIEW))
    facts = review._facts(ReviewCase(REVIEW, REVIEW.rubric, None, sheet.lines_shown))
    return _written("review", user_message(sheet, facts, draw_fences(sheet)))


def build_interview() -> str:
    sheet = lay_out(interview._shown(INTERVIEW))
    facts = interview._facts(InterviewCase(INTERVIEW, "easy", ("hint",), None, None, 90))
    return _written("interview", user_message(sheet, facts, draw_fences(sheet)))


def _written(kind: Kind, user: str) -> str:
    return system_message(kind) + user


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


if __name__ == "__main__":
    show_tokens(Path(sys.argv[1]) if sys.argv[1:] else None)
    show_shared_prefix()
    for name, build in (("hint", build_hint), ("review", build_review), ("interview", build_interview)):
        print(f"largest {name}: {cost(build)}")
