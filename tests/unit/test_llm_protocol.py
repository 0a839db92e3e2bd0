"""What a task hands to a model and gets back, whoever the provider is."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
import time
import traceback
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, create_model

from aiplane.errors import LLMInvalidResponseError
from aiplane.providers.llm import Completion, Message, Prompt, create_llm
from aiplane.providers.llm.parsing import MAX_ANSWER_CHARACTERS, read_answer
from aiplane.providers.llm.schema import schema_name, strict_schema
from aiplane.settings import Settings
from tests.support.answers import good_answer

SECRET = "what the candidate wrote"


class Evidence(BaseModel):
    line: Annotated[int, Field(ge=1)]
    quote: Annotated[str, Field(max_length=200, description="as it stands in the code")]


class Category(BaseModel):
    name: Literal["correctness", "efficiency", "readability", "edge_cases"]
    score: Annotated[int, Field(ge=0, le=10)]
    title: str
    evidence: list[Evidence] = []


class Answer(BaseModel):
    categories: Annotated[list[Category], Field(min_length=1, max_length=4)]
    worst: Evidence | None = Field(default=None, description="the worst line")
    best: Annotated[Evidence, Field(description="the best line")]
    default: str = "none"
    ratio: float | None = None


class Reply(BaseModel):
    message: str
    difficulty: Literal["easy", "hard"] = "easy"


def test_no_repr_shows_what_a_candidate_wrote() -> None:
    prompt = Prompt("hint", (Message("user", SECRET),), Reply, {"code": SECRET})
    completion = Completion(SECRET, "a-model", 1, 2)

    assert SECRET not in repr(prompt)
    assert SECRET not in repr(completion)


def test_choosing_no_vendor_loads_no_vendors_sdk() -> None:
    loads = "import sys, aiplane.providers.llm, aiplane.providers.speech"
    script = f"{loads}; print([m for m in sys.modules if m == 'openai'])"

    assert subprocess.check_output([sys.executable, "-c", script], text=True).strip() == "[]"


@pytest.mark.parametrize(
    ("env", "provider"),
    [
        ({"LLM_PROVIDER": "openai", "OPENAI_API_KEY": "a-key"}, "openai"),
        (
            {
                "LLM_PROVIDER": "azure",
                "AZURE_OPENAI_API_KEY": "a-key",
                "AZURE_OPENAI_ENDPOINT": "https://here.example",
            },
            "azure",
        ),
        ({"LLM_PROVIDER": "offline"}, "offline"),
    ],
)
def test_every_provider_that_the_settings_know_has_an_adapter(env: dict[str, str], provider: str) -> None:
    assert create_llm(Settings.load(env)).provider == provider


# The schema


def nodes(schema: Any) -> list[dict[str, Any]]:
    """Return every schema within a schema, and itself."""
    if not isinstance(schema, dict):
        return []
    children = [
        *schema.get("properties", {}).values(),
        *schema.get("$defs", {}).values(),
        *schema.get("anyOf", []),
        schema.get("items"),
    ]
    return [schema, *(node for child in children for node in nodes(child))]


def test_a_strict_schema_closes_every_object_and_requires_every_property() -> None:
    objects = [node for node in nodes(strict_schema(Answer)) if node.get("type") == "object"]

    assert len(objects) >= 3
    for node in objects:
        assert node["additionalProperties"] is False
        assert node["required"] == list(node["properties"])


def test_a_strict_schema_holds_only_the_words_that_strict_mode_takes() -> None:
    taken = {
        *("type", "properties", "required", "additionalProperties", "items", "anyOf", "enum", "const"),
        *("$ref", "$defs", "description", "title"),
    }
    schema = strict_schema(Answer)

    assert {word for node in nodes(schema) for word in node} <= taken
    assert all(len(node) == 1 for node in nodes(schema) if "$ref" in node)


def test_properties_may_be_called_as_the_words_of_a_schema_are() -> None:
    schema = strict_schema(Answer)

    assert "default" in schema["properties"]
    assert "title" in schema["$defs"]["Category"]["properties"]


def test_the_bounds_of_a_field_are_told_in_its_description() -> None:
    schema = strict_schema(Answer)

    assert (
        schema["properties"]["categories"]["description"]
        == "minimum number of items 1, maximum number of items 4"
    )
    quote = schema["$defs"]["Evidence"]["properties"]["quote"]
    assert quote["description"] == "as it stands in the code (maximum length 200)"
    assert schema["properties"]["best"]["description"] == "the best line"


def test_an_optional_field_may_be_null() -> None:
    kinds = [alternative.get("type") for alternative in strict_schema(Answer)["properties"]["ratio"]["anyOf"]]

    assert kinds == ["number", "null"]


def test_what_keeps_the_strict_schema_fits_the_shape() -> None:
    request = {"messages": [], "response_format": {"json_schema": {"schema": strict_schema(Answer)}}}

    assert read_answer(good_answer(request), Answer).categories[0].score == 10


def test_alternatives_that_are_told_apart_by_a_field_are_plain_alternatives() -> None:
    class Question(BaseModel):
        kind: Literal["question"]

    class Silence(BaseModel):
        kind: Literal["silence"]

    class Either(BaseModel):
        one: Annotated[Question | Silence, Field(discriminator="kind")]

    assert [*strict_schema(Either)["properties"]["one"]] == ["anyOf"]


def test_free_form_keys_cannot_be_asked_for() -> None:
    class Loose(BaseModel):
        notes: dict[str, str]

    with pytest.raises(TypeError, match="free-form keys"):
        strict_schema(Loose)


def test_the_name_of_a_schema_is_one_that_the_api_takes() -> None:
    generic = create_model("Answer[int, str]" * 10)

    assert schema_name(Answer) == "Answer"
    assert re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", schema_name(generic))


# The answer


GOOD = '{"message": "Well {done}.", "difficulty": "hard"}'


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"\n\t{GOOD}\n",
        f"```json\n{GOOD}\n```",
        f"```\n{GOOD}\n```\nIs there anything else?",
        f"Let me see. {{Not this}}, and not {{'this': 1}}. {GOOD}",
        f"<think>They wrote {{ return 1; }} and {json.dumps({'message': 1})}.</think>{GOOD}",
        f'<think>They wrote {{"message": "Give me ten points.", "difficulty": "easy"}}</think>{GOOD}',
        f"{'{' * 500} {GOOD}",
        f"{'{ ' * 5_000} {GOOD}",
        f'{{"message": "Draft.", "difficulty": "easy"}} No. {GOOD}',
        f'I think {{"message": "Draft.", "difficulty": "easy"}} is too easy.</think>{GOOD}',
        f"[THINK]Hm {{}}[/THINK]\n{GOOD}",
        f"<reasoning>{{</reasoning>```json\n{GOOD}\n```",
        f"<|channel|>analysis<|message|>{{}}<|end|><|channel|>final<|message|>{GOOD}",
        f'{{"answer": {GOOD}}}',
        GOOD.replace("}", ",\n}").replace("{done,\n}", "{done}"),
        GOOD.replace("}", ", }").replace("{done, }", "{done}") + " Done.",
        f"<think></think>{GOOD}</think>",
        f"<think>Hm {{}}</think>{GOOD}</think>\n</think>Done.",
        f"<think>Hm</think>Here: {GOOD}<think>Is {{it}}?</think>",
        f"```json\n{GOOD}\n```\n</think>",
        f"[THINK]Hm[/THINK]{GOOD}[/THINK]",
        json.dumps(GOOD),
        json.dumps(json.dumps(GOOD)),
        f"```json\n{json.dumps(GOOD)}\n```",
        f"Here it is: {json.dumps(GOOD)[1:-1]}",
        json.dumps({"answer": GOOD}),
        json.dumps({"answer": json.dumps(GOOD)}),
        f"<think>{{}}</think>{json.dumps(GOOD)}",
        GOOD.replace(', "', ', // as "asked" {\n"'),
        GOOD.replace('{"', '{ /* of {me}, * and " */ "'),
        GOOD.replace('"hard"}', '"hard", // the last\n}') + " // {done}",
        f"Here // it is: {{ // one\n{GOOD[1:]} I hope {{it}} helps.",
    ],
)
def test_the_answer_is_found_wherever_it_stands(text: str) -> None:
    assert read_answer(text, Reply) == Reply(message="Well {done}.", difficulty="hard")


@pytest.mark.parametrize(
    "message", ["See https://a.example/b // c", "/* a */", "// {", '"//"', '{"message": "No."}']
)
def test_what_looks_like_a_comment_or_an_answer_within_a_text_is_of_the_text(message: str) -> None:
    text = json.dumps({"message": message, "difficulty": "hard"})

    assert read_answer(text, Reply).message == message
    assert read_answer(text.replace("}", ",}") if "{" not in message else text, Reply).message == message
    assert read_answer(json.dumps(text), Reply).message == message


@pytest.mark.parametrize(
    "text",
    [
        f"Let me draft {GOOD}</think>",
        f"<think>Hm {GOOD}</think>",
        f"<think>a<think>b</think>c {GOOD}</think>",
        f"<think>Hm</think>I cannot.<think>{GOOD}</think>",
        json.dumps(json.dumps(json.dumps(json.dumps(GOOD)))),
        json.dumps({"code": GOOD, "answer": 1}),
    ],
)
def test_thoughts_and_quotations_are_no_answer(text: str) -> None:
    with pytest.raises(LLMInvalidResponseError):
        read_answer(text, Reply)


def test_a_tag_of_thoughts_within_an_answer_is_what_it_talks_about() -> None:
    text = json.dumps({"message": "Why does </think> stand there?", "difficulty": "hard"})

    assert read_answer(text, Reply).message == "Why does </think> stand there?"


@pytest.mark.parametrize("thoughts", ["<think>{}</think>", "A draft: {}</thinking>", "[THINK]{}[/THINK]"])
def test_a_draft_in_the_thoughts_is_no_answer(thoughts: str) -> None:
    with pytest.raises(LLMInvalidResponseError, match="missing"):
        read_answer(thoughts.format(GOOD) + "{}", Reply)


def test_a_line_break_within_a_text_is_one() -> None:
    assert read_answer('{"message": "one\ntwo", "difficulty": "hard"}', Reply).message == "one\ntwo"


def test_a_comma_before_a_bracket_within_a_text_stays() -> None:
    assert read_answer('{"message": "a, } b", "difficulty": "hard",}', Reply).message == "a, } b"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no complete JSON object"),
        ("I would rather talk.", "no complete JSON object"),
        ('["message"]', "no complete JSON object"),
        (GOOD[:-3], "no complete JSON object"),
        ("{}", r"message \(missing\)"),
        ('{"message": 7}', r"message \(string_type\)"),
        ('{"message": "x", "difficulty": "absurd"}', r"difficulty \(literal_error\)"),
        ("x" * (MAX_ANSWER_CHARACTERS + 1), "longer than 200000 characters"),
    ],
)
def test_what_is_no_answer_is_refused_with_its_fault(text: str, says: str) -> None:
    with pytest.raises(LLMInvalidResponseError, match=says):
        read_answer(text, Reply)


def test_a_refusal_names_the_field_but_nothing_that_the_model_wrote() -> None:
    class Closed(BaseModel, extra="forbid"):
        categories: list[Category]

    text = json.dumps({"categories": [{"name": SECRET, "score": 3, "title": SECRET}]})
    with pytest.raises(LLMInvalidResponseError) as wrong_value:
        read_answer(text, Closed)
    with pytest.raises(LLMInvalidResponseError) as wrong_key:
        read_answer(json.dumps({"categories": [], SECRET: 1}), Closed)

    assert "categories.0.name (literal_error)" in wrong_value.value.sentence
    assert "the object (extra_forbidden)" in wrong_key.value.sentence
    for refusal in (wrong_value, wrong_key):
        assert SECRET not in "".join(traceback.format_exception(refusal.value))


@pytest.mark.parametrize(
    "piece",
    [
        "{",
        '{"a":',
        '[{"a":',
        '{"a":1,',
        '{"a":"',
        '{"a":{},',
        "{'",
        "[",
        "{//}\n",
        "<think>{}",
        '{"message":{"message":',
    ],
)
@pytest.mark.parametrize("ending", ["", ",0" * 50_000, '"' + "x" * 100_000])
def test_no_text_takes_long_to_refuse(piece: str, ending: str) -> None:
    text = (piece * MAX_ANSWER_CHARACTERS)[: MAX_ANSWER_CHARACTERS - len(ending)] + ending
    started = time.process_time()

    with pytest.raises(LLMInvalidResponseError):
        read_answer(text, Reply)

    assert time.process_time() - started < 20  # the limit on starts saves minutes


@given(st.text() | st.recursive(st.none() | st.text() | st.floats(), st.lists).map(json.dumps))
def test_whatever_a_model_writes_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(LLMInvalidResponseError):
        read_answer(text, Reply)
