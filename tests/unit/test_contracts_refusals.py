"""What is refused of a job's data, in which words, and that nothing of it shows."""

from __future__ import annotations

import json
import time
import traceback
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiplane.contracts import PAYLOADS, HintPayload, TranscribePayload
from aiplane.errors import InvalidPayloadError
from aiplane.queues import KINDS, Kind
from tests.unit.payloads import HINT, PAYLOAD_OF, REQUIRED, TURN, places, put

MARK = "ZQX"
"""Stands for a candidate's text: nothing that is said about a payload may contain it."""


def refusal(kind: Kind, data: object) -> str:
    with pytest.raises(InvalidPayloadError) as caught:
        PAYLOADS[kind].parse(data)
    return caught.value.sentence


def told_of(kind: Kind, data: object) -> str:
    """What a log would have of the data's refusal; nothing, if it is accepted."""
    try:
        PAYLOADS[kind].parse(data)
    except InvalidPayloadError as error:
        return "".join(traceback.format_exception(error))
    return ""


# In which words


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("data", [None, [], "{}", 5, True, b"{}"])
def test_a_payload_is_an_object(kind: Kind, data: object) -> None:
    assert refusal(kind, data) == "the payload must be an object"


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind in KINDS for name in REQUIRED[kind]])
def test_a_required_field_is_missed_by_name(kind: Kind, name: str) -> None:
    data = {key: value for key, value in PAYLOAD_OF[kind].items() if key != name}
    assert refusal(kind, data) == f"{name} is missing"
    assert refusal(kind, data | {name: None}) == f"{name} is missing"


@pytest.mark.parametrize(
    ("kind", "path", "value", "sentence"),
    [
        ("hint", ("hintLevel",), MARK, "hintLevel must be one of gentle, moderate, direct"),
        ("hint", ("hintLevel",), "\ud800", "hintLevel must be one of its known values"),
        ("hint", ("hintLevel",), ["gentle"], "hintLevel must be one of gentle, moderate, direct"),
        ("hint", ("hintStage",), "last", "hintStage must be one of initial, follow_up"),
        ("hint", ("hintIteration",), 0, "hintIteration must be 1 or more"),
        ("hint", ("hintIteration",), "3", "hintIteration must be a whole number"),
        ("hint", ("hintIteration",), True, "hintIteration must be a whole number"),
        ("hint", ("hintIteration",), 1.5, "hintIteration must be a whole number"),
        ("hint", ("hintIteration",), float("nan"), "hintIteration must be a whole number"),
        ("hint", ("hintIteration",), 2**60, "hintIteration must be 9,007,199,254,740,991 or less"),
        ("hint", ("hintIteration",), 10**400, "hintIteration must be 9,007,199,254,740,991 or less"),
        ("hint", ("currentCode",), 5, "currentCode must be a string"),
        ("hint", ("problemDescription",), " \n", "problemDescription is empty"),
        ("hint", ("language",), " ", "language is empty"),
        ("hint", ("language",), "go" + " " * 999, "language is longer than 40 characters"),
        ("hint", ("conversationHistory",), {}, "conversationHistory must be a list"),
        ("hint", ("conversationHistory", 1), MARK, "conversationHistory[1] must be an object"),
        ("hint", ("conversationHistory", 1), {"role": "user"}, "conversationHistory[1].content is missing"),
        ("hint", ("executionResult",), MARK, "executionResult must be an object"),
        (
            "hint",
            ("executionResult", "passedTestCases"),
            -1,
            "executionResult.passedTestCases must be 0 or more",
        ),
        (
            "hint",
            ("executionResult", "allTestsPassed"),
            1,
            "executionResult.allTestsPassed must be true or false",
        ),
        ("hint", ("roomMode",), "solo", "roomMode must be one of ai, peer"),
        ("hint", ("roomId",), 5, "roomId must be a string"),
        ("review", ("code",), " \n", "code is empty"),
        ("review", ("rubric",), MARK, "rubric must be a list"),
        ("review", ("rubric", 1), 5, "rubric[1] must be a string"),
        ("interview", ("voice",), "false", "voice must be true or false"),
        ("interview", ("trigger",), "", "trigger must be one of user_message, proactive"),
        ("transcribe", ("mimeType",), "webm", "mimeType must be a media type such as audio/webm"),
        ("transcribe", ("audioBase64",), 5, "audioBase64 must be a string"),
    ],
)
def test_a_fault_is_told_with_its_place(
    kind: Kind, path: tuple[Any, ...], value: object, sentence: str
) -> None:
    assert refusal(kind, put(PAYLOAD_OF[kind], path, value)) == sentence


@pytest.mark.parametrize(
    ("kind", "path", "limit"),
    [
        ("hint", ("problemDescription",), 120_000),
        ("hint", ("currentCode",), 200_000),
        ("hint", ("language",), 40),
        ("hint", ("conversationHistory", 0, "role"), 40),
        ("hint", ("conversationHistory", 0, "content"), 20_000),
        ("hint", ("roomId",), 256),
        ("review", ("code",), 200_000),
        ("review", ("rubric", 0), 500),
        ("interview", ("userMessage",), 20_000),
        ("transcribe", ("audioKey",), 1_024),
    ],
)
def test_a_string_may_be_as_long_as_its_limit_and_no_longer(
    kind: Kind, path: tuple[Any, ...], limit: int
) -> None:
    PAYLOADS[kind].parse(put(PAYLOAD_OF[kind], path, "😀" * limit))
    sentence = refusal(kind, put(PAYLOAD_OF[kind], path, "😀" * (limit + 1)))
    assert sentence.endswith(f" is longer than {limit:,} characters")
    assert sentence.startswith(str(path[0]))


