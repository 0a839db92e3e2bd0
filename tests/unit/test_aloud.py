"""What of a written reply is read aloud."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.aloud import cut_at_sentence, read_aloud


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("**Good** start, *really* ~~nice~~.", "Good start, really nice."),
        ("What does `nums[i]` hold?", "What does nums i hold?"),
        ("Call `two_sum(nums, target)`.", "Call two sum nums target."),
        ("It is `O(n log n)`.", "It is O(n log n)."),
        ("Why `i += 1` ?", "Why?"),
        ("Before.\n\n```python\nfor i in x:\n    pass\n```\n\nAfter.", "Before. After."),
        ("Before.\n\n```\nnever closed", "Before."),
        ("Before.\n\n    indented = 1\n\nAfter.", "Before. After."),
        ("## A heading\nText", "A heading. Text."),
        ("- one\n- two;\n\n1. three!", "one. two; three!"),
        ("> quoted", "quoted."),
        ("See [the docs](https://example.com/x) or https://example.com/y.", "See the docs or"),
        ("![a picture](x.png) Look.", "Look."),
        (
            "Great \N{PARTY POPPER}\N{THUMBS UP SIGN}\N{EMOJI MODIFIER FITZPATRICK TYPE-4} work!",
            "Great work!",
        ),
        ("| a | b |\n|---|---|\n| c | d |", "a. b. c. d."),
        ("if a<b and c>d", "if a<b and c>d."),
        ("one\ntwo  \nthree", "one two three."),
        ("---", ""),
        ("```\nx = 1\n```", ""),
        ("", ""),
        ("\N{PARTY POPPER}", ""),
        ("你好。`x`怎么样？", "你好。x怎么样？"),  # noqa: RUF001 - Chinese ends its questions so
        ("a\0b\x1b[0m", "a b [0m."),
    ],
)
def test_words_are_read_and_marks_are_not(written: str, spoken: str) -> None:
    assert read_aloud(written).removesuffix(".") == spoken.removesuffix(".")


@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    spoken = read_aloud(text)
    assert "```" not in spoken
    assert spoken == " ".join(spoken.split())


@pytest.mark.parametrize(
    ("text", "room", "kept"),
    [
        ("One. Two.", 9, "One. Two."),
        ("One. Two is longer.", 12, "One."),
        ("One. Two.", 4, "One."),
        ("It is 3.14 long. Or so.", 10, "It is"),
        ('He said "no." Then more.', 20, 'He said "no."'),
        ("你好。怎么样？再见", 12, "你好。"),  # noqa: RUF001 - see above
        ("no end of a sentence", 9, "no end"),
        ("unbroken", 3, "unb"),
        ("über", 2, "ü"),
        ("über", 1, ""),
    ],
)
def test_a_text_is_cut_at_a_sentence(text: str, room: int, kept: str) -> None:
    assert cut_at_sentence(text, room) == kept


@given(st.text(max_size=60), st.integers(0, 100))
def test_what_is_cut_fits_and_is_the_beginning(text: str, room: int) -> None:
    text = text.encode(errors="ignore").decode()
    kept = cut_at_sentence(text, room)
    assert len(kept.encode()) <= room
    assert text.startswith(kept)


def test_a_long_reply_is_read_in_a_blink() -> None:
    assert read_aloud("**[" * 10_000 + "`" * 10_000)
