"""Code in prose: what counts, and what is only talk about code."""

from __future__ import annotations

import time

import pytest

from aiplane.contracts import HintLevel
from aiplane.errors import LLMInvalidResponseError
from tasks.spoilers import check_code, code_lines


@pytest.mark.parametrize(
    "text",
    [
        "For each number in the list, check whether its complement was seen.",
        "If the array is empty:",
        "Use a hash map; it gives O(n) time.",
        "What happens when `nums` has one element?",
        "Think about `seen`, `dict.get()`, `<=`, `[]`, `''` and `O(n log n)`.",
        "- first, check the empty case;",
        "1. while it works, it is slow",
        "Let's look at line 3: does it stop early?",
        "if you had a set, could you answer in O(1)?",
        "return the index of the first match",
        "Consider i = 0 and i = n - 1.",
        "for example, what about an empty list?",
        "class of problems: two pointers",
        "In the loop (lines 3-5), you compare every pair.",
    ],
)
def test_talk_about_code_is_not_code(text: str) -> None:
    assert code_lines(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "seen[target - x] = i",
        "Then use `seen[x] = i` there.",
        "So write `for x in nums`.",
        "Call `sorted(nums)` first.",
        "def two_sum(nums, target):",
        "for i in range(n):",
        "for x in nums:",
        "if (x == 3) {",
        "while lo < hi:",
        "const m = new Map();",
        "return max(a, b)",
        "x += 1",
        "left, right = 0, n",
        "print(x)",
        "int x = 3;",
        "Do this: put seen[x] = i in the loop",
        "```\nx\n```",
        "```python\nx",
    ],
)
def test_code_is_found_however_it_is_marked(text: str) -> None:
    assert len(code_lines(text)) == 1


def test_statements_in_one_line_count_one_by_one() -> None:
    assert len(code_lines("`a = 1; b = 2; c = 3;`")) == 3


@pytest.mark.parametrize("level", ["gentle", "moderate"])
def test_gentle_and_moderate_hints_hold_no_code(level: HintLevel) -> None:
    check_code(level, ["Remember what you have seen in `seen`.", None])

    with pytest.raises(
        LLMInvalidResponseError, match=f"holds 1 lines of code, and a {level} hint may hold 0"
    ):
        check_code(level, ["Remember it.", "`seen[x] = i`"])


def test_a_direct_hint_holds_three_lines_at_most() -> None:
    three = "```\nseen = {}\nfor x in nums:\n    seen[x] = 1\n```"
    check_code("direct", [three])

    with pytest.raises(LLMInvalidResponseError, match="4 lines"):
        check_code("direct", [three, "`x = 1`"])


def test_a_long_line_counts_for_several() -> None:
    with pytest.raises(LLMInvalidResponseError):
        check_code("direct", ["`" + " or ".join(f"a[{i}] == b[{i}]" for i in range(40)) + "`"])


@pytest.mark.parametrize(
    "code",
    [
        "def f(x):\n    return x",
        "const f = (x) => x + 1",
        "fn f(x: i32) -> i32 {\n return x;\n}",
        "int f(int x) {\nreturn x; }",
    ],
)
def test_a_whole_function_gives_the_answer_away_however_short(code: str) -> None:
    with pytest.raises(LLMInvalidResponseError, match="whole function"):
        check_code("direct", [f"```\n{code}\n```"])


@pytest.mark.parametrize(
    "text", ["`" * 4_000, "```" * 1_300, "a[" * 2_000, "(x," * 1_300, "if " * 1_300, "x, " * 1_300]
)
def test_no_text_takes_long(text: str) -> None:
    started = time.monotonic()
    code_lines(text)

    assert time.monotonic() - started < 0.5
