"""Recorded answers, played through the tasks as a model's are, and what came of each."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from aiplane.errors import JobError
from aiplane.providers.llm import Completion
from aiplane.queues import QUEUES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiplane.evals.recordings import Recording
    from aiplane.providers.llm import Prompt
    from aiplane.worker.application import Application

Outcome = Literal["accepted", "mended", "not mended", "repaired", "refused", "prompt holds", "prompt fails"]

_FENCE = re.compile(r"\[(\S+) begin")


class Replay:
    """A model that says again what was recorded, and its last answer from then on."""

    provider = "replay"

    def __init__(self, answers: Sequence[str]) -> None:
        self.prompts: list[Prompt] = []
        self._answers = answers or ("{}",)

    def complete(self, prompt: Prompt) -> Completion:
        """Answer with what was recorded, with the secrets of this prompt where they were repeated."""
        self.prompts.append(prompt)
        text = self._answers[min(len(self.prompts), len(self._answers)) - 1]
        system, user = (message.content for message in prompt.messages[:2])
        fence = _FENCE.search(user)
        text = text.replace("@CANARY@", system.split()[-1]).replace("@FENCE@", fence[1] if fence else "")
        return Completion(text, "replay", 0, 0)


@dataclass(frozen=True, slots=True)
class Played:
    """Outcome of a recording.

    Attributes:
        outcome: ``accepted`` at first; ``mended``, where that was to be, or not; ``repaired``: it went back,
            and then something went out; ``refused``.
        told: what went back or failed, in our words.
    """

    name: str
    recording: Recording
    outcome: Outcome
    told: str = ""

    @property
    def is_wrong(self) -> bool:
        """True if something else came of it than should."""
        return (
            self.is_wrongly_refused
            or self.is_wrongly_accepted
            or self.outcome in ("prompt fails", "not mended")
        )

    @property
    def is_wrongly_refused(self) -> bool:
        """True if a good answer did not pass as it was."""
        return self.outcome not in {
            "accept": ("accepted",),
            "mend": ("mended", "not mended"),
            "repair": ("repaired", "accepted"),
        }.get(self.recording.should, (self.outcome,))

    @property
    def is_wrongly_accepted(self) -> bool:
        """True if a bad answer went out, or one that is to go back went out at first."""
        least = {"refuse": ("refused",), "repair": ("refused", "repaired")}
        return self.outcome not in least.get(self.recording.should, (self.outcome,))


def play(name: str, recording: Recording, app: Application) -> Played:
    """Play one recording through its kind's task."""
    replay = Replay(recording.answers)
    app.providers.__dict__["llm"] = replay
    outcome: Outcome = "accepted"
    told = ""
    result: object = None
    try:
        result = app.tasks[QUEUES[recording.kind].task](recording.payload)
    except JobError as error:
        outcome, told = "refused", error.failed_reason
    if recording.should == "prompt":
        said = "\n".join(message.content for prompt in replay.prompts[:1] for message in prompt.messages)
        told = _differences(recording, said)
        return Played(name, recording, "prompt fails" if told else "prompt holds", told)
    if outcome == "accepted" and len(replay.prompts) > 1:
        outcome, told = "repaired", _faults_in(replay.prompts[1])
    elif outcome == "accepted" and recording.should == "mend":
        told = _differences(recording, json.dumps(result, ensure_ascii=False))
        outcome = "not mended" if told else "mended"
    return Played(name, recording, outcome, told)


def _differences(recording: Recording, said: str) -> str:
    """Look for what a text must say, and must not."""
    lacks = [phrase for phrase in recording.must if phrase not in said]
    has = [phrase for phrase in recording.must_not if phrase in said]
    return "; ".join([*(f"lacks {phrase!r}" for phrase in lacks), *(f"has {phrase!r}" for phrase in has)])


def _faults_in(prompt: Prompt) -> str:
    """Return what the second prompt tells the model to mend."""
    lines = prompt.messages[-1].content.rpartition("You answered before")[2].split("\n")
    return " ".join(line.removeprefix("- ") for line in lines if line.startswith("- "))


def markdown(played: Sequence[Played]) -> str:
    """Write what came of all recordings as one table, by kind."""
    kinds = ("all", "hint", "review", "interview")
    columns = [[each for each in played if kind in ("all", each.recording.kind)] for kind in kinds]
    rows = {
        "answers": lambda each: each.recording.should != "prompt",
        "accepted": lambda each: each.outcome == "accepted",
        "mended": lambda each: each.outcome == "mended",
        "repaired": lambda each: each.outcome == "repaired",
        "refused": lambda each: each.outcome == "refused",
        "wrongly refused": lambda each: each.is_wrongly_refused,
        "wrongly accepted": lambda each: each.is_wrongly_accepted,
        "not mended": lambda each: each.outcome == "not mended",
        "prompts that hold": lambda each: each.outcome == "prompt holds",
        "prompts that do not": lambda each: each.outcome == "prompt fails",
    }
    head = [f"| | {' | '.join(kinds)} |", f"|---|{'---|' * len(kinds)}"]
    body = [
        f"| {name} | {' | '.join(str(sum(map(holds, column))) for column in columns)} |"
        for name, holds in rows.items()
    ]
    return "\n".join([*head, *body])
