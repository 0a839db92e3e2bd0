"""Answers of a model in tests: a good one to any JSON schema, and the strange ones."""

from __future__ import annotations

import json
import random
import re
from typing import Any

_FAULTS = ("evidence", "suggestion", "weakness", "annotation")
"""A list whose name holds one of these words is empty in a good answer: nothing was found wrong."""

_HINT = " ".join(
    f"Look at part {number} of your code and say in plain words what it does to the data."
    for number in range(1, 7)
)
"""A hint of a length and a level that teach; other texts of an answer may be short."""

_LOOKS = (
    "Look at", "Read", "Think about", "Say what you know of", "Write down", "Trace", "Go back to", "Draw",
    "Ask about", "Give a name to", "Take a note of", "Tell a friend about", "Put a mark at", "Say aloud",
)  # fmt: skip
_THINGS = (
    "the task", "your plan", "the first test", "the last test", "the example", "the question", "the rule",
    "your last change", "the words of the task", "your own notes",
)  # fmt: skip
_MOMENTS = (
    "before you go on", "by hand on paper", "in your own words", "with a small example", "in a calm moment",
    "with fresh eyes", "with a friend",
)  # fmt: skip

_USUALLY_JUDGED = ("correctness", "efficiency", "readability", "edge_cases")
"""What a review scores where the job brings no rubric."""


def good_answer(request: dict[str, Any]) -> str:
    """Return what a flawless model would answer to a request for a chat completion."""
    schema = _schema_of(request)
    if schema is None:
        return "A plain sentence."
    answer = _value(schema, schema, "")
    if scores := answer.get("categories"):
        evidence = _evidence(request)
        answer["categories"] = [
            {**scores[0], "name": name, "evidence": evidence} for name in _judged(request)
        ]
    return json.dumps(answer)


def fresh_answer(request: dict[str, Any], case: str) -> str:
    """Return a good answer whose hint, if it has one, no other case is given."""
    answer = json.loads(good_answer(request))
    if "hint" in answer:
        chance = random.Random(case)
        parts = (_LOOKS, _THINGS, _MOMENTS)
        sentences = (" ".join(chance.choice(part) for part in parts) for _ in range(11))
        answer["hint"] = " ".join(f"{sentence}." for sentence in sentences)
    return json.dumps(answer)


def strange_choices(kind: str, request: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the choices of a completion that went wrong in the way that ``kind`` names."""
    good = good_answer(request)
    kinds = {
        "no-choices": [],
        "empty": [choice("")],
        "blank": [choice(" \n")],
        "garbage": [choice("As a model of language I would rather say: {it depends}.")],
        "truncated": [choice(good[: len(good) // 2], finish_reason="length")],
        "refusal": [choice(None, refusal="I cannot help with that.")],
        "filter": [choice("", finish_reason="content_filter")],
        "not-schema": [choice('{"unexpected": ["shape"]}')],
        "fenced": [choice(f"Here you are:\n\n```json\n{good}\n```\n\nAnything else?")],
    }
    return kinds[kind]


def choice(content: str | None, *, refusal: str | None = None, finish_reason: str = "stop") -> dict[str, Any]:
    """Return one choice of a chat completion."""
    message = {"role": "assistant", "content": content, "refusal": refusal}
    return {"index": 0, "message": message, "finish_reason": finish_reason, "logprobs": None}


def _schema_of(request: dict[str, Any]) -> dict[str, Any] | None:
    """Find the schema: where the API has a place for it, else the last one that stands in the messages."""
    found: dict[str, Any] | None = (request.get("response_format") or {}).get("json_schema", {}).get("schema")
    if found:
        return found
    for message in request["messages"]:
        text = str(message.get("content", ""))
        start = text.find('{"')
        while start >= 0:
            try:
                candidate, end = json.JSONDecoder().raw_decode(text, start)
            except ValueError:
                end = start + 1
            else:
                found = candidate if {"properties", "type"} <= candidate.keys() else found
            start = text.find('{"', end)
    return found


def _value(node: dict[str, Any], root: dict[str, Any], name: str) -> Any:
    """Return a value that fits the node: the first of what it may be, and the best mark."""
    if "$ref" in node:
        return _value(root["$defs"][node["$ref"].rpartition("/")[2]], root, name)
    if "anyOf" in node:
        return _value(node["anyOf"][0], root, name)
    if "const" in node or "enum" in node:
        return node.get("const", (node.get("enum") or [None])[0])
    match node.get("type"):
        case "object":
            return {key: _value(child, root, key) for key, child in node.get("properties", {}).items()}
        case "array":
            is_of_faults = any(word in name.lower() for word in _FAULTS)
            return [] if is_of_faults else [_value(node["items"], root, name)]
        case "integer" | "number":
            return 10 if "score" in name.lower() else 1
        case "boolean":
            return True
        case "null":
            return None
    return _HINT if name == "hint" else f"A sentence for {name}."


def _evidence(request: dict[str, Any]) -> list[dict[str, Any]]:
    """Quote the first line of the code that says something."""
    for number, line in _numbered(request, "the candidate's code"):
        if re.search(r"\w", line):
            at = {"startLine": number, "endLine": number}
            return [{**at, "quote": line[:1_000], "observation": "A sentence for observation."}]
    return []


def _judged(request: dict[str, Any]) -> list[str]:
    """Return what a review is asked to score: the job's rubric, or the usual."""
    return [line for _, line in _numbered(request, "rubric")] or [*_USUALLY_JUDGED]


def _numbered(request: dict[str, Any], label: str) -> list[tuple[int, str]]:
    """Return the numbered lines that a prompt shows under a label, without the marks in them."""
    prompt = "\n".join(str(message.get("content")) for message in request["messages"])
    block = re.search(rf"begin: {label}[^\n]*\n(.*?)\n\[", prompt, re.DOTALL)
    rows = re.findall(r"^ *(\d+)\|(.)(.*)$", block[1] if block else "", re.MULTILINE)
    return [(int(number), line.replace(mark, "")) for number, mark, line in rows]
