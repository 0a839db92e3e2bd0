"""The hint task: one next step for a candidate who is stuck, at the level that was asked for.

What a model wrote is held to its level before anyone sees it: gentle and moderate hints hold no code, a
direct one three lines at most, and none a whole function (:mod:`tasks.spoilers`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiplane.app import app
from aiplane.code_metrics import measure
from aiplane.contracts import HintPayload, HintResult
from aiplane.llm.answers import HintAnswer
from aiplane.llm.cases import HintCase
from aiplane.queues import QUEUES
from tasks import exhibits
from tasks.prompting import ask
from tasks.spoilers import check_code

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiplane.llm import LLM
    from tasks.prompting import Exhibit


@app.task(name=QUEUES["hint"].task)
def generate_hint(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Write the hint that a job asks for: its payload in, its result out, both as on the wire.

    Raises:
        JobError: one of its leaves.
    """
    return write_hint(HintPayload.parse(payload), app.providers.llm).to_wire()


def write_hint(payload: HintPayload, llm: LLM) -> HintResult:
    """Ask the model for a hint and check it.

    Raises:
        LLMError: the call failed, or the answer holds more code than the level allows.
    """
    case = HintCase(payload, measure(payload.current_code, payload.language))
    answer = ask(llm, "hint", HintAnswer, case, exhibits=_shown(payload), facts=_facts(case))
    check_code(
        payload.hint_level,
        (answer.hint, answer.suggested_approach, answer.reflection_prompt, *answer.related_concepts),
    )
    return HintResult(
        hint=answer.hint,
        hint_level=payload.hint_level,
        suggested_approach=answer.suggested_approach,
        related_concepts=tuple(answer.related_concepts),
        reflection_prompt=answer.reflection_prompt,
    )


def _shown(payload: HintPayload) -> list[Exhibit]:
    return [
        exhibits.problem(payload.problem_description),
        exhibits.code(payload.current_code),
        exhibits.language(payload.language),
        exhibits.conversation(payload.conversation_history),
        exhibits.hints(payload.hints_so_far),
        exhibits.words("the candidate's answer to the latest hint", payload.reflection_response),
        exhibits.weaknesses(payload.historical_weaknesses),
    ]


def _facts(case: HintCase) -> list[str]:
    payload = case.payload
    written = [] if payload.current_code.strip() else ["Nothing is written yet."]
    return [
        *written,
        *exhibits.measurements(payload.language, case.metrics),
        *exhibits.execution(payload.execution),
        f"Hints given so far: {len(payload.hints_so_far)}.",
        *exhibits.response_language(payload.response_language),
        f"Write the next hint at the level {payload.hint_level}.",
    ]
