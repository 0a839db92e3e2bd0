"""A job that has ended holds nothing of its payload, with no garbage collector's help."""

from __future__ import annotations

import base64
import gc
import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from aiplane.app import app
from aiplane.contracts import Payload
from aiplane.errors import LLMAuthError, LLMTimeoutError
from aiplane.queues import QUEUES
from tests.support.audio import recording
from tests.unit.payloads import PAYLOAD_OF
from tests.unit.scripted import ScriptedLLM
from tests.unit.test_offline_coach import COACH
from tests.unit.test_transcribe_task import stenographer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiplane.claims import Claim
    from aiplane.queues import Kind
    from aiplane.worker.task import JobTask

WAV = {"mimeType": "audio/wav", "audioKey": None}

ENDINGS: list[tuple[Kind, dict[str, Any], Any]] = [
    *(
        (kind, {}, llm)
        for kind in ("hint", "review", "interview")
        for llm in (
            COACH,
            ScriptedLLM(LLMAuthError("No key.")),
            ScriptedLLM(LLMTimeoutError("Too late.")),
            ScriptedLLM("no JSON"),
            ScriptedLLM(RuntimeError("a fault of ours")),
        )
    ),
    *((kind, {"problemDescription": 7}, COACH) for kind in ("hint", "review", "interview")),
    ("interview", {"roomMode": "peer"}, COACH),
    ("transcribe", {"audioBase64": base64.b64encode(recording("wav", 1.0)).decode()}, None),
    ("transcribe", {"audioBase64": base64.b64encode(recording("wav", 1.0)[:-9]).decode()}, None),
    ("transcribe", {"audioBase64": base64.b64encode(bytes(100)).decode()}, None),
    ("transcribe", {"audioBase64": "no base64"}, None),
    ("transcribe", {"roomMode": "peer"}, None),
]


@pytest.fixture(scope="module")
def without_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def payloads() -> list[Payload]:
    return [each for each in gc.get_objects() if isinstance(each, Payload)]


@pytest.mark.usefixtures("without_collector")
@pytest.mark.parametrize("called", ["by the bridge", "by a person"])
@pytest.mark.parametrize(("kind", "fields", "llm"), ENDINGS)
def test_nothing_of_the_payload_outlives_the_job(
    monkeypatch: pytest.MonkeyPatch, kind: Kind, fields: dict[str, Any], llm: Any, called: str
) -> None:
    service = stenographer()
    providers = SimpleNamespace(llm=llm, speech_to_text=service, storage=None, text_to_speech=None)
    monkeypatch.setitem(app.__dict__, "providers", providers)
    task = cast("JobTask", app.tasks[QUEUES[kind].task])
    payload = {**PAYLOAD_OF[kind], **(WAV if kind == "transcribe" else {}), **fields}
    before = len(payloads())

    if called == "by the bridge":
        ended: Any = task._outcome(cast("Claim", SimpleNamespace(run="run")), [json.dumps(payload)])
    else:
        ended = task.apply(args=[payload], throw=False)
    if isinstance(llm, ScriptedLLM):
        llm.prompts.clear()

    assert ended is not None
    assert len(payloads()) == before
