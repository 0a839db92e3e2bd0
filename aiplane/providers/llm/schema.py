"""The JSON schema that a model is asked to keep, derived from the pydantic model that reads its answer.

OpenAI's strict mode takes a part of JSON schema only: every object is closed, every property is required (an
optional one is nullable instead), alternatives are ``anyOf``, and bounds on lengths and numbers are refused
by some models and servers. So bounds move into the description, where every model can read them; the
pydantic model holds them when the answer is read.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import BaseModel

_BOUNDS = {
    "minLength": "minimum length {}",
    "maxLength": "maximum length {}",
    "minItems": "minimum number of items {}",
    "maxItems": "maximum number of items {}",
    "minimum": "minimum {}",
    "maximum": "maximum {}",
    "exclusiveMinimum": "more than {}",
    "exclusiveMaximum": "less than {}",
    "multipleOf": "a multiple of {}",
    "pattern": "matching {}",
}
_DROPPED = frozenset({"default", "discriminator", "examples", "format", "title", "uniqueItems"})


def schema_name(shape: type[BaseModel]) -> str:
    """Name the schema of ``shape`` within what the API takes: 64 letters, digits, ``_`` and ``-``."""
    return re.sub(r"[^a-zA-Z0-9_-]", "_", shape.__name__)[:64]


@lru_cache(maxsize=32)  # every call of a model asks for one of a few, and making it takes a millisecond
def strict_schema(shape: type[BaseModel]) -> dict[str, Any]:
    """Derive the strict schema of ``shape``, to be read and not changed. Its title is the class's name.

    Raises:
        TypeError: a field has free-form keys (``dict[str, …]``), which strict mode cannot express.
    """
    schema = shape.model_json_schema(mode="validation")
    definitions = schema.pop("$defs", {})
    strict = {"title": schema_name(shape), **_strict(schema, definitions)}
    if definitions:
        strict["$defs"] = {name: _strict(node, definitions) for name, node in definitions.items()}
    return strict


def _strict(node: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Rewrite one schema and those within it. A reference with neighbours is replaced by what it names."""
    if "$ref" in node and len(node) > 1:
        named = definitions[node["$ref"].rpartition("/")[2]]
        node = {**named, **{key: value for key, value in node.items() if key != "$ref"}}
    kept = {key: value for key, value in node.items() if key not in _DROPPED and key not in _BOUNDS}
    if bounds := _described(node):
        kept["description"] = f"{kept['description']} ({bounds})" if "description" in kept else bounds
    if alternatives := kept.pop("oneOf", None) or kept.get("anyOf"):
        kept["anyOf"] = [_strict(alternative, definitions) for alternative in alternatives]
    if "items" in kept:
        kept["items"] = _strict(kept["items"], definitions)
    if kept.get("type") == "object":
        kept |= _closed(kept, definitions)
    return kept


def _described(node: dict[str, Any]) -> str:
    return ", ".join(text.format(node[key]) for key, text in _BOUNDS.items() if key in node)


def _closed(node: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Return what an object needs in strict mode: every property required, and no others."""
    if isinstance(node.get("additionalProperties"), dict) or "properties" not in node:
        raise TypeError(
            "a shape with free-form keys cannot be asked for in strict mode; give it named fields"
        )
    properties = {name: _strict(property_, definitions) for name, property_ in node["properties"].items()}
    return {"properties": properties, "required": list(properties), "additionalProperties": False}
