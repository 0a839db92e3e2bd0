"""Text as rules on words read it."""

from __future__ import annotations

import pytest

from aiplane.text.folding import folded


@pytest.mark.parametrize(
    "text",
    [
        "hash map",
        "HASH Map",
        "h\u0430sh m\u0430p",
        "\uff48\uff41\uff53\uff48 \uff4d\uff41\uff50",
        "ha\u00adsh m\u200bap",
        "h\u0336a\u0336s\u0336h\u0336 map",
    ],
)
def test_what_looks_the_same_is_the_same(text: str) -> None:
    assert folded(text) == "hash map"


@pytest.mark.parametrize("text", ["\u0434\u0430", "\u30cf\u30c3\u30b7\u30e5", "\uac00", "\u0e01\u0e33"])
def test_other_scripts_stay_what_they_are(text: str) -> None:
    assert folded(text) == folded(folded(text))
    assert folded(text)[0] == text[0]