@pytest.mark.parametrize(
    ("kind", "name", "item", "limit"),
    [
        ("hint", "conversationHistory", TURN, 500),
        ("review", "rubric", "a", 50),
        ("interview", "conversationHistory", TURN, 500),
    ],
)
def test_a_list_may_be_as_long_as_its_limit_and_no_longer(
    kind: Kind, name: str, item: object, limit: int
) -> None:
    PAYLOADS[kind].parse(PAYLOAD_OF[kind] | {name: [item] * limit})
    assert (
        refusal(kind, PAYLOAD_OF[kind] | {name: [item] * (limit + 1)})
        == f"{name} has more than {limit} items"
    )


def test_a_payload_is_read_by_its_wire_names_even_in_its_faults() -> None:
    assert refusal("transcribe", {"mime_type": "audio/webm", "audio_key": 5}) == "audioKey must be a string"


# Audio


@pytest.mark.parametrize("absent", [{}, {"audioBase64": None, "audioKey": None}, {"audioKey": "  "}])
def test_audio_is_missed(absent: dict[str, Any]) -> None:
    sentence = refusal("transcribe", {"mimeType": "audio/webm"} | absent)
    assert sentence == "audioKey is missing, and so is audioBase64: send one of them"


@pytest.mark.parametrize(
    "key",
    [
        "https://example.com/a.webm",
        "s3://bucket/a.webm",
        "//example.com/a.webm",
        "/etc/passwd",
        "../a.webm",
        "a/../b",
        "a/..",
        "./a",
        "a\nb",
        "a\0b",
        "a\\b",
        "a\x7fb",
    ],
)
def test_an_audio_key_is_no_url_and_no_path(key: str) -> None:
    sentence = refusal("transcribe", {"mimeType": "audio/webm", "audioKey": key})
    assert sentence == "audioKey must be the key of an object in the bucket, not a URL or a path"


@pytest.mark.parametrize("key", ["a", "rooms/1/take..2.webm", "room:1/é 😀.webm", "a/.hidden"])
def test_an_audio_key_may_be_anything_else(key: str) -> None:
    assert TranscribePayload.parse({"mimeType": "audio/webm", "audioKey": key}).audio_key == key


def test_audio_is_neither_copied_nor_measured() -> None:
    audio = "A" * 40_000_000
    payload = TranscribePayload.parse({"mimeType": "Audio/WebM", "audioBase64": audio})
    assert payload.audio_base64 is audio
    assert payload.mime_type == "audio/webm"


# Nothing of a payload shows


@pytest.mark.parametrize("kind", KINDS)
def test_no_repr_shows_what_a_payload_holds(kind: Kind) -> None:
    payload = PAYLOADS[kind].parse(PAYLOAD_OF[kind])
    assert f"{payload!r}{payload!s}" == f"{type(payload).__name__}()"


def test_neither_a_refusal_nor_its_traceback_shows_what_a_payload_holds() -> None:
    for path in places(HINT):
        for value in (MARK, [MARK], {MARK: MARK}, MARK * 100_000):
            told = told_of("hint", put(HINT, path, value))
            assert MARK not in told


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(alphabet=st.characters(exclude_categories=()), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(
            st.sampled_from(["hint", "role", "content", "category", "\ud800"]), inner, max_size=5
        )
    ),
    max_leaves=10,
)


def parse_or_refuse(kind: Kind, data: object) -> None:
    try:
        told = json.dumps(
            PAYLOADS[kind].parse(data).model_dump(mode="json"), ensure_ascii=False, allow_nan=False
        )
    except InvalidPayloadError as error:
        told = error.sentence
    told.encode()


@pytest.mark.parametrize("kind", KINDS)
@given(data=JSON)
def test_any_json_is_parsed_or_refused(kind: Kind, data: object) -> None:
    parse_or_refuse(kind, data)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=300)
@given(choice=st.data())
def test_any_json_in_any_place_is_parsed_or_refused(kind: Kind, choice: st.DataObject) -> None:
    data = PAYLOAD_OF[kind]
    for _ in range(choice.draw(st.integers(1, 3))):
        data = put(data, choice.draw(st.sampled_from(places(data))), choice.draw(JSON))
    parse_or_refuse(kind, data)


# Speed


def test_the_largest_payload_is_parsed_in_a_moment() -> None:
    largest = json.loads(
        json.dumps(
            HINT
            | {
                "problemDescription": "é" * 120_000,
                "currentCode": "é" * 200_000,
                "conversationHistory": [TURN | {"content": "é" * 20_000}] * 500,
            }
        )
    )

    assert min(_seconds_to_parse(largest) for _ in range(5)) < 0.25


def test_a_million_faults_are_refused_in_a_moment() -> None:
    # 500 turns may be turns; what is refused is refused at the first fault, not after the last.
    faults = HINT | {"conversationHistory": [5] * 1_000_000}
    assert min(_seconds_to_parse(faults) for _ in range(5)) < 0.25


def _seconds_to_parse(data: dict[str, Any]) -> float:
    begin = time.perf_counter()
    with suppress(InvalidPayloadError):
        HintPayload.parse(data)
    return time.perf_counter() - begin
