"""The work of a run: which kinds of job, how many slots, what a job holds and what the model answers."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from aiplane.coaching.answers import HintAnswer, InterviewAnswer, ReviewAnswer
from aiplane.providers.llm.schema import schema_name, strict_schema
from aiplane.queues import KINDS, QUEUES, results_of
from tests.interop.payloads import KINDS as WIRE
from tests.support.answers import good_answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiplane.queues import Kind

Body = Literal["provider", "instant", "instant model"]
"""What a job's body does: ask the provider over HTTP; return a constant at once; or, for this project only,
all that the task does but for the call of the model."""

SCHEMAS = {
    "hint": schema_name(HintAnswer),
    "review": schema_name(ReviewAnswer),
    "interview": schema_name(InterviewAnswer),
}
"""The schema that a request for each kind names; the provider tells by it what to answer."""

CODE_FIELDS = {"hint": "currentCode", "review": "code", "interview": "currentCode"}
"""The field of a payload that holds code. A feeder adds the job's number to it: who remembers what was found
out about a code gains nothing from that here."""

_SHAPES = (HintAnswer, ReviewAnswer, InterviewAnswer)


@dataclass(frozen=True)
class Work:
    """Work that the contenders of a run are set up for.

    Attributes:
        slots: how many jobs of each kind may run at once; a kind that is absent is not served.
        body: what a job does.
    """

    slots: Mapping[Kind, int] = field(
        default_factory=lambda: {kind: QUEUES[kind].concurrency for kind in KINDS}
    )
    body: Body = "provider"

    def to_json(self) -> str:
        """Return what a rival's program needs to know of it."""
        kinds = [
            {
                "kind": kind,
                "queue": QUEUES[kind].name,
                "resultName": QUEUES[kind].result_name,
                "slots": slots,
                "schema": SCHEMAS.get(kind),
            }
            for kind, slots in self.slots.items()
        ]
        return json.dumps({"body": self.body, "kinds": kinds, "constant": CONSTANT})


def answers() -> dict[str, str]:
    """Return a flawless answer of the model to each schema, as JSON text."""
    return {schema_name(shape): _answer(strict_schema(shape)) for shape in _SHAPES}


def batch(kind: Kind, count: int) -> dict[str, Any]:
    """Return what a feeder is told to add: so many jobs of a kind."""
    spec = QUEUES[kind]
    return {
        "kind": kind,
        "queue": spec.name,
        "name": spec.job_name,
        "data": WIRE[kind].payload,
        "code": CODE_FIELDS.get(kind),
        "count": count,
    }


def result_queues(work: Work) -> list[str]:
    """Return the queues that the results come on."""
    return [results_of(QUEUES[kind].name) for kind in work.slots]


def _answer(schema: dict[str, Any]) -> str:
    return good_answer({"response_format": {"json_schema": {"schema": schema}}, "messages": []})


CONSTANT = json.loads(_answer(strict_schema(HintAnswer)))
"""What a body that returns at once returns."""
