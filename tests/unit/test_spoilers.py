"""Code in prose: what counts, and what is only talk about code."""

from __future__ import annotations

import time

import pytest

from aiplane.contracts import HintLevel
from tasks.known import Known
from tasks.spoilers import check_code, code_lines, new_code

NOTHING = Known("", "")


def faults(level: HintLevel, *texts: str | None, known: Known = NOTHING) -> str:
    named = {f"text {number}": text for number, text in enumerate(texts, start=1)}
    return " ".join(fault.wrong for fault in check_code(level, named, known))


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


@pytest.mark.parametrize(
    "text",
    [
        "Change this to: int lo = 0, hi = nums.length - 1;",
        "Full solution: while (lo <= hi) { mid = 3",
        "In short, def solve(nums): and so on",
        "Then for i in range(n) you add",
        "You write total += x in the loop",
        "\uff44\uff45\uff46 solve\uff08nums\uff09: in wide letters",
    ],
)
def test_code_in_the_middle_of_a_sentence_is_found(text: str) -> None:
    assert code_lines(text)


@pytest.mark.parametrize("level", ["gentle", "moderate"])
def test_gentle_and_moderate_hints_hold_no_code(level: HintLevel) -> None:
    assert faults(level, "Remember what you have seen in `seen`.", None) == ""
    assert f"1 line in all, where a {level} hint may hold 0" in faults(level, "Remember.", "`seen[x] = i`")


def test_a_direct_hint_holds_three_lines_at_most() -> None:
    three = "```\nseen = {}\nseen[x] = 1\ny = 2\n```"

    assert faults("direct", three) == ""
    assert "4 lines" in faults("direct", three, "`x = seen`")


def test_a_line_that_is_shown_twice_counts_once() -> None:
    assert faults("direct", "`a = b`, `c = d` and `e = f`", "So `a = b`.") == ""


def test_a_long_line_counts_for_several() -> None:
    assert faults("direct", "`" + " or ".join(f"a[{i}] == b[{i}]" for i in range(40)) + "`")


@pytest.mark.parametrize(
    "code",
    [
        "def f(x):\n    return x",
        "const f = (x) => x + 1",
        "fn f(x: i32) -> i32 {\n return x;\n}",
        "int f(int x) {\nreturn x; }",
        "a, b = 1, 1\nfor _ in range(n - 1): a, b = b, a + b\nreturn b",
        "while (n > 0) { s += n % 10; n /= 10; }\nreturn s;",
        "return xs.reduce((a, b) => a + b)",
    ],
)
def test_a_whole_function_gives_the_answer_away_however_short(code: str) -> None:
    assert "holds a whole function" in faults("direct", f"```\n{code}\n```")


def test_a_guard_and_a_last_line_are_no_whole_function() -> None:
    assert faults("direct", "First `if (memo[n]) return memo[n];`, at the end `return best;`") == ""


CODE = "def f(nums, target):\n    left = 0\n    for i in range(len(nums)):\n        seen[i] = nums[i]\n"
HAD = Known(CODE, "Given nums = [2, 7], return `answer[i]`.", ["I'd keep dp[i][j]."])


@pytest.mark.parametrize(
    "span",
    [
        "seen[i] = nums[i]",
        "seen[ i ]=nums[i]",
        "for i in range(len(nums)):",
        "for i in ...:",
        "[2, 7, 11, 15]",
        '"abba"',
        "nums[i]",
        "answer[i - 1]",
        "nums[target]",
        "left = 3",
        "i == 2",
        "len(nums)",
        "dp[i][j]",
        "f(5)",
        "left = 3, target = 4",
        "nums = [1, 1], target = 2",
        "6 | seen[i] = nums[i]",
        "seen[i] = nums[i]  # here",
        "n log n",
        "2^n",
        "open bracket",
        "Map<String, Integer>",
        "-1",
    ],
)
def test_what_the_candidate_has_gives_nothing_away(span: str) -> None:
    assert new_code([f"Look at `{span}` again."], HAD, strictly=True) == []


@pytest.mark.parametrize(
    "span",
    [
        "left = nums[i]",
        "best = 3",
        "seen[target - nums[i]]; x",
        "sorted(nums)",
        "left <= target",
        "return left",
        "while left < target:",
        "left += 1",
        "lo + hi",
        "left = 3, target = nums[i]",
        "left == target",
        "left++",
    ],
)
def test_what_is_new_is_code_though_its_names_are_known(span: str) -> None:
    assert new_code([f"Look at `{span}` again."], HAD, strictly=True)


def test_only_a_gentle_hint_may_not_compute_with_known_names() -> None:
    assert new_code(["`target - nums[i]`"], HAD, strictly=True)
    assert new_code(["`target - nums[i]`"], HAD, strictly=False) == []
    assert new_code(["`nums[i + 1]`"], HAD, strictly=True) == []
    assert new_code(["`left == target`"], HAD, strictly=False) == []
    assert new_code(["`left <= target`"], HAD, strictly=False)


