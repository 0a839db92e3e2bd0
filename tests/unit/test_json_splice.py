"""JSON text put together from JSON text: what comes out is one object, and each part is as it was."""

from __future__ import annotations

import json

import pytest

from aiplane.redis.json_splice import spliced


@pytest.mark.parametrize(
    ("rest", "text"),
    [
        ("{}", '{"a\\"":1e2,"b":[ 1]}'),
        (" { } ", '{"a\\"":1e2,"b":[ 1]} '),
        ('{ "c": {}}', '{"a\\"":1e2,"b":[ 1],"c": {}}'),
    ],
)
def test_parts_stand_in_the_text_as_they_were(rest: str, text: str) -> None:
    assert spliced({'a"': "1e2", "b": "[ 1]"}, rest) == text
    assert json.loads(text) == {'a"': 100, "b": [1], **json.loads(rest)}
