"""The example payloads: they are what they say, and the offline coach can answer them."""

from __future__ import annotations

import base64
import json
import wave
from pathlib import Path
from typing import Any

import pytest

from aiplane.contracts import PAYLOADS
from aiplane.queues import KINDS, Kind
from tasks.hint import generate_hint
from tasks.interview import reply_to_candidate
from tasks.review import review_code

EXAMPLES = Path(__file__).parents[2] / "examples"


def example(kind: str) -> dict[str, Any]:
    return json.loads((EXAMPLES / f"{kind}.json").read_text("utf-8"))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_an_example_that_uses_known_fields_only(kind: Kind) -> None:
    parsed = PAYLOADS[kind].parse(example(kind))

    known = {field.alias for field in type(parsed).model_fields.values()}
    assert example(kind).keys() <= known


def test_the_payloads_hold_the_files_beside_them() -> None:
    code = (EXAMPLES / "solution.js").read_text("utf-8")

    assert (EXAMPLES / "problem.md").read_text("utf-8") == example("hint")["problemDescription"]
    assert code == example("hint")["currentCode"] == example("review")["code"]
    assert (EXAMPLES / "tone.wav").read_bytes() == base64.b64decode(example("transcribe")["audioBase64"])


def test_the_tone_is_a_second_of_sound() -> None:
    with wave.open(str(EXAMPLES / "tone.wav")) as tone:
        assert tone.getnframes() == tone.getframerate()


def test_the_offline_coach_has_something_to_say_to_each() -> None:
    assert "Of 10 tests 6 pass" in generate_hint(example("hint"))["hint"]
    assert review_code(example("review"))["suggestions"][0]["startLine"] == 2
    assert reply_to_candidate(example("interview"))["followUpQuestion"]
