"""Lines and quotes."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiplane.code.listing import Listing

CODE = "def f(a):\n    total = 0\n    for x in a:\n        total += x\n    return total\n"


@pytest.mark.parametrize(
    ("code", "lines"),
    [
        ("", ()),
        ("a", ("a",)),
        ("a\n", ("a",)),
        ("a\nb", ("a", "b")),
        ("a\r\nb\r\n", ("a", "b")),
        ("a\n\n", ("a", "")),
        ("a\u2028b\x0bc\x85d\re", ("a\u2028b\x0bc\x85d\re",)),
    ],
)
def test_lines_end_where_editors_end_them(code: str, lines: tuple[str, ...]) -> None:
    assert Listing(code).lines == lines


@pytest.mark.parametrize(("start", "end"), [(0, 1), (2, 1), (1, 6), (-1, 2), (6, 6)])
def test_lines_that_do_not_exist(start: int, end: int) -> None:
    assert not Listing(CODE).has(start, end)


def test_a_quote_is_given_back_as_it_stands_in_the_code() -> None:
    passage = Listing(CODE).find("for x in a:\ntotal+=x", 3, 4)

    assert passage is not None
    assert (passage.start_line, passage.end_line) == (3, 4)
    assert passage.quote == "for x in a:\n        total += x"
    assert passage.quote in CODE


def test_the_given_lines_stay_where_the_quote_stands_within_them() -> None:
    passage = Listing(CODE).find("total = 0", 1, 5)

    assert passage is not None
    assert (passage.start_line, passage.end_line) == (1, 5)


@pytest.mark.parametrize(("start", "end"), [(4, 5), (9, 99), (5, 2), (0, 1)])
def test_the_lines_of_a_quote_that_stands_elsewhere_are_corrected(start: int, end: int) -> None:
    passage = Listing(CODE).find("total = 0", start, end)

    assert passage is not None
    assert (passage.start_line, passage.end_line) == (2, 2)


def test_of_several_places_the_one_in_the_given_lines_counts() -> None:
    passage = Listing("x = 1\ny = 2\nx = 1\n").find("x = 1", 3, 3)

    assert passage is not None
    assert passage.start_line == 3


@pytest.mark.parametrize(
    "quote", ["2|    total = 0\n3|    for x in a:", "   2 |     total = 0\n   3 |     for x in a:"]
)
def test_line_numbers_that_were_copied_are_forgiven(quote: str) -> None:
    passage = Listing(CODE).find(quote, 2, 3)

    assert passage is not None
    assert passage.quote == "total = 0\n    for x in a:"


@pytest.mark.parametrize(
    "quote",
    [
        "`for x in a:`",
        "```python\nfor x in a:\n```",
        '"for x in a:"',
        "\u201cfor x in a:\u201d",
        "   3 | for x in a:",
        "`3 | for x in a:`",
        "for x in a: ...",
        "\u2026 for x in a:",
    ],
)
def test_marks_around_a_quote_are_seen_through(quote: str) -> None:
    passage = Listing(CODE).find(quote, 3, 3)

    assert passage is not None
    assert (passage.start_line, passage.quote) == (3, "for x in a:")


def test_what_a_quote_leaves_out_is_put_back() -> None:
    passage = Listing(CODE).find("total = 0 ... total += x", 2, 4)

    assert passage is not None
    assert (passage.start_line, passage.end_line) == (2, 4)
    assert passage.quote == "total = 0\n    for x in a:\n        total += x"


@pytest.mark.parametrize("quote", ["return total ... total = 0", "total = 0 ... subtotal"])
def test_pieces_in_another_order_or_that_are_not_there_are_no_quote(quote: str) -> None:
    assert Listing(CODE).find(quote, 1, 5) is None


def test_a_quote_is_cut_where_nobody_reads_on() -> None:
    wide = Listing(f"x = [{'1, ' * 200}]\ny = 1\n").find(f"x = [{'1, ' * 200}]", 1, 1)
    blank = Listing(f"x = {' ' * 195_000}1\n").find("x = 1", 1, 1)
    tall = Listing("\n" * 5_000 + "x\n" + "\n" * 5_000 + "y").find("x y", 1, 10_002)

    assert wide is not None
    assert blank is not None
    assert tall is not None
    assert [len(each.quote) for each in (wide, blank, tall)] == [400, 3, 1]


def test_what_nobody_sees_ends_a_quote_and_hides_none() -> None:
    passage = Listing("total\u202e = 0\x1b[31m\n").find("total = 0", 1, 1)

    assert passage is not None
    assert passage.quote == "total"


@pytest.mark.parametrize("quote", ["", "  \n", "total = 1", "f(a): return total", "..."])
def test_what_is_not_in_the_code_is_not_found(quote: str) -> None:
    assert Listing(CODE).find(quote, 1, 5) is None


@given(st.text(alphabet="ab \n\t\r\u2003\x1c", max_size=40), st.data())
def test_every_piece_of_the_code_is_found_in_its_own_lines(code: str, data: st.DataObject) -> None:
    listing = Listing(code)
    start = data.draw(st.integers(0, len(code)))
    end = data.draw(st.integers(start, len(code)))
    quote = code[start:end]

    passage = listing.find(quote, 1, 1)

    assert (passage is None) == (not quote.strip())
    if passage is not None:
        assert listing.has(passage.start_line, passage.end_line)
        assert passage.quote in "\n".join(code.split("\n")[passage.start_line - 1 : passage.end_line])


def test_the_largest_code_is_searched_in_a_moment() -> None:
    listing = Listing("a " * 100_000)
    started = time.process_time()

    for _ in range(20):
        assert listing.find("a" * 2_000 + "b", 1, 1) is None

    assert time.process_time() - started < 5
