"""Recorded answers: what a model wrote to a payload, and what should become of it."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from aiplane.evals.labels import EvalKind, LabelError
from aiplane.evals.toml_text import toml_text

if TYPE_CHECKING:
    from pathlib import Path

Should = Literal["accept", "mend", "repair", "refuse", "prompt", "unlabelled"]


class Recording(BaseModel):
    """One payload, and what a model answered to it.

    Attributes:
        should: ``accept``: pass as it is, at first; ``mend``: pass at first, without what is wrong with it;
            ``repair``: go back once, for what should not be; ``refuse``: reach no candidate; ``prompt``: not
            about an answer, but about what the prompt says; ``unlabelled``: nobody has judged it yet.
        why: what makes it one of these.
        written_by: the model, or who wrote it in a model's place.
        answers: what it wrote, and what it wrote when that went back. ``@CANARY@`` and ``@FENCE@`` stand for
            the secrets of a prompt.
        must, must_not: what the prompt, or the result that is mended, has to say, and what it may not.
        payload: as a control plane would send it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: EvalKind
    should: Should
    why: str = ""
    written_by: str = ""
    answers: tuple[str, ...] = ()
    must: tuple[str, ...] = ()
    must_not: tuple[str, ...] = ()
    payload: dict[str, Any]


def read_recordings(folder: Path) -> dict[str, Recording]:
    """Read every recording of a folder, by the name of its file.

    Raises:
        LabelError: there is none, or a file is not what it should be.
    """
    found = {file.stem: _read(file) for file in sorted(folder.glob("*.toml"))}
    if not found:
        raise LabelError(f"there are no recorded answers in {folder}")
    return found


def write_recording(folder: Path, name: str, recording: Recording) -> None:
    """Write a recording to the file of its name, for a person to judge and to label."""
    folder.mkdir(parents=True, exist_ok=True)
    data = recording.model_dump(exclude_defaults=True)
    (folder / f"{name}.toml").write_text(toml_text(data), "utf-8")


def _read(file: Path) -> Recording:
    try:
        recording = Recording.model_validate(tomllib.loads(file.read_text("utf-8")))
    except (ValidationError, ValueError) as error:
        raise LabelError(f"{file} is not a recorded answer: {error}") from error
    if not recording.answers and recording.should != "prompt":
        raise LabelError(f"{file} has no answer")
    return recording
