"""A job that has ended holds nothing of its payload, with no garbage collector's help."""

from __future__ import annotations

import base64
import gc
import json
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from aiplane.celery import app
from aiplane.contracts import Payload
from aiplane.errors import LLMAuthError, LLMTimeoutError
from aiplane.ledger.claims import Claim
from aiplane.queues import QUEUES
from tests.support.audio import recording
from tests.unit.payloads import PAYLOAD_OF
from tests.unit.scripted import ScriptedLLM
from tests.unit.test_offline_coach import COACH
from tests.unit.test_transcribe_task import stenographer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiplane.queues import Kind
    from aiplane.worker.task import JobTask

CLAIM = Claim("run", "token", "key", None)
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
        ended: Any = task._outcome(CLAIM, [json.dumps(payload)])
    else:
        ended = task.apply(args=[payload], throw=False)
    if isinstance(llm, ScriptedLLM):
        llm.prompts.clear()

    if called == "by the bridge" and llm is COACH and not fields:
        assert ended.error is None
    assert len(payloads()) == before


def test_data_that_is_too_long_is_a_wrong_payload() -> None:
    task = cast("JobTask", app.tasks[QUEUES["hint"].task])

    ended = task._outcome(replace(CLAIM, size=48 * 1024 * 1024 + 1), [None])

    assert ended.error is not None
    assert ended.error.failed_reason == "invalid_payload: The job's data is longer than 48 MB."


def test_what_nobody_reads_costs_no_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.__dict__, "providers", SimpleNamespace(llm=COACH))
    task = cast("JobTask", app.tasks[QUEUES["hint"].task])
    unread = f'"unknown": {"[" * 1_500 + "]" * 1_500}, "digits": {"9" * 5_000}, '

    ended = task._outcome(CLAIM, ["{" + unread + json.dumps(PAYLOAD_OF["hint"])[1:]])

    assert ended.error is None