@pytest.mark.parametrize(
    "text",
    [
        "`" * 4_000,
        "```" * 1_300,
        "a[" * 2_000,
        "(x," * 1_300,
        "if " * 1_300,
        "x, " * 1_300,
        "for (" * 800,
        "x=" * 2_000,
        "a(b)[" * 800,
    ],
)
def test_no_text_takes_long(text: str) -> None:
    started = time.process_time()
    code_lines(text)

    assert time.process_time() - started < 0.5


@pytest.mark.parametrize(
    "text",
    [
        "Write start = max(start, seen[ch] + 1) here.",
        "Set lo = mid + 1 there.",
        "best = min(best, j - i) belongs behind the loop.",
        "Use total += nums[i] in the loop.",
        "Schreibe start = max(start, neu) in die Schleife.",
        "Make it hi = mid - 1 instead.",
    ],
)
def test_an_assignment_that_is_ordered_is_code_without_marks(text: str) -> None:
    assert new_code([text], Known("start = seen[ch] + 1", ""), strictly=False)


@pytest.mark.parametrize(
    "text",
    [
        "You have start = seen[ch] + 1 in line 7.",
        "For n = 5 we get best = 2.",
        "With k = len(nums) nothing is left to take.",
        "Here hi = lo + 1 holds in the last round.",
    ],
)
def test_what_holds_of_values_is_no_code(text: str) -> None:
    assert code_lines(text) == [] or not new_code([text], Known("start = seen[ch] + 1", ""), strictly=False)


@pytest.mark.parametrize(
    "line",
    [
        "print(i)",
        "console.log(i, start)",
        "fmt.Println(amount)",
        "cout << i << endl;",
        'System.out.println("i = " + i);',
        'println!("{}", i);',
        "puts(i)",
    ],
)
def test_a_print_of_what_is_there_is_no_code_of_a_solution(line: str) -> None:
    known = Known("def f(amount, start):\n    i = 1\n", "")

    assert not new_code([f"Put `{line}` there."], known, strictly=True)


@pytest.mark.parametrize("line", ["print(sorted(nums)[-k])", "fmt.Println(min(dp[i-1], dp[i-2]+1))"])
def test_a_print_of_the_solution_is_code(line: str) -> None:
    assert new_code([f"Put `{line}` there."], Known("nums = []; i = 1", ""), strictly=True)


def test_a_callback_is_no_whole_function_and_a_named_arrow_is_one() -> None:
    known = Known("nums.sort();", "")

    assert not [*check_code("direct", {"hint": "Try `nums.sort((a, b) => a - b);` there."}, known)]
    assert [*check_code("direct", {"hint": "Try `const f = (a, b) => a - b;` there."}, known)]


BODY = "while (cur) {\n  cur.next = prev;\n  prev = cur;\n  cur = cur.next;\n}\nreturn prev;"


def test_a_new_line_set_into_the_whole_of_the_code_is_the_finished_solution() -> None:
    known = Known(BODY, "")
    whole = BODY.replace("cur = cur.next", "cur = rest").replace("{\n", "{\n  const rest = cur.next;\n")

    assert not [*check_code("direct", {"hint": f"You have\n```\n{BODY}\n```"}, known)]
    assert not [
        *check_code("direct", {"hint": "First\n```\nconst rest = cur.next;\ncur.next = prev;\n```"}, known)
    ]
    assert [*check_code("direct", {"hint": f"So\n```\n{whole}\n```"}, known)]


def test_statements_in_a_loop_and_a_return_that_are_told_are_a_whole_body() -> None:
    steps = "set `a.next = b`, then `b = a`"
    assert "whole function" in faults("direct", f"While `a` is there, {steps}. Return `b`.")
    assert "whole function" in faults("direct", f"Solange `a` da ist: {steps}. Gib am Ende `b` zurück.")
    assert faults("direct", f"While the list lasts, {steps}. Return `b`.") == ""
    assert faults("direct", f"While `a` is there, {steps}.") == ""
    assert faults("direct", "While `a` is there, set `a.next = b`. Return `b`.") == ""


SUM_UP = ["def f(a):", "    total = 0", "    for x in a:", "        total += x", "    return total"]


def test_a_whole_function_counts_without_fences_too() -> None:
    known = Known("\n".join(SUM_UP), "")
    mended = [*SUM_UP[:3], "        if x > 0:", "            total += x", SUM_UP[4]]

    assert "whole function" in faults("direct", "Replace yours:\n\n" + "\n".join(mended), known=known)


@pytest.mark.parametrize(
    "text",
    [
        "In line 3 put a check:\n\nif x > 0:\n\nand keep the rest.",
        "Your loop is\n\nfor x in a:\n    total += x\n\nWhat is `total` after it?",
        "First line 2, then line 4.\n  What is in `total`?\n  And in `x`?",
    ],
)
def test_a_line_or_the_candidate_s_own_code_without_fences_is_no_function(text: str) -> None:
    assert "whole function" not in faults("direct", text, known=Known("\n".join(SUM_UP), ""))
